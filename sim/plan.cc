#include "sim/plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::sim {
namespace {

// Who a kind of fault happens to.
enum class Scope {
    server,  // A machine that serves.
    link,    // Two machines.
    damage,  // What a server's disk holds.
    flips,   // What the network carries.
};

// What is drawn for a kind: lengths in milliseconds, amounts in the kind's own measure; both evenly
// on a logarithmic scale, so that short and long ones are equally common.
struct KindRule {
    FaultKind kind;
    Scope scope;
    std::uint64_t length_least;
    std::uint64_t length_most;
    std::uint64_t amount_least;
    std::uint64_t amount_most;
};

constexpr KindRule rules[] = {
    {FaultKind::read_error, Scope::server, 300, 8'000, 10'000, 400'000},
    {FaultKind::write_error, Scope::server, 100, 4'000, 5'000, 200'000},
    {FaultKind::directory_error, Scope::server, 100, 4'000, 2'000, 200'000},
    {FaultKind::sync_drops_pages, Scope::server, 50, 4'000, 10'000, 300'000},
    {FaultKind::sync_forgets_pages, Scope::server, 50, 4'000, 10'000, 300'000},
    {FaultKind::short_read, Scope::server, 500, 20'000, 10'000, 900'000},
    {FaultKind::short_write, Scope::server, 500, 20'000, 10'000, 900'000},
    {FaultKind::disk_full, Scope::server, 300, 10'000, 1, 300'000},
    {FaultKind::latent_read_error, Scope::damage, 0, 0, 0, 0},
    {FaultKind::bit_rot, Scope::damage, 0, 0, 0, 0},
    {FaultKind::misdirected_write, Scope::damage, 500, 15'000, 50'000, 500'000},
    {FaultKind::phantom_write, Scope::damage, 500, 15'000, 50'000, 500'000},
    {FaultKind::disk_stall, Scope::server, 20, 8'000, 0, 0},
    {FaultKind::slow_disk, Scope::server, 300, 10'000, 3, 100},
    {FaultKind::disk_wiped, Scope::damage, 10, 5'000, 0, 0},
    {FaultKind::partition, Scope::link, 100, 12'000, 0, 0},
    {FaultKind::one_way_partition, Scope::link, 100, 12'000, 0, 0},
    {FaultKind::isolation, Scope::server, 100, 12'000, 0, 0},
    {FaultKind::clog, Scope::link, 20, 5'000, 0, 0},
    {FaultKind::slow_link, Scope::link, 200, 12'000, 1'000, 400'000},
    {FaultKind::narrow_link, Scope::link, 200, 12'000, 5, 20'000},
    {FaultKind::reset, Scope::link, 300, 12'000, 2'000, 50'000},
    {FaultKind::lost_segment, Scope::link, 300, 12'000, 2'000, 100'000},
    {FaultKind::bit_flip, Scope::flips, 1'000, 20'000, 10'000, 300'000},
    {FaultKind::connect_refused, Scope::link, 1'000, 15'000, 200'000, 900'000},
    {FaultKind::connect_hangs, Scope::link, 1'000, 15'000, 200'000, 900'000},
    {FaultKind::process_crash, Scope::server, 1, 8'000, 0, 0},
    {FaultKind::power_cut, Scope::server, 1, 8'000, 0, 100},
    {FaultKind::power_cut_everywhere, Scope::server, 1, 8'000, 0, 100},
    {FaultKind::freeze, Scope::server, 20, 12'000, 0, 0},
    {FaultKind::clean_restart, Scope::server, 1, 3'000, 0, 0},
    {FaultKind::crash_while_starting, Scope::server, 1, 3'000, 1, 600},
    {FaultKind::wall_clock_step, Scope::server, 0, 0, 1'000, 3'600'000'000},
    {FaultKind::clock_drift, Scope::server, 1'000, 20'000, 10, 50'000},
    {FaultKind::slow_core, Scope::server, 100, 10'000, 5, 500},
};
static_assert(std::size(rules) == fault_kind_count);

// Between `least` and `most`, every doubling equally likely; whole numbers only, so that it is the
// same everywhere.
std::uint64_t draw_scaled(Random& random, std::uint64_t least, std::uint64_t most) {
    if (least >= most) return least;
    std::uint64_t low = std::max<std::uint64_t>(least, 1);
    std::uint64_t doublings = 0;
    for (std::uint64_t n = low; n < most; n *= 2) ++doublings;
    low <<= random.below(doublings);
    const std::uint64_t high = std::min(most, low * 2);
    return low + random.below(high - low + 1);
}

// 0, 100, or anything: what a power cut keeps of what was not synced.
std::uint64_t draw_keep_percent(Random& random) {
    const std::uint64_t how = random.below(4);
    return how == 0 ? 0 : how == 1 ? 100 : random.below(101);
}

bool may_happen(const KindRule& rule, const PlanOptions& options) {
    switch (rule.scope) {
        case Scope::server:
            return rule.kind != FaultKind::isolation || options.nodes > 1;
        case Scope::link:
            return options.nodes > 1;
        case Scope::damage:
            if (!options.damage) return false;
            if (rule.kind == FaultKind::disk_wiped)
                return !options.survivable || options.servers >= 3 || options.wipe_at_end;
            return !options.survivable || options.servers >= 3 || options.damage_single_copy;
        case Scope::flips:
            return options.flip_bits && options.nodes > 1;
    }
    return false;
}

Fault draw_fault(const KindRule& rule, const PlanOptions& options, std::uint32_t victim,
                 Random& random) {
    Fault fault{.kind = rule.kind};
    fault.at = Duration(static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(options.horizon.count()))));
    fault.length = milliseconds(
        static_cast<std::int64_t>(draw_scaled(random, rule.length_least, rule.length_most)));
    fault.amount = draw_scaled(random, rule.amount_least, rule.amount_most);
    fault.node = static_cast<std::uint32_t>(random.below(options.servers));
    const auto drawn = random.next();
    if (rule.scope == Scope::damage && options.survivable) fault.node = victim;
    if (options.nodes > 1) {
        fault.other = static_cast<std::uint32_t>(drawn % (options.nodes - 1));
        if (fault.other >= fault.node) ++fault.other;
    }
    if (rule.kind == FaultKind::power_cut || rule.kind == FaultKind::power_cut_everywhere)
        fault.amount = draw_keep_percent(random);
    return fault;
}

// A log whose disk failed stays offline until its server starts again: with a single server nothing
// else could take over.
bool needs_restart(const PlanOptions& options, const Plan& plan) {
    constexpr FaultKind final_ones[] = {FaultKind::read_error, FaultKind::write_error,
                                        FaultKind::directory_error, FaultKind::sync_drops_pages,
                                        FaultKind::sync_forgets_pages};
    return options.servers == 1 && std::ranges::any_of(plan.faults, [&](const Fault& fault) {
               return std::ranges::find(final_ones, fault.kind) != std::end(final_ones);
           });
}

void draw_heal(const PlanOptions& options, Random draws, Plan& plan) {
    for (std::uint32_t i = 0; i < options.servers; ++i) plan.core.push_back(i);
    const std::uint64_t how = draws.below(options.servers >= 3 ? 3 : 2);
    plan.heal = how == 0 ? Heal::restart_all : how == 1 ? Heal::no_restart : Heal::core;
    if (needs_restart(options, plan)) plan.heal = Heal::restart_all;
    if (plan.heal != Heal::core) return;
    const std::size_t majority = options.servers / 2 + 1;
    while (plan.core.size() > majority)
        plan.core.erase(plan.core.begin() +
                        static_cast<std::ptrdiff_t>(draws.below(plan.core.size())));
}

}  // namespace

std::string text_of(const Fault& fault) {
    return fmt::format("{} at {} ms for {} ms, machine {} ({}), amount {}", name_of(fault.kind),
                       to_milliseconds(fault.at), to_milliseconds(fault.length), fault.node,
                       fault.other, fault.amount);
}

std::string_view name_of(Heal heal) {
    switch (heal) {
        case Heal::restart_all:
            return "restart_all";
        case Heal::no_restart:
            return "no_restart";
        case Heal::core:
            return "core";
    }
    return "?";
}

Plan draw_plan(const PlanOptions& options, const Random& random) {
    Plan plan{.horizon = options.horizon, .faults = {}, .core = {}};
    Random common = random.stream("plan");
    const auto victim = static_cast<std::uint32_t>(common.below(options.servers));
    plan.restart_delay = milliseconds(common.between(50, 3'000));
    for (const KindRule& rule : rules) {
        Random draws = random.stream(name_of(rule.kind));
        const bool is_damage = rule.scope == Scope::damage || rule.scope == Scope::flips;
        const bool on = draws.chance(is_damage ? options.damage_is_on : options.kind_is_on);
        if (!on || !may_happen(rule, options)) continue;
        std::uint64_t times = 1 + draws.below(options.times_max);
        const bool last_act = rule.kind == FaultKind::disk_wiped && options.wipe_at_end;
        if (last_act) times = 1;
        for (std::uint64_t i = 0; i < times; ++i)
            plan.faults.push_back(draw_fault(rule, options, victim, draws));
        if (last_act) plan.faults.back().at = options.horizon;
    }
    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.at < b.at; });
    draw_heal(options, random.stream("heal"), plan);
    return plan;
}

}  // namespace sluice::sim
