#include "sim/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::sim {
namespace {

// How the marks begin that a node alone never comes to.
constexpr std::string_view of_clusters = "cluster.";

constexpr std::uint64_t active_percent_least = 25;

}  // namespace

void Sweep::add(const RunResult& result) {
    ++runs_;
    events_ += result.events;
    virtual_ms_ += result.virtual_ms;
    wall_ms_ += result.wall_ms;
    worst_converged_ms_ = std::max(worst_converged_ms_, result.converged_ms);
    exit_code_ = std::max(exit_code_, result.exit_code());
    if (result.failure) {
        Signature& signature =
            signatures_[fmt::format("{}: {}", result.result(), result.failure->signature)];
        if (signature.times++ == 0) signature.first_seed = result.seed;
    }
    for (const probe::Report& site : result.probes)
        if (site.kind != probe::Kind::plant) reached_[site.name] += site.fired > 0 ? 1 : 0;
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        fault_runs_[kind] += result.faults.of(kind).bitten > 0 ? 1 : 0;
    }
    horizons_.push_back(static_cast<std::uint64_t>(to_milliseconds(result.plan.horizon)));
    acked_.push_back(result.operations.acknowledged);
    fault_kinds_.push_back(result.fault_kinds);
    restarts_.push_back(result.restarts);
}

std::uint64_t Sweep::failures() const {
    std::uint64_t total = 0;
    for (const auto& [text, signature] : signatures_) total += signature.times;
    return total;
}

std::vector<std::string> Sweep::never_reached() const {
    std::vector<std::string> names;
    for (const auto& [name, runs] : reached_)
        if (runs == 0) names.push_back(name);
    return names;
}

std::vector<std::string> Sweep::rare_faults(std::uint64_t percent) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        if (fault_runs_[kind] * 100 < runs_ * percent) names.emplace_back(name_of(kind));
    }
    return names;
}

std::vector<std::string> Sweep::complaints() const {
    std::vector<std::string> found;
    const Floor floors[] = {{"virtual milliseconds under faults", 60'000, horizons_},
                            {"acknowledged operations", 500, acked_},
                            {"kinds of fault", 3, fault_kinds_},
                            {"restarts", 1, restarts_}};
    for (const Floor& floor : floors)
        if (runs_ >= runs_for_medians && median(floor.seen) < floor.least)
            found.push_back(fmt::format("the median seed has {} {}, less than {}",
                                        median(floor.seen), floor.what, floor.least));
    if (runs_ < runs_for_coverage) return found;
    // The default simulates one node.
    for (const std::string& name : never_reached())
        if (!name.starts_with(of_clusters)) found.push_back("never reached: " + name);
    for (const std::string& name : rare_faults(active_percent_least))
        found.push_back(
            fmt::format("{} bit in less than {} % of the runs", name, active_percent_least));
    return found;
}

std::uint64_t Sweep::median(std::vector<std::uint64_t> numbers) {
    if (numbers.empty()) return 0;
    std::sort(numbers.begin(), numbers.end());
    return numbers[numbers.size() / 2];
}

std::string Sweep::summary() const {
    std::string out = fmt::format(
        "{} seeds, {} failed; medians: {} acknowledged, {} kinds of fault, {} restarts; slowest to "
        "converge: {} virtual ms\n",
        runs_, failures(), median(acked_), median(fault_kinds_), median(restarts_),
        worst_converged_ms_);
    if (wall_ms_ > 0)
        fmt::format_to(std::back_inserter(out),
                       "{} events/s, {} times as fast as time, {} seeds a "
                       "minute\n",
                       events_ * 1000 / wall_ms_, virtual_ms_ / wall_ms_,
                       runs_ * 60'000 / wall_ms_);
    for (const auto& [text, signature] : signatures_)
        fmt::format_to(std::back_inserter(out), "  {} x {} (first: seed {})\n", signature.times,
                       text, signature.first_seed);
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        fmt::format_to(std::back_inserter(out), "{}{} {}%", i % 6 == 0 ? "\n  " : ", ",
                       name_of(kind), runs_ == 0 ? 0 : fault_runs_[kind] * 100 / runs_);
    }
    out += '\n';
    // A few runs reach a part of it, which says nothing.
    if (runs_ < runs_for_medians) return out;
    for (const std::string& name : never_reached())
        fmt::format_to(std::back_inserter(out), "  never reached: {}\n", name);
    return out;
}

}  // namespace sluice::sim
