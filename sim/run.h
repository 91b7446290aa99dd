#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/probe.h"
#include "sim/failure.h"
#include "sim/fault_log.h"
#include "sim/plan.h"
#include "sim/scenario.h"

namespace sluice::sim {

struct RunOptions {
    std::uint64_t seed = 1;
    std::string scenario;                  // Its name, for the report only.
    std::optional<Duration> horizon = {};  // Of the fault phase; nothing: the scenario's own.
    bool faults = true;
    std::optional<Plan> plan = {};  // Instead of the one drawn from the seed.
    std::uint64_t events_max = 200'000'000;
    TraceSink* trace = nullptr;
    // The time a run takes is measured by whoever has a clock.
    std::uint64_t (*processor_milliseconds)() = nullptr;
};

struct RunResult {
    std::uint64_t seed = 0;
    std::string scenario;
    std::string kind;  // What was drawn, in a scenario that draws.
    std::uint64_t hash = 0;
    std::uint64_t events = 0;
    std::uint64_t virtual_ms = 0;
    std::uint64_t converged_ms = 0;  // Virtual time from the heal until everything owed was done.
    std::uint64_t wall_ms = 0;
    std::optional<Failure> failure;
    OperationCount operations;
    std::uint64_t fault_kinds = 0;  // That bit at least once.
    std::uint64_t restarts = 0;
    FaultLog faults;
    std::vector<std::uint64_t> checkpoints;  // Of the hash, every 4,096 events.
    Plan plan;
    std::vector<probe::Report> probes;

    bool passed() const { return !failure; }
    // "passed", or the kind of failure.
    std::string_view result() const;
    int exit_code() const { return failure ? static_cast<int>(failure->kind) : 0; }
};

// Runs one seed from its first event to its judgement, in this thread. BUGGIFY and SOMETIMES are on
// meanwhile: one run at a time in a process.
RunResult run_seed(const RunOptions& options, const MakeScenario& make_scenario);

// The same seed twice; a failure of kind nondeterminism when the runs differ, saying where first.
RunResult run_twice(const RunOptions& options, const MakeScenario& make_scenario);

// One line: {"seed":1,"scenario":"log","hash":"..","events":..,"result":"passed",...}
std::string json_of(const RunResult& result);
// For people: what went wrong and under which faults.
std::string report_of(const RunResult& result);

}  // namespace sluice::sim
