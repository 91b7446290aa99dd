#include "core/base/probe.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

bool never_called() {
    SOMETIMES("probe_test.unreachable", true);
    return BUGGIFY("probe_test.unreachable");
}

const probe::Report& report_of(const std::vector<probe::Report>& all, std::string_view name,
                               probe::Kind kind) {
    for (const auto& one : all)
        if (one.name == name && one.kind == kind) return one;
    static const probe::Report none;
    return none;
}

TEST(Probe, SaysNothingOutsideARun) {
    bool asked = false;
    SOMETIMES("probe_test.outside", (asked = true));
    EXPECT_FALSE(asked);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(BUGGIFY("probe_test.outside"));
}

TEST(Probe, CountsWhatWasReachedAndListsWhatWasNot) {
    probe::begin_run(Random(1));
    for (int i = 0; i < 10; ++i) SOMETIMES("probe_test.counted", i == 3);
    probe::end_run();
    const auto all = probe::reports();
    const auto& counted = report_of(all, "probe_test.counted", probe::Kind::sometimes);
    EXPECT_EQ(counted.reached, 10u);
    EXPECT_EQ(counted.fired, 1u);
    EXPECT_NE(counted.where.find("probe_test.cc:"), std::string::npos);
    const auto& unreached = report_of(all, "probe_test.unreachable", probe::Kind::buggify);
    EXPECT_EQ(unreached.name, "probe_test.unreachable");
    EXPECT_EQ(unreached.reached, 0u);
    if (false) never_called();
}

TEST(Probe, BuggifiesAQuarterOfTheRunsAndThenAQuarterOfTheTimes) {
    int runs_on = 0;
    int fired = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        probe::begin_run(Random(seed));
        int here = 0;
        for (int i = 0; i < 100; ++i) here += BUGGIFY("probe_test.quarter") ? 1 : 0;
        runs_on += here > 0 ? 1 : 0;
        fired += here;
        probe::end_run();
    }
    EXPECT_NEAR(runs_on, 250, 50);
    EXPECT_NEAR(fired, 6250, 1250);
}

TEST(Probe, DrawsTheSameForTheSameSeedWhateverOtherSitesDo) {
    const auto draw = [](bool with_other) {
        std::string seen;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            probe::begin_run(Random(seed));
            for (int i = 0; i < 50; ++i) {
                if (with_other) (void)BUGGIFY("probe_test.other");
                seen += BUGGIFY("probe_test.same") ? '1' : '0';
            }
            probe::end_run();
        }
        return seen;
    };
    EXPECT_EQ(draw(false), draw(true));
    EXPECT_NE(draw(false).find('1'), std::string::npos);
}

TEST(Probe, UsesAPlantOnlyWhenItWasSwitchedOn) {
    probe::begin_run(Random(1));
    EXPECT_FALSE(PLANT("probe_test.plant"));
#if defined(SLUICE_PLANTS)
    EXPECT_TRUE(probe::set_plant("probe_test.plant", true));
    EXPECT_TRUE(PLANT("probe_test.plant"));
    EXPECT_TRUE(probe::set_plant("probe_test.plant", false));
#endif
    EXPECT_FALSE(probe::set_plant("probe_test.no_such_plant", true));
    probe::end_run();
}

}  // namespace
}  // namespace sluice
