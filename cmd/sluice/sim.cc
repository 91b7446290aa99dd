#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <ctime>

#include "cmd/sluice/commands.h"
#include "core/base/probe.h"
#include "sim/run.h"
#include "sim/scenarios.h"
#include "sim/sweep.h"

namespace sluice::cmd {

const CommandHelp& sim_help() {
    static const CommandHelp help{
        .name = "sim",
        .summary =
            "Run the broker in the simulator, under faults, from a number that replays the run.",
        .options = {{"seed", "N", "one run"},
                    {"seeds", "A..B", "as many runs, both ends included"},
                    {"scenario", "NAME", "what is simulated (broker; log)"},
                    {"twice", "", "every seed twice: the runs must not differ"},
                    {"horizon", "SECONDS", "virtual time under faults (the scenario's own)"},
                    {"no-faults", "", "nothing goes wrong"},
                    {"trace", "FILE", "write every event of the run to FILE"},
                    {"plant", "NAME", "switch a known bug on (in the simulation build)"},
                    {"json", "", "one line a seed"}},
        .examples =
            "  sluice sim --seeds 1..100\n"
            "  sluice sim --seed 42 --trace run.txt\n"
            "  sluice sim --scenario log --seeds 1..50 --twice --json"};
    return help;
}

namespace {

struct Wishes {
    std::uint64_t first = 1;
    std::uint64_t last = 20;
    sim::RunOptions run;
    sim::MakeScenario make;
    bool twice = false;
    bool json = false;
    std::string trace;
};

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::uint64_t processor_milliseconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

Result<void, std::string> take_seeds(const Arguments& arguments, Wishes& wishes) {
    if (const auto seed = arguments.get("seed")) {
        const auto number = whole_number(*seed);
        if (!number) return fmt::format("--seed {}: not a whole number", *seed);
        wishes.first = wishes.last = *number;
    }
    if (const auto seeds = arguments.get("seeds")) {
        const auto dots = seeds->find("..");
        const auto first = whole_number(seeds->substr(0, dots));
        const auto last = dots == std::string::npos ? first : whole_number(seeds->substr(dots + 2));
        if (!first || !last || *last < *first)
            return fmt::format("--seeds {}: A..B is wanted", *seeds);
        wishes.first = *first;
        wishes.last = *last;
    }
    return {};
}

Result<Wishes, std::string> wishes_of(const Arguments& arguments) {
    Wishes wishes;
    CHECK_OK(take_seeds(arguments, wishes));
    wishes.run.scenario = arguments.get("scenario").value_or("broker");
    wishes.make = sim::find_scenario(wishes.run.scenario);
    if (!wishes.make) {
        const auto meant = nearest(wishes.run.scenario, sim::scenario_names());
        return fmt::format("--scenario {}: one of {}{}", wishes.run.scenario,
                           fmt::join(sim::scenario_names(), ", "),
                           meant ? fmt::format("; did you mean {}?", *meant) : "");
    }
    wishes.run.faults = !arguments.has("no-faults");
    wishes.run.processor_milliseconds = processor_milliseconds;
    if (const auto horizon = arguments.get("horizon")) {
        const auto number = whole_number(*horizon);
        if (!number || *number == 0)
            return fmt::format("--horizon {}: not a number of seconds", *horizon);
        wishes.run.horizon = seconds(static_cast<std::int64_t>(*number));
    }
    wishes.twice = arguments.has("twice");
    wishes.json = arguments.has("json");
    wishes.trace = arguments.get("trace").value_or("");
    if (const auto plant = arguments.get("plant")) {
        if (!probe::set_plant(*plant, true))
            return fmt::format(
                "--plant {}: no such bug is compiled in; build/sim/sluice has them "
                "(./dev build sim)",
                *plant);
    }
    return wishes;
}

void write_line(void* file, std::string_view line) {
    fmt::print(static_cast<std::FILE*>(file), "{}\n", line);
}

}  // namespace

int run_sim(const Arguments& arguments) {
    auto wishes = wishes_of(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    std::FILE* trace = nullptr;
    std::optional<sim::TraceWriter> writer;
    if (!wishes->trace.empty()) {
        trace = std::fopen(wishes->trace.c_str(), "w");
        if (trace == nullptr) return usage_error(fmt::format("cannot write {}", wishes->trace));
        using sim::TraceWriter;
        writer.emplace(wishes->json ? TraceWriter::Form::json : TraceWriter::Form::text, write_line,
                       trace);
        wishes->run.trace = &*writer;
    }
    sim::Sweep sweep;
    for (std::uint64_t seed = wishes->first; seed <= wishes->last; ++seed) {
        wishes->run.seed = seed;
        const sim::RunResult result = wishes->twice ? sim::run_twice(wishes->run, wishes->make)
                                                    : sim::run_seed(wishes->run, wishes->make);
        if (wishes->json)
            fmt::print("{}\n", sim::json_of(result));
        else if (!result.passed())
            fmt::print("{}\n", sim::report_of(result));
        std::fflush(stdout);
        sweep.add(result);
    }
    if (trace) std::fclose(trace);
    if (!wishes->json) fmt::print("{}", sweep.summary());
    fmt::print("{} passed, {} failed\n", sweep.runs() - sweep.failures(), sweep.failures());
    return sweep.exit_code();
}

}  // namespace sluice::cmd
