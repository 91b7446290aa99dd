#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/time.h"
#include "sim/fault_kind.h"
#include "sim/world.h"

namespace sluice::sim {

// One thing that goes wrong, as data: a plan can be printed, shrunk and run again without its seed.
// Machines are named by their index in the cluster.
struct Fault {
    FaultKind kind = FaultKind::process_crash;
    Duration at{0};      // Since the faults began.
    Duration length{0};  // How long it lasts; for a crash, how long the machine stays down.
    std::uint32_t node = 0;
    std::uint32_t other = 0;   // Of faults between two machines.
    std::uint64_t amount = 0;  // Chance in a million, times, microseconds, percent or calls.

    friend bool operator==(const Fault&, const Fault&) = default;
};
std::string text_of(const Fault& fault);
// The only disk there is goes when everything else is over: no copy of anything is left then.
constexpr bool is_last_act(const Fault& fault, Duration horizon) {
    return fault.kind == FaultKind::disk_wiped && fault.at >= horizon;
}

// What is owed once the fault phase is over.
enum class Heal {
    restart_all,  // Every fault ends and every server starts afresh.
    no_restart,   // Every fault ends; what is down starts, and nothing that lives is restarted.
    core,         // A majority of the servers heals; the rest stays cut off for ever.
};
std::string_view name_of(Heal heal);

struct Plan {
    Duration horizon{0};        // Of the fault phase.
    std::vector<Fault> faults;  // By time.
    Heal heal = Heal::restart_all;
    std::vector<std::uint32_t> core;    // The servers that heal.
    Duration restart_delay{1'000'000};  // Of a server that ended by itself.
    bool buggify = true;
    std::optional<PickMode> pick = {};  // Instead of the one drawn from the seed.

    friend bool operator==(const Plan&, const Plan&) = default;
};

struct PlanOptions {
    // The first `servers` machines of the cluster may crash and lose disks; the network fails
    // between all `nodes`.
    std::uint32_t servers = 1;
    std::uint32_t nodes = 1;
    Duration horizon{30'000'000};
    // The fault budget: at least one good copy of every committed record stays, so that liveness is
    // owed. Damage at rest hits one server at most, and none that has the only copy; without it
    // only safety can be checked.
    bool survivable = true;
    // A single copy may be damaged at rest: the oracles know that only detection is owed.
    bool damage_single_copy = false;
    bool flip_bits = false;
    bool damage = true;  // At rest, of any kind; without it a disk keeps what it took.
    // The only disk may be wiped, in the end: the scenario says what must hold then.
    bool wipe_at_end = false;
    double kind_is_on = 0.45;
    double damage_is_on = 0.4;    // Kinds that damage what is at rest or on its way.
    std::uint64_t times_max = 4;  // Of one kind.
};

// Swarm testing: a random subset of the kinds, each with its own stream of draws, so that leaving
// one out changes nothing about the others.
Plan draw_plan(const PlanOptions& options, const Random& random);

}  // namespace sluice::sim
