#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"

namespace sluice::storage {

// The limits of the logs of one shard. Each is an option so that tests can make it tiny.
struct LogOptions {
    // A log's tail grows in blocks between these sizes, larger ones while it is written fast.
    std::size_t block_bytes_min = 4096;
    std::size_t block_bytes_max = std::size_t{1} << 20;
    // Blocks of all logs together: what is in its segment goes beyond it, oldest first, and is
    // brought there in time.
    std::size_t cache_bytes_max = std::size_t{192} << 20;
    // What of one log may wait to be durable: append answers Error::limit beyond it.
    std::size_t pending_bytes_max = std::size_t{32} << 20;

    // The journal: so many files, none or at least two, and how large each is. Without one, and
    // for a batch that does not fit into a file, segments are synced.
    std::size_t journal_files_max = 4;
    std::uint64_t journal_file_bytes = std::uint64_t{64} << 20;
    // A new file grows by this much. The first sync behind more takes a disk milliseconds.
    std::size_t journal_growth_bytes = std::size_t{256} << 10;
    // One record takes about so much, at least one block of one log, in about so many pieces.
    std::size_t journal_commit_bytes_max = std::size_t{4} << 20;
    std::size_t journal_entries_max = 4096;
    // Smaller pieces are copied together, larger ones written from where they are.
    std::size_t journal_copy_bytes_max = 16 << 10;
    // A log that has so much in the journal only writes it to its segment; with the smaller amount
    // when no log of the shard did so for a while, because large writes hold up the journal's; and
    // whatever it is, after the delay.
    std::size_t write_behind_bytes = std::size_t{1} << 20;
    std::size_t write_behind_bytes_min = std::size_t{128} << 10;
    Duration write_behind_interval = milliseconds(20);
    Duration write_behind_delay = seconds(10);

    // One write, at least one block.
    std::size_t write_bytes_max = std::size_t{4} << 20;
    // Of one write, which the kernel limits to 1024.
    std::size_t write_pieces_max = 256;
    // Logs written and synced at the same time.
    std::size_t flushes_max = 64;
    // How long to wait before writing to a full disk again.
    Duration full_disk_backoff = milliseconds(200);
    // Appends are refused while less than this is free.
    std::uint64_t free_bytes_min = std::uint64_t{64} << 20;
    // How often the free space is looked at, old directories are deleted, and so on.
    Duration housekeeping_interval = seconds(1);

    // Files that nobody uses at the moment stay open up to this number.
    std::size_t idle_files_max = 256;
    // Index files of segments that are read, in memory.
    std::size_t index_cache_bytes_max = std::size_t{16} << 20;
    // What may be read before somebody asks for it.
    std::size_t read_ahead_bytes_max = std::size_t{16} << 20;
    // What recovery and rebuilding an index read at once, of a log that goes on so long.
    std::size_t scan_bytes = std::size_t{4} << 20;
    // A read from disk asks for this much more than it was asked for, to find where it begins.
    std::size_t read_slack_bytes = 8192;
    // All logs of a shard together leave no more than this behind what is in their own files, when
    // that is looked at: so often, and earlier when what their index files lack takes so much
    // memory. Summaries make it good meanwhile.
    std::uint64_t recovery_bytes_max = std::uint64_t{64} << 20;
    Duration recovery_interval = seconds(60);
    std::size_t fresh_index_bytes_max = std::size_t{8} << 20;
    // What a compressed batch may become while a timestamp is looked for in it.
    std::size_t decompressed_bytes_max = std::size_t{64} << 20;
    // No file beside the segments and their indexes is larger, in sane directories.
    std::size_t small_file_bytes_max = std::size_t{64} << 20;

    // Producers one log remembers.
    std::size_t producers_max = 50'000;
};

}  // namespace sluice::storage
