#include "sim/fault_kind.h"

namespace sluice::sim {

std::string_view name_of(FaultKind kind) {
    static constexpr std::array<std::string_view, fault_kind_count> names{
        "read_error",
        "write_error",
        "directory_error",
        "sync_drops_pages",
        "sync_forgets_pages",
        "short_read",
        "short_write",
        "disk_full",
        "latent_read_error",
        "bit_rot",
        "misdirected_write",
        "phantom_write",
        "disk_stall",
        "slow_disk",
        "disk_wiped",
        "partition",
        "one_way_partition",
        "isolation",
        "clog",
        "slow_link",
        "narrow_link",
        "reset",
        "lost_segment",
        "bit_flip",
        "connect_refused",
        "connect_hangs",
        "process_crash",
        "power_cut",
        "power_cut_everywhere",
        "freeze",
        "clean_restart",
        "crash_while_starting",
        "wall_clock_step",
        "clock_drift",
        "slow_core",
    };
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace sluice::sim
