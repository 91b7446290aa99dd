#include "sim/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/env/event.h"
#include "sim/plan_text.h"
#include "sim/testing.h"

namespace sluice::sim {
namespace {

// Fails when a frozen machine lost its power at least once, whatever else happened.
class FragileScenario final : public Scenario {
public:
    explicit FragileScenario(World&) {}
    PlanOptions build(Cluster& cluster) override {
        cluster.add({.name = "a"}, [](const ProcessFacts&) {
            return std::make_unique<Body>([](env::Env& env) {
                while (env::sleep_for(env.scheduler, milliseconds(50))) {
                }
            });
        });
        return {.servers = 1, .nodes = 1, .horizon = seconds(20), .kind_is_on = 0.8};
    }
    bool ready() const override { return true; }
    void finish() override {}
    bool converged() const override { return true; }
    std::string pending() const override { return ""; }
    std::optional<Failure> judge(Cluster& cluster) override {
        const FaultLog& faults = cluster.faults();
        if (faults.of(FaultKind::freeze).bitten == 0) return std::nullopt;
        if (faults.of(FaultKind::power_cut).bitten == 0) return std::nullopt;
        return Failure{FailureKind::safety, "fragile", ""};
    }
    OperationCount operations() const override { return {}; }
};

const MakeScenario make_fragile = [](World& world) -> std::unique_ptr<Scenario> {
    return std::make_unique<FragileScenario>(world);
};

TEST(Shrink, LeavesOnlyTheFaultsThatMatter) {
    RunOptions options{.seed = 1, .scenario = "fragile"};
    RunResult failing = run_seed(options, make_fragile);
    while (failing.passed()) {
        ++options.seed;
        failing = run_seed(options, make_fragile);
    }
    ASSERT_GT(failing.plan.faults.size(), 10u);
    const Shrunk shrunk = shrink(options, make_fragile, failing);
    ASSERT_TRUE(shrunk.smallest.failure);
    EXPECT_EQ(shrunk.smallest.failure->signature, "fragile");
    std::vector<FaultKind> kinds;
    for (const Fault& fault : shrunk.smallest.plan.faults) kinds.push_back(fault.kind);
    EXPECT_THAT(kinds, testing::UnorderedElementsAre(FaultKind::freeze, FaultKind::power_cut));
    EXPECT_LE(shrunk.smallest.plan.horizon, failing.plan.horizon);
    EXPECT_LE(shrunk.runs, 400u);
}

TEST(PlanText, ReadsBackEveryPlanAndNamesWhatItDoesNotKnow) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Plan plan = draw_plan({.servers = 3, .nodes = 5}, Random(seed));
        const auto again = parse_plan(to_text(plan));
        ASSERT_TRUE(again) << again.error();
        EXPECT_EQ(*again, plan);
    }
    EXPECT_EQ(parse_plan("fault flood at_us=1\n").error(),
              "no such kind of fault: fault flood at_us=1");
    EXPECT_TRUE(parse_plan("hello").failed());
}

}  // namespace
}  // namespace sluice::sim
