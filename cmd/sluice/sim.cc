#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <thread>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/sim_plants.h"
#include "cmd/sluice/sim_workers.h"
#include "core/base/probe.h"
#include "sim/plan_text.h"
#include "sim/scenarios.h"
#include "sim/shrink.h"
#include "sim/sweep.h"

namespace sluice::cmd {

const CommandHelp& sim_help() {
    static const CommandHelp help{
        .name = "sim",
        .summary =
            "Run the broker in the simulator, under faults, from a number that replays the run.",
        .options = {{"seed", "N", "one run"},
                    {"seeds", "A..B", "as many runs, both ends included"},
                    {"minutes", "M", "seeds from the first on until so much time is over"},
                    {"scenario", "NAME", "what is simulated (default: drawn by the seed)"},
                    {"twice", "", "every seed twice: the runs must not differ"},
                    {"jobs", "N", "so many runs at once (one a processor)"},
                    {"horizon", "SECONDS", "virtual time under faults (the scenario's own)"},
                    {"no-faults", "", "nothing goes wrong"},
                    {"trace", "FILE", "write every event of the run to FILE"},
                    {"shrink", "", "print the smallest plan of faults that fails as the seed does"},
                    {"plan", "FILE", "the faults of FILE instead of those of the seed"},
                    {"plant", "NAME,..", "switch known bugs on (in the simulation build)"},
                    {"plants", "", "prove that each known bug is found (or those of --plant)"},
                    {"json", "", "an object a line and seed, and the closing line"}},
        .examples =
            "  sluice sim --seeds 1..300 --twice\n"
            "  sluice sim --seed 42 --trace run.txt\n"
            "  sluice sim --seed 42 --shrink > plan.txt; sluice sim --seed 42 --plan plan.txt\n"
            "  sluice sim --minutes 60 --seed 100000 --twice\n"
            "  sluice sim --scenario log --seeds 1..50 --json"};
    return help;
}

namespace {

// What went wrong in the simulation is told apart from what went wrong with the command: 12 and on
// are the kinds of sim::FailureKind.
constexpr int exit_failure_base = 10;
constexpr int exit_not_covered = 16;

int exit_code_of(int failure) {
    return failure == 0 ? exit_ok : exit_failure_base + failure;
}

struct SimWishes {
    SeedRange seeds{.first = 1, .last = 20};
    bool seeds_given = false;
    std::optional<std::uint64_t> minutes;
    sim::RunOptions run;
    sim::MakeScenario make;
    bool json = false;
    bool shrink = false;
    bool plants = false;
    std::vector<std::string> plants_on;
    std::string trace;
    std::string replay = "sluice sim";  // And the seed.
};

std::optional<std::uint64_t> seed_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// NAME,NAME,..
std::vector<std::string> names_in(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        names.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return names;
}

std::uint64_t milliseconds_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

std::uint64_t processor_milliseconds() {
    return milliseconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

Result<void, std::string> take_seeds(const Arguments& arguments, SimWishes& wishes) {
    if (arguments.has("seed") && arguments.has("seeds"))
        return std::string("--seed and --seeds exclude each other");
    if (const auto seed = arguments.get("seed")) {
        const auto number = seed_number(*seed);
        if (!number) return fmt::format("--seed {}: not a whole number", *seed);
        wishes.seeds.first = wishes.seeds.last = *number;
    }
    if (const auto seeds = arguments.get("seeds")) {
        const auto dots = seeds->find("..");
        const auto first = seed_number(seeds->substr(0, dots));
        if (dots == std::string::npos)
            return fmt::format("--seeds {}: A..B is wanted; --seed {} is for one", *seeds, *seeds);
        const auto last = seed_number(seeds->substr(dots + 2));
        if (!first || !last || *last < *first)
            return fmt::format("--seeds {}: A..B is wanted", *seeds);
        wishes.seeds.first = *first;
        wishes.seeds.last = *last;
    }
    wishes.seeds_given = arguments.has("seed") || arguments.has("seeds");
    if (const auto minutes = arguments.get("minutes")) {
        wishes.minutes = seed_number(*minutes);
        if (!wishes.minutes || *wishes.minutes == 0)
            return fmt::format("--minutes {}: not a number", *minutes);
        if (!arguments.has("seeds")) wishes.seeds.last = UINT64_MAX / 2;
    }
    wishes.seeds.twice = arguments.has("twice");
    wishes.seeds.at_once = std::max(1u, std::thread::hardware_concurrency());
    if (const auto jobs = arguments.get("jobs")) {
        const auto number = seed_number(*jobs);
        if (!number || *number == 0) return fmt::format("--jobs {}: not a number", *jobs);
        wishes.seeds.at_once = *number;
    }
    return {};
}

// What changes a run, and so stands in the line that replays it.
Result<void, std::string> take_run(const Arguments& arguments, SimWishes& wishes) {
    wishes.run.scenario = arguments.get("scenario").value_or(std::string(sim::default_scenario));
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
        const auto number = seed_number(*horizon);
        if (!number || *number == 0)
            return fmt::format("--horizon {}: not a number of seconds", *horizon);
        wishes.run.horizon = seconds(static_cast<std::int64_t>(*number));
    }
    if (const auto path = arguments.get("plan")) {
        std::ifstream file(*path);
        if (!file) return fmt::format("--plan {}: cannot be read", *path);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        auto plan = sim::parse_plan(text);
        if (plan.failed()) return fmt::format("--plan {}: {}", *path, plan.error());
        wishes.run.plan = std::move(*plan);
    }
    wishes.plants_on = names_in(arguments.get("plant").value_or(""));
    for (const std::string& plant : wishes.plants_on)
        if (!probe::set_plant(plant, true))
            return fmt::format(
                "--plant {}: no such bug is compiled in; build/sim/sluice has them (./dev build "
                "sim)",
                plant);
    for (const char* name : {"scenario", "horizon", "plan", "plant"})
        if (const auto value = arguments.get(name))
            wishes.replay += fmt::format(" --{} {}", name, *value);
    if (!wishes.run.faults) wishes.replay += " --no-faults";
    return {};
}

Result<SimWishes, std::string> sim_wishes(const Arguments& arguments) {
    SimWishes wishes;
    CHECK_OK(take_seeds(arguments, wishes));
    CHECK_OK(take_run(arguments, wishes));
    wishes.json = arguments.has("json");
    wishes.shrink = arguments.has("shrink");
    wishes.plants = arguments.has("plants");
    wishes.trace = arguments.get("trace").value_or("");
    if (wishes.minutes && (wishes.shrink || wishes.plants || !wishes.trace.empty()))
        return std::string("--minutes is for sweeps");
    if ((wishes.shrink || !wishes.trace.empty()) && wishes.seeds.first != wishes.seeds.last)
        return std::string("--shrink and --trace are for one seed");
    return wishes;
}

void write_line(void* file, std::string_view line) {
    static_cast<void>(std::fprintf(static_cast<std::FILE*>(file), "%.*s\n",
                                   static_cast<int>(line.size()), line.data()));
}

void tell(const SimWishes& wishes, const sim::RunResult& result) {
    if (wishes.json)
        print_out("{}\n", sim::json_of(result));
    else if (!result.passed())
        print_out("{}  replay: {} --seed {}\n", sim::report_of(result), wishes.replay, result.seed);
    flush_out();
}

int run_sweep(const SimWishes& wishes) {
    sim::Sweep sweep;
    const std::uint64_t begun = milliseconds_of(CLOCK_MONOTONIC);
    run_seeds(wishes.seeds, wishes.run, wishes.make, [&](const sim::RunResult& result) {
        tell(wishes, result);
        sweep.add(result);
        return !wishes.minutes ||
               milliseconds_of(CLOCK_MONOTONIC) - begun < *wishes.minutes * 60'000;
    });
    if (!wishes.json) print_out("{}", sweep.summary());
    if (!wishes.json && wishes.minutes)
        print_out("seeds {}..{}\n", wishes.seeds.first, wishes.seeds.first + sweep.runs() - 1);
    int code = exit_code_of(sweep.exit_code());
    // Only the default makes promises of what it reaches.
    if (wishes.replay == "sluice sim")
        for (const std::string& complaint : sweep.complaints()) {
            print_error("the sweep is not what it should be: {}\n", complaint);
            if (code == 0) code = exit_not_covered;
        }
    print_out("{} passed, {} failed\n", sweep.runs() - sweep.failures(), sweep.failures());
    return code;
}

// In this process, where a trace can be written and an assertion be caught by a debugger.
int run_traced(SimWishes& wishes) {
    std::FILE* file = std::fopen(wishes.trace.c_str(), "w");
    if (file == nullptr) return usage_error(fmt::format("cannot write {}", wishes.trace));
    using sim::TraceWriter;
    TraceWriter writer(wishes.json ? TraceWriter::Form::json : TraceWriter::Form::text, write_line,
                       file);
    wishes.run.seed = wishes.seeds.first;
    wishes.run.trace = &writer;
    const sim::RunResult result = sim::run_seed(wishes.run, wishes.make);
    std::fclose(file);
    tell(wishes, result);
    print_out("{} passed, {} failed\n", result.passed() ? 1 : 0, result.passed() ? 0 : 1);
    return exit_code_of(result.exit_code());
}

int run_shrink(SimWishes& wishes) {
    wishes.run.seed = wishes.seeds.first;
    const sim::RunResult failing = sim::run_seed(wishes.run, wishes.make);
    if (failing.passed()) return usage_error("--shrink: the seed passes");
    const sim::Shrunk shrunk = sim::shrink(wishes.run, wishes.make, failing);
    const sim::RunResult& smallest = shrunk.smallest;
    print_out(
        "# {}: {}\n# {} faults of {} left after {} runs\n# replay: {} --seed {} --plan FILE\n",
        smallest.result(), smallest.failure->signature, smallest.plan.faults.size(),
        failing.plan.faults.size(), shrunk.runs, wishes.replay, smallest.seed);
    print_out("{}", sim::to_text(smallest.plan));
    return exit_code_of(failing.exit_code());
}

}  // namespace

int run_sim(const Arguments& arguments) {
    auto wishes = sim_wishes(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    if (wishes->plants) {
        if (!wishes->seeds_given) wishes->seeds.last = 1000;
        for (const std::string& plant : wishes->plants_on) probe::set_plant(plant, false);
        return prove_plants(
            wishes->seeds, wishes->run,
            arguments.has("scenario") ? std::vector{wishes->run.scenario} : sim::all_there_is(),
            wishes->plants_on);
    }
    if (wishes->shrink) return run_shrink(*wishes);
    if (!wishes->trace.empty()) return run_traced(*wishes);
    return run_sweep(*wishes);
}

}  // namespace sluice::cmd
