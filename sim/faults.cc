#include "sim/faults.h"

#include <algorithm>

namespace sluice::sim {
namespace {

double chance_of(const Fault& fault) {
    return static_cast<double>(fault.amount) / 1e6;
}

bool is_one_of(FaultKind kind, std::initializer_list<FaultKind> kinds) {
    return std::ranges::find(kinds, kind) != kinds.end();
}

bool is_instant(FaultKind kind) {
    return is_one_of(kind, {FaultKind::latent_read_error, FaultKind::bit_rot, FaultKind::disk_wiped,
                            FaultKind::process_crash, FaultKind::power_cut,
                            FaultKind::power_cut_everywhere, FaultKind::clean_restart,
                            FaultKind::crash_while_starting, FaultKind::wall_clock_step});
}

bool is_of_links(FaultKind kind) {
    return is_one_of(
        kind,
        {FaultKind::partition, FaultKind::one_way_partition, FaultKind::isolation, FaultKind::clog,
         FaultKind::slow_link, FaultKind::narrow_link, FaultKind::reset, FaultKind::lost_segment,
         FaultKind::bit_flip, FaultKind::connect_refused, FaultKind::connect_hangs});
}

}  // namespace

FaultDriver::FaultDriver(Cluster& cluster, const Plan& plan, Options options)
    : cluster_(cluster), plan_(plan), options_(std::move(options)), states_(options_.servers) {
    for (std::uint32_t i = 0; i < options_.servers; ++i)
        cluster_.node(i).on_down([this](Node& node) { came_down(node); });
}

void FaultDriver::begin() {
    for (const Fault& fault : plan_.faults) {
        if (is_last_act(fault, plan_.horizon)) continue;  // The scenario's.
        world().after(fault.at, ShardRef{}, EventKind::fault, [this, &fault]() -> std::uint64_t {
            if (healed_) return 0;
            world().describe("begins: {}", text_of(fault));
            begin_fault(fault);
            return static_cast<std::uint64_t>(fault.kind) + 1;
        });
    }
}

void FaultDriver::begin_fault(const Fault& fault) {
    ++begun_;
    cluster_.faults().began(fault.kind);
    if (is_instant(fault.kind)) {
        strike(fault);
        return;
    }
    Active active{.fault = fault, .until = world().now() + fault.length};
    if (fault.kind == FaultKind::disk_full)
        active.capacity = server(fault.node).disk().image().used_bytes() + fault.amount;
    active_.push_back(active);
    apply_active();
    world().at(active.until, ShardRef{}, EventKind::fault, [this, &fault] {
        world().describe("ends: {}", text_of(fault));
        std::erase_if(
            active_, [&](const Active& a) { return a.fault == fault && a.until <= world().now(); });
        if (!healed_) apply_active();
        return static_cast<std::uint64_t>(fault.kind) + 1;
    });
}

// --- What happens in a moment ---

void FaultDriver::strike(const Fault& fault) {
    Node& node = server(fault.node);
    if (is_one_of(fault.kind, {FaultKind::latent_read_error, FaultKind::bit_rot})) {
        node.disk().damage(fault.kind);
    } else if (fault.kind == FaultKind::wall_clock_step) {
        cluster_.faults().bit(fault.kind);
        const auto micros = static_cast<std::int64_t>(fault.amount);
        node.clock().step_wall(Duration(fault.amount % 2 == 0 ? micros : -micros));
    } else if (fault.kind == FaultKind::power_cut_everywhere) {
        for (std::uint32_t i = 0; i < options_.servers; ++i) {
            Fault one = fault;
            one.node = i;
            // They do not come back all at once.
            one.length += milliseconds(static_cast<std::int64_t>(fault.amount) * i);
            crash(one);
        }
    } else {
        crash(fault);
    }
}

void FaultDriver::crash(const Fault& fault) {
    Node& node = server(fault.node);
    // The power may also go while no process runs: what a killed one left unsynced is lost then.
    const bool cuts_power =
        is_one_of(fault.kind, {FaultKind::power_cut, FaultKind::power_cut_everywhere});
    if (!node.running() && !cuts_power) return;
    cluster_.faults().bit(fault.kind);
    ServerState& state = states_[fault.node];
    state.down_for = fault.length;
    if (fault.kind == FaultKind::crash_while_starting) state.crash_in_call = fault.amount;
    if (fault.kind == FaultKind::disk_wiped) state.wipe = true;

    if (fault.kind == FaultKind::clean_restart)
        node.stop();
    else if (is_one_of(fault.kind, {FaultKind::process_crash, FaultKind::crash_while_starting}))
        node.crash();
    else
        node.cut_power(static_cast<std::uint32_t>(fault.amount));
}

void FaultDriver::came_down(Node& node) {
    ServerState& state = states_[index_of(node)];
    if (state.cut_off) return;
    const Duration delay = state.down_for > Duration(0) ? state.down_for : plan_.restart_delay;
    state.down_for = Duration(0);
    start_later(node, healed_ ? std::min(delay, plan_.restart_delay) : delay);
}

void FaultDriver::start_later(Node& node, Duration delay) {
    world().after(delay, ShardRef{}, EventKind::fault, [this, &node]() -> std::uint64_t {
        ServerState& state = states_[index_of(node)];
        if (node.running() || state.cut_off) return 0;
        world().describe("starts {}", node.name());
        if (std::exchange(state.wipe, false)) node.disk().wipe();
        node.start();
        ++restarts_;
        // A crash in recovery: a kill or a power cut, by the parity of the call.
        if (const std::uint64_t call = std::exchange(state.crash_in_call, 0); call > 0 && !healed_)
            node.crash_in_call({.calls_from_now = call, .power_lost = call % 2 == 0});
        if (!healed_) apply_active();
        return restarts_;
    });
}

std::uint32_t FaultDriver::index_of(const Node& node) const {
    for (std::uint32_t i = 0; i < options_.servers; ++i)
        if (&cluster_.node(i) == &node) return i;
    ASSERT(false);
    return 0;
}

// --- What lasts ---

// Sets everything to rest and lets each active fault do its part: so faults may overlap as they
// like.
void FaultDriver::apply_active() {
    cluster_.network().heal();
    std::vector<bool> frozen(options_.servers);
    std::vector<std::int64_t> drift(options_.servers);
    for (std::uint32_t i = 0; i < options_.servers; ++i) {
        server(i).disk().heal();
        server(i).set_slowness(1);
    }
    for (const Active& active : active_) {
        if (active.fault.kind == FaultKind::freeze) frozen[active.fault.node] = true;
        if (active.fault.kind == FaultKind::clock_drift) {
            const auto amount = static_cast<std::int64_t>(active.fault.amount);
            drift[active.fault.node] = amount % 2 == 0 ? amount : -amount;
        }
        apply(active);
    }
    for (std::uint32_t i = 0; i < options_.servers; ++i) {
        if (frozen[i] && !server(i).frozen()) cluster_.faults().bit(FaultKind::freeze);
        server(i).set_frozen(frozen[i]);
        if (drift[i] != states_[i].drift) {
            server(i).set_clock_drift(drift[i]);
            cluster_.faults().bit(FaultKind::clock_drift);
        }
        states_[i].drift = drift[i];
    }
    if (healed_) cut_off_for_ever();
}

void FaultDriver::apply(const Active& active) {
    const Fault& fault = active.fault;
    if (is_one_of(fault.kind, {FaultKind::freeze, FaultKind::clock_drift})) return;
    DiskDevice& disk = server(fault.node).disk();
    if (is_of_links(fault.kind)) {
        apply_to_links(active);
    } else if (fault.kind == FaultKind::slow_core) {
        server(fault.node).set_slowness(static_cast<std::int64_t>(fault.amount));
        cluster_.faults().bit(FaultKind::slow_core);
    } else if (fault.kind == FaultKind::disk_full) {
        disk.image().set_capacity(active.capacity);
        cluster_.faults().bit(FaultKind::disk_full);
    } else if (fault.kind == FaultKind::disk_stall) {
        disk.stall_until(active.until);
    } else if (fault.kind == FaultKind::slow_disk) {
        disk.set_slowness(static_cast<std::int64_t>(fault.amount));
    } else {
        disk.set_chance(fault.kind, chance_of(fault));
    }
}

void FaultDriver::apply_to_links(const Active& active) {
    const Fault& fault = active.fault;
    SimNetwork& network = cluster_.network();
    const HostId here = server(fault.node).host();
    for (std::uint32_t i = 0; i < cluster_.size(); ++i) {
        const HostId there = cluster_.node(i).host();
        const bool meant = fault.kind == FaultKind::isolation ? i != fault.node : i == fault.other;
        if (!meant) continue;
        // Which way a one-way partition goes follows from when it began.
        const bool outward = fault.at.count() % 2 == 0;
        const bool one_way = fault.kind == FaultKind::one_way_partition;
        if (!one_way || outward) apply_to_path(network.path(here, there), active);
        if (!one_way || !outward) apply_to_path(network.path(there, here), active);
    }
}

void FaultDriver::apply_to_path(Path& path, const Active& active) {
    const Fault& fault = active.fault;
    if (fault.kind == FaultKind::clog) path.clogged_until = active.until;
    if (fault.kind == FaultKind::slow_link)
        path.extra_latency = Duration(static_cast<std::int64_t>(fault.amount));
    if (fault.kind == FaultKind::narrow_link) path.narrow_bytes_per_millisecond = fault.amount;
    if (fault.kind == FaultKind::reset) path.reset = chance_of(fault);
    if (fault.kind == FaultKind::lost_segment) path.lost_segment = chance_of(fault);
    if (fault.kind == FaultKind::bit_flip) path.bit_flip = chance_of(fault);
    if (fault.kind == FaultKind::connect_refused) path.connect_refused = chance_of(fault);
    if (fault.kind == FaultKind::connect_hangs) path.connect_hangs = chance_of(fault);
    if (is_one_of(fault.kind,
                  {FaultKind::partition, FaultKind::one_way_partition, FaultKind::isolation})) {
        ++path.blocked;
        path.blocked_by = fault.kind;
    }
}

// --- Healing ---

bool FaultDriver::is_core(std::uint32_t server) const {
    return std::ranges::find(plan_.core, server) != plan_.core.end();
}

void FaultDriver::heal() {
    healed_ = true;
    active_.clear();
    apply_active();
    for (std::uint32_t i = 0; i < options_.servers; ++i)
        if (!states_[i].cut_off && !server(i).running())
            start_later(server(i), plan_.restart_delay);
    if (plan_.heal == Heal::restart_all) restart_living();
}

void FaultDriver::restart_living() {
    for (std::uint32_t i = 0; i < options_.servers; ++i)
        if (server(i).running()) server(i).crash();
}

// The servers outside of the core: nobody hears of them again.
void FaultDriver::cut_off_for_ever() {
    if (plan_.heal != Heal::core) return;
    for (std::uint32_t i = 0; i < options_.servers; ++i) {
        if (is_core(i)) continue;
        states_[i].cut_off = true;
        for (std::uint32_t j = 0; j < cluster_.size(); ++j) {
            if (i == j) continue;
            Path& out = cluster_.network().path(server(i).host(), cluster_.node(j).host());
            Path& in = cluster_.network().path(cluster_.node(j).host(), server(i).host());
            ++out.blocked;
            ++in.blocked;
        }
    }
}

}  // namespace sluice::sim
