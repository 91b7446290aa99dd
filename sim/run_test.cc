#include "sim/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include "core/env/sanitizers.h"
#include "sim/scenarios.h"
#include "sim/sweep.h"

namespace sluice::sim {
namespace {

std::uint64_t processor_milliseconds() {
    return static_cast<std::uint64_t>(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

RunOptions options_for(const std::string& scenario, std::uint64_t seed) {
    return {.seed = seed, .scenario = scenario, .processor_milliseconds = processor_milliseconds};
}

void pass_some_seeds_twice(const std::string& scenario) {
    Sweep sweep;
    constexpr std::uint64_t last = env::allocations_are_watched ? 1 : 5;
    for (std::uint64_t seed = 1; seed <= last; ++seed) {
        const RunResult result = run_twice(options_for(scenario, seed), find_scenario(scenario));
        EXPECT_TRUE(result.passed()) << report_of(result);
        sweep.add(result);
    }
    std::cout << sweep.summary();
}

TEST(Run, JudgesTheLogUnderFaultsAndIsTheSameEachTime) {
    pass_some_seeds_twice("log");
}

TEST(Run, JudgesTheBrokerUnderFaultsAndIsTheSameEachTime) {
    pass_some_seeds_twice("broker");
    pass_some_seeds_twice("workloads");
}

// SLUICE_SIM_SEEDS=1..1000 runs more of them, of the log or of SLUICE_SIM_SCENARIO.
TEST(Run, SweepsAsManySeedsAsAskedFor) {
    const char* asked = std::getenv("SLUICE_SIM_SEEDS");
    if (!asked) GTEST_SKIP() << "set SLUICE_SIM_SEEDS=A..B";
    const std::string range = asked;
    const std::uint64_t first = std::strtoull(range.c_str(), nullptr, 10);
    const std::uint64_t last = std::strtoull(range.c_str() + range.find("..") + 2, nullptr, 10);
    const char* named = std::getenv("SLUICE_SIM_SCENARIO");
    const std::string scenario = named ? named : "log";
    // SLUICE_SIM_TRACE=FILE keeps a line of every event.
    std::ofstream file;
    if (const char* path = std::getenv("SLUICE_SIM_TRACE")) file.open(path);
    TraceWriter writer(
        TraceWriter::Form::text,
        [](void* to, std::string_view line) { *static_cast<std::ofstream*>(to) << line << '\n'; },
        &file);
    Sweep sweep;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        RunOptions options = options_for(scenario, seed);
        if (file.is_open()) options.trace = &writer;
        const RunResult result = run_seed(options, find_scenario(scenario));
        if (!result.passed()) std::cout << report_of(result);
        sweep.add(result);
    }
    std::cout << sweep.summary();
    EXPECT_EQ(sweep.failures(), 0u);
}

}  // namespace
}  // namespace sluice::sim
