#include "sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/batch_flip.h"
#include "sim/faults.h"

namespace sluice::sim {
namespace {

PickMode pick_mode(const RunOptions& options) {
    if (options.plan && options.plan->pick) return *options.plan->pick;
    Random draws = Random(options.seed).stream("pick-mode");
    const std::uint64_t how = draws.below(10);
    return how < 5 ? PickMode::random : how < 8 ? PickMode::priority : PickMode::fifo;
}

SimNetwork::Options draw_network(const World& world) {
    Random draws = world.stream("network-options");
    SimNetwork::Options options;
    options.socket_buffer_bytes = std::size_t{2048} << draws.below(8);
    options.short_one_in = 2 + draws.below(20);
    options.waits_one_in = 2 + draws.below(20);
    options.give_up_after = seconds(draws.between(5, 60));
    options.choose_flip = choose_flip_in_batch;
    return options;
}

// One run under way.
class Run {
public:
    Run(const RunOptions& options, const MakeScenario& make_scenario)
        : options_(options),
          world_({.seed = options.seed,
                  .pick = pick_mode(options),
                  .events_max = options.events_max,
                  .trace = options.trace}),
          scenario_(make_scenario(world_)),
          cluster_(std::in_place, world_, draw_network(world_)) {}

    RunResult run() {
        const bool buggify = !options_.plan || options_.plan->buggify;
        probe::begin_run(world_.stream("probes"),
                         buggify ? probe::Odds{} : probe::Odds{.on = 0, .fires = 0});
        PlanOptions plan_options = scenario_->build(*cluster_);
        if (options_.horizon) plan_options.horizon = *options_.horizon;
        result_.plan =
            options_.plan ? *options_.plan : draw_plan(plan_options, world_.stream("faults"));
        if (!options_.faults) result_.plan.faults.clear();
        for (std::uint32_t i = 0; i < plan_options.servers; ++i)
            cluster_->node(i).disk().limit_damage(
                [this](const std::string& path) { return scenario_->may_damage(path); });
        FaultDriver driver(*cluster_, result_.plan, {.servers = plan_options.servers});
        live(driver);
        // What an oracle of the history sees says more than that something did not happen.
        if (!world_.failure() || world_.failure()->kind == FailureKind::liveness)
            if (auto failure = scenario_->judge(*cluster_)) result_.failure = std::move(failure);
        collect(driver);
        cluster_.reset();  // Fibers that outlive their processes show now at the latest.
        if (!result_.failure) result_.failure = world_.failure();
        result_.probes = probe::reports();
        probe::end_run();
        return std::move(result_);
    }

private:
    void live(FaultDriver& driver) {
        for (std::size_t i = 0; i < cluster_->size(); ++i) cluster_->node(i).start();
        const auto ready = [this] { return scenario_->ready(); };
        if (!world_.run_until_done(world_.now() + scenario_->set_up_limit(), ready))
            return fail("set-up does not end");
        driver.begin();
        if (!world_.run_until(world_.now() + result_.plan.horizon)) return;
        driver.heal();
        scenario_->finish();
        const Time healed = world_.now();
        const auto converged = [this] { return scenario_->converged(); };
        if (!world_.run_until_done(healed + scenario_->convergence_limit(), converged))
            return fail("not everything owed has happened");
        result_.converged_ms = static_cast<std::uint64_t>(to_milliseconds(world_.now() - healed));
        scenario_->begin_audit(result_.plan);
        const auto audited = [this] { return scenario_->audited(); };
        if (!world_.run_until_done(world_.now() + scenario_->convergence_limit(), audited))
            fail("the audit does not end");
    }

    void fail(const std::string& what) {
        std::string down;
        for (std::size_t i = 0; i < cluster_->size(); ++i)
            if (!cluster_->node(i).running()) down += " " + cluster_->node(i).name();
        world_.fail({FailureKind::liveness, what,
                     fmt::format("pending: {}; machines that are down:{}", scenario_->pending(),
                                 down.empty() ? " none" : down)});
    }

