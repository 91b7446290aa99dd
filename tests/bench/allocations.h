#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace sluice {

// What this program has taken from the heap so far.
struct Allocations {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;

    static Allocations now();
};

// Shows how much of it a benchmark takes for each of `things`: how often, and how many bytes for
// each byte of payload. A payload that is copied into fresh memory shows as 1, one that is not as
// nearly 0.
class AllocationCounters {
public:
    explicit AllocationCounters(benchmark::State& state)
        : state_(state), before_(Allocations::now()) {}

    void finish(double things, double payload_bytes) {
        const Allocations after = Allocations::now();
        const auto count = static_cast<double>(after.count - before_.count);
        const auto bytes = static_cast<double>(after.bytes - before_.bytes);
        state_.counters["allocations"] = count / things;
        if (payload_bytes > 0) state_.counters["bytes_per_byte"] = bytes / payload_bytes;
    }

private:
    benchmark::State& state_;
    Allocations before_;
};

}  // namespace sluice
