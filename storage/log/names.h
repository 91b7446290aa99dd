#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/strong.h"

namespace sluice::storage {

// How Apache Kafka names the files of a log.

inline constexpr std::string_view log_suffix = ".log";
inline constexpr std::string_view index_suffix = ".index";
inline constexpr std::string_view time_index_suffix = ".timeindex";
inline constexpr std::string_view txn_index_suffix = ".txnindex";
inline constexpr std::string_view snapshot_suffix = ".snapshot";
// Behind the whole name: to be deleted later; being written by a cleaner; finished by it; ours
// while it is written.
inline constexpr std::string_view deleted_suffix = ".deleted";
inline constexpr std::string_view cleaned_suffix = ".cleaned";
inline constexpr std::string_view swap_suffix = ".swap";
inline constexpr std::string_view temporary_suffix = ".tmp";

inline constexpr std::string_view epochs_file = "leader-epoch-checkpoint";
inline constexpr std::string_view partition_metadata_file = "partition.metadata";
// Ours: where DeleteRecords and retention moved the log's start. Kafka ignores it.
inline constexpr std::string_view start_file = "log-start-offset";

// What file systems take (NAME_MAX).
inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::string_view directory_delete_suffix = "-delete";
inline constexpr std::string_view directory_stray_suffix = "-stray";

// "00000000000000000042.log" for 42 and ".log".
std::string offset_file(Offset offset, std::string_view suffix);

// "00000000000000000042-0000000003.checkpoint": a snapshot of the metadata log up to 42, of
// epoch 3.
inline constexpr std::string_view metadata_snapshot_suffix = ".checkpoint";
std::string metadata_snapshot_file(Offset end, LeaderEpoch epoch);

struct MetadataSnapshotFile {
    Offset end;
    LeaderEpoch epoch;
};
std::optional<MetadataSnapshotFile> parse_metadata_snapshot_file(std::string_view name);

// "00000000000000000042.index", and whatever else begins with an offset.
struct OffsetFile {
    Offset offset;
    std::string suffix;  // Everything behind the digits.
};
std::optional<OffsetFile> parse_offset_file(std::string_view name);

// Paths are relative to what the disk calls its root; that itself is "".
inline std::string join(std::string_view directory, std::string_view name) {
    if (directory.empty()) return std::string(name);
    return std::string(directory).append("/").append(name);
}

}  // namespace sluice::storage
