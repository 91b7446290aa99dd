#include "sim/shrink.h"

#include <algorithm>

namespace sluice::sim {
namespace {

class Shrinking {
public:
    Shrinking(const RunOptions& options, const MakeScenario& make_scenario,
              const RunResult& failing, const ShrinkOptions& limits)
        : options_(options), make_scenario_(make_scenario), limits_(limits) {
        options_.trace = nullptr;
        options_.plan = failing.plan;
        found_.smallest = failing;
    }

    Shrunk run() {
        make_plain();
        shorten_horizon();
        remove_faults();
        soften_faults();
        return std::move(found_);
    }

private:
    // Keeps the candidate when it fails as the original did.
    bool try_plan(const Plan& plan) {
        if (found_.runs >= limits_.runs_max) return false;
        ++found_.runs;
        RunOptions candidate = options_;
        candidate.plan = plan;
        RunResult result = run_seed(candidate, make_scenario_);
        const auto& wanted = found_.smallest.failure;
        const bool same = result.failure && result.failure->kind == wanted->kind &&
                          result.failure->signature == wanted->signature;
        if (!same) return false;
        options_ = candidate;
        found_.smallest = std::move(result);
        if (limits_.progress) limits_.progress(found_.smallest);
        return true;
    }

    void make_plain() {
        Plan plain = *options_.plan;
        plain.buggify = false;
        try_plan(plain);
        plain = *options_.plan;
        plain.pick = PickMode::fifo;
        try_plan(plain);
    }

    void shorten_horizon() {
        for (;;) {
            Plan shorter = *options_.plan;
            shorter.horizon /= 2;
            std::erase_if(shorter.faults,
                          [&](const Fault& fault) { return fault.at >= shorter.horizon; });
            if (shorter.horizon < milliseconds(100) || !try_plan(shorter)) return;
        }
    }

    // Leaves out as many faults at once as it can, then fewer.
    void remove_faults() {
        std::size_t chunk = options_.plan->faults.size() / 2;
        while (chunk > 0) {
            bool removed = false;
            for (std::size_t at = 0; at < options_.plan->faults.size();) {
                Plan fewer = *options_.plan;
                const std::size_t end = std::min(at + chunk, fewer.faults.size());
                fewer.faults.erase(fewer.faults.begin() + static_cast<std::ptrdiff_t>(at),
                                   fewer.faults.begin() + static_cast<std::ptrdiff_t>(end));
                if (try_plan(fewer))
                    removed = true;
                else
                    at = end;
            }
            if (!removed || chunk > options_.plan->faults.size()) chunk /= 2;
        }
        // The last one alone is not covered by halves.
        if (options_.plan->faults.size() == 1) {
            Plan none = *options_.plan;
            none.faults.clear();
            try_plan(none);
        }
    }

    void soften_faults() {
        for (std::size_t i = 0; i < options_.plan->faults.size(); ++i) {
            const auto soften = [&](auto change) {
                Plan softer = *options_.plan;
                change(softer.faults[i]);
                return softer != *options_.plan && try_plan(softer);
            };
            while (soften([](Fault& fault) { fault.length /= 2; })) {
            }
            while (soften([](Fault& fault) { fault.amount /= 2; })) {
            }
        }
    }

    RunOptions options_;
    const MakeScenario& make_scenario_;
    const ShrinkOptions& limits_;
    Shrunk found_;
};

}  // namespace

Shrunk shrink(const RunOptions& options, const MakeScenario& make_scenario,
              const RunResult& failing, const ShrinkOptions& limits) {
    ASSERT(failing.failure.has_value());
    return Shrinking(options, make_scenario, failing, limits).run();
}

}  // namespace sluice::sim
