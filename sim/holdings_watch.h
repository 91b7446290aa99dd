#pragma once

#include <optional>

#include "sim/broker_program.h"
#include "sim/world.h"

namespace sluice::sim {

// What a broker said last that it holds for its clients.
class HoldingsWatch final : public BrokerProgram::Observer {
public:
    explicit HoldingsWatch(const World& world) : world_(world) {}

    void broker_ready(broker::Node&) override { last_.reset(); }
    void broker_failed(const std::string&) override { last_.reset(); }
    void broker_holds(const broker::Holdings& holdings) override {
        last_ = holdings;
        seen_ = world_.now();
    }

    // As seen after `time`.
    std::optional<broker::Holdings> after(Time time) const {
        return seen_ > time ? last_ : std::nullopt;
    }

private:
    const World& world_;
    std::optional<broker::Holdings> last_;
    Time seen_{};
};

}  // namespace sluice::sim
