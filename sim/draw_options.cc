#include "sim/draw_options.h"

namespace sluice::sim {

void draw_journal_options(Random& draws, storage::LogOptions& options) {
    options.journal_files_max = draws.below(8) == 0 ? 0 : 2 + draws.below(3);
    options.journal_file_bytes = std::uint64_t{8192} << draws.below(6);
    options.journal_growth_bytes = std::size_t{4096} << draws.below(4);
    options.journal_commit_bytes_max = std::size_t{1024} << draws.below(7);
    options.journal_entries_max = 1 + draws.below(20);
    options.journal_copy_bytes_max = std::size_t{256} << draws.below(6);
    options.write_behind_bytes = std::size_t{1024} << draws.below(7);
    options.write_behind_bytes_min = options.write_behind_bytes >> draws.below(4);
    options.write_behind_interval = milliseconds(draws.between(0, 100));
    options.write_behind_delay = milliseconds(draws.between(1, 20'000));
}

storage::LogOptions draw_log_options(Random& draws) {
    storage::LogOptions options;
    options.block_bytes_min = std::size_t{512} << draws.below(5);
    options.block_bytes_max = options.block_bytes_min << draws.below(6);
    options.cache_bytes_max = std::size_t{8192} << draws.below(8);
    options.pending_bytes_max = std::size_t{32'768} << draws.below(6);
    options.write_bytes_max = std::size_t{4096} << draws.below(6);
    options.flushes_max = 1 + draws.below(8);
    draw_journal_options(draws, options);
    options.free_bytes_min = 0;
    options.full_disk_backoff = milliseconds(draws.between(1, 300));
    options.housekeeping_interval = milliseconds(draws.between(20, 2'000));
    options.idle_files_max = 1 + draws.below(16);
    options.index_cache_bytes_max = std::size_t{512} << draws.below(8);
    options.scan_bytes = std::size_t{1024} << draws.below(8);
    options.read_slack_bytes = std::size_t{256} << draws.below(6);
    options.recovery_bytes_max = draws.below(2) == 0 ? 0 : std::uint64_t{2048} << draws.below(8);
    if (draws.below(3) > 0) options.recovery_interval = milliseconds(draws.between(0, 20'000));
    options.fresh_index_bytes_max = std::size_t{64} << draws.below(12);
    return options;
}

}  // namespace sluice::sim