    void collect(const FaultDriver& driver) {
        result_.seed = options_.seed;
        result_.scenario = options_.scenario;
        result_.kind = scenario_->kind();
        result_.hash = world_.hash();
        result_.events = world_.events();
        result_.virtual_ms = static_cast<std::uint64_t>(to_milliseconds(world_.now().since_start));
        result_.operations = scenario_->operations();
        result_.restarts = driver.restarts();
        result_.faults = cluster_->faults();
        result_.fault_kinds = result_.faults.kinds_bitten();
        result_.checkpoints = world_.checkpoints();
    }

    const RunOptions& options_;
    World world_;
    std::unique_ptr<Scenario> scenario_;
    std::optional<Cluster> cluster_;
    RunResult result_;
};

}  // namespace

std::string_view RunResult::result() const {
    if (!failure) return "passed";
    switch (failure->kind) {
        case FailureKind::safety:
            return "safety";
        case FailureKind::liveness:
            return "liveness";
        case FailureKind::nondeterminism:
            return "nondeterminism";
        case FailureKind::crash:
            return "crash";
    }
    return "?";
}

RunResult run_seed(const RunOptions& options, const MakeScenario& make_scenario) {
    const auto clock = options.processor_milliseconds;
    const std::uint64_t begin = clock ? clock() : 0;
    RunResult result = Run(options, make_scenario).run();
    if (clock) result.wall_ms = clock() - begin;
    return result;
}

RunResult run_twice(const RunOptions& options, const MakeScenario& make_scenario) {
    RunResult first = run_seed(options, make_scenario);
    const RunResult second = run_seed(options, make_scenario);
    if (first.hash == second.hash && first.events == second.events) return first;
    const auto [a, b] = std::ranges::mismatch(first.checkpoints, second.checkpoints);
    first.failure = Failure{
        FailureKind::nondeterminism, "two runs of one seed differ",
        fmt::format(
            "hashes {:016x} and {:016x}; the first 4,096 events that differ follow event {}",
            first.hash, second.hash, 4096 * (a - first.checkpoints.begin()))};
    static_cast<void>(b);
    return first;
}

std::string json_of(const RunResult& result) {
    std::string out = fmt::format("{{\"seed\":{},\"scenario\":", result.seed);
    append_json_string(out, result.kind.empty() ? result.scenario : result.kind);
    fmt::format_to(std::back_inserter(out),
                   ",\"hash\":\"{:016x}\",\"events\":{},\"virtual_ms\":{},\"converged_ms\":{},"
                   "\"wall_ms\":{},\"result\":\"{}\",\"signature\":",
                   result.hash, result.events, result.virtual_ms, result.converged_ms,
                   result.wall_ms, result.result());
    append_json_string(out, result.failure ? result.failure->signature : "");
    fmt::format_to(std::back_inserter(out),
                   ",\"ops\":{},\"acked\":{},\"faults\":{},\"restarts\":{}}}",
                   result.operations.asked, result.operations.acknowledged, result.fault_kinds,
                   result.restarts);
    return out;
}

std::string report_of(const RunResult& result) {
    std::string out = fmt::format(
        "seed {} of {}: {}\n", result.seed, result.scenario,
        result.failure ? fmt::format("{}: {}", result.result(), result.failure->signature)
                       : std::string("passed"));
    if (result.failure) out += "  " + result.failure->text + "\n";
    fmt::format_to(std::back_inserter(out),
                   "  hash {:016x}, {} events, {} virtual ms, {} of {} operations acknowledged, {} "
                   "restarts, heal: {}\n",
                   result.hash, result.events, result.virtual_ms, result.operations.acknowledged,
                   result.operations.asked, result.restarts, name_of(result.plan.heal));
    for (const Fault& fault : result.plan.faults) out += "  " + text_of(fault) + "\n";
    return out;
}

}  // namespace sluice::sim
