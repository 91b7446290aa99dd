#include "sim/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <iostream>

#include "sim/scenarios.h"
#include "sim/sweep.h"

namespace sluice::sim {
namespace {

std::uint64_t processor_milliseconds() {
    return static_cast<std::uint64_t>(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

RunResult run_log(std::uint64_t seed, bool twice = false) {
    const RunOptions options{
        .seed = seed, .scenario = "log", .processor_milliseconds = processor_milliseconds};
    return twice ? run_twice(options, find_scenario("log"))
                 : run_seed(options, find_scenario("log"));
}

TEST(Run, JudgesTheLogUnderFaultsAndIsTheSameEachTime) {
    Sweep sweep;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const RunResult result = run_log(seed, true);
        EXPECT_TRUE(result.passed()) << report_of(result);
        sweep.add(result);
    }
    std::cout << sweep.summary();
}

// SLUICE_SIM_SEEDS=1..1000 runs more of them.
TEST(Run, SweepsAsManySeedsAsAskedFor) {
    const char* asked = std::getenv("SLUICE_SIM_SEEDS");
    if (!asked) GTEST_SKIP() << "set SLUICE_SIM_SEEDS=A..B";
    const std::string range = asked;
    const std::uint64_t first = std::strtoull(range.c_str(), nullptr, 10);
    const std::uint64_t last = std::strtoull(range.c_str() + range.find("..") + 2, nullptr, 10);
    Sweep sweep;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const RunResult result = run_log(seed);
        if (!result.passed()) std::cout << report_of(result);
        sweep.add(result);
    }
    std::cout << sweep.summary();
    EXPECT_EQ(sweep.failures(), 0u);
}

}  // namespace
}  // namespace sluice::sim
