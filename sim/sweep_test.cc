#include "sim/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Sweep, NamesWhatWasNeverReachedOnceThereAreSomeRuns) {
    RunResult result;
    result.probes.push_back({.kind = probe::Kind::sometimes, .name = "log.rare", .where = {}});
    Sweep sweep;
    sweep.add(result);
    EXPECT_THAT(sweep.summary(), Not(HasSubstr("never reached")));
    while (sweep.runs() < Sweep::runs_for_medians) sweep.add(result);
    EXPECT_THAT(sweep.summary(), HasSubstr("never reached: log.rare"));
}

}  // namespace
}  // namespace sluice::sim
