#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::sim {

// Every way the simulated world may misbehave. A plan switches kinds off and on, and each is
// counted when it bites, so that a sweep can tell which ones never did.
enum class FaultKind : std::uint8_t {
    // Disk.
    read_error,
    write_error,
    directory_error,     // Opening, creating, renaming, removing or syncing a directory failed.
    sync_drops_pages,    // A sync failed and what it should have written is gone from the cache.
    sync_forgets_pages,  // A sync failed and its pages are readable and clean: the next succeeds.
    short_read,
    short_write,
    disk_full,
    latent_read_error,  // A block cannot be read until it is written again.
    bit_rot,
    misdirected_write,
    phantom_write,  // Said to be written, and was not.
    disk_stall,
    slow_disk,
    disk_wiped,
    // Network.
    partition,          // Both ways, between some nodes.
    one_way_partition,  // From some nodes to others only.
    isolation,          // One node from all others.
    clog,               // Nothing passes between two nodes for a while, then everything.
    slow_link,
    narrow_link,
    reset,         // A segment was lost for good and the connection with it.
    lost_segment,  // Retransmitted, so everything behind it is late.
    bit_flip,
    connect_refused,
    connect_hangs,
    // Processes and machines.
    process_crash,
    power_cut,
    power_cut_everywhere,
    freeze,
    clean_restart,
    crash_while_starting,
    // Clocks and processors.
    wall_clock_step,
    clock_drift,
    slow_core,
};
inline constexpr std::size_t fault_kind_count = static_cast<std::size_t>(FaultKind::slow_core) + 1;

std::string_view name_of(FaultKind kind);

// One number a kind.
template <class Number>
class PerFault {
public:
    Number& operator[](FaultKind kind) { return values_[static_cast<std::size_t>(kind)]; }
    const Number& operator[](FaultKind kind) const {
        return values_[static_cast<std::size_t>(kind)];
    }

private:
    std::array<Number, fault_kind_count> values_{};
};

}  // namespace sluice::sim
