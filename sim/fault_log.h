#pragma once

#include "sim/fault_kind.h"

namespace sluice::sim {

// How often each kind of fault was in force and how often it bit.
struct FaultCount {
    std::uint64_t begun = 0;
    std::uint64_t bitten = 0;
};

class FaultLog {
public:
    void began(FaultKind kind) { ++counts_[kind].begun; }
    void bit(FaultKind kind) { ++counts_[kind].bitten; }
    const FaultCount& of(FaultKind kind) const { return counts_[kind]; }
    std::uint64_t kinds_bitten() const {
        std::uint64_t kinds = 0;
        for (std::size_t i = 0; i < fault_kind_count; ++i)
            kinds += counts_[static_cast<FaultKind>(i)].bitten > 0 ? 1 : 0;
        return kinds;
    }

private:
    PerFault<FaultCount> counts_;
};

}  // namespace sluice::sim
