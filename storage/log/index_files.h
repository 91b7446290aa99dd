#pragma once

#include <string>

#include "storage/log/resources.h"
#include "storage/log/segment.h"

namespace sluice::storage {

// The index files of one log's segments. They are disposable: what is missing or does not fit is
// made anew from the segment.
class IndexFiles {
public:
    IndexFiles(LogResources& resources, std::string directory)
        : resources_(resources), directory_(std::move(directory)) {}

    // A segment as far as it is written, by value: the log may drop it while we wait.
    struct Written {
        Offset base;
        std::uint64_t size = 0;
        // With what is on its way: the files may know of that already.
        std::uint64_t size_appended = 0;
        std::uint64_t offset_bytes = whole;
        std::uint64_t time_bytes = whole;
        std::uint32_t index_interval_bytes = 4096;
    };
    // All that is in the files.
    static constexpr std::uint64_t whole = UINT64_MAX;

    // What the files hold, valid until the next wait.
    Result<const SegmentIndex*> load(const Written& segment);
    // Makes both files anew by reading the segment. Error::corrupt when that is damaged.
    Result<const SegmentIndex*> rebuild(const Written& segment);
    // Appends `fresh` behind the entries on disk, and syncs.
    Result<void> append(const Written& segment, const SegmentIndex& fresh);

    // What the files hold if they fit the segment; no cache, no repair.
    Result<std::optional<SegmentIndex>> read_sound(const Written& segment);
    void forget(Offset base);
    std::string path(Offset base, std::string_view suffix) const;

private:
    Result<SegmentIndex> read(const Written& segment);
    Result<void> append_one(const std::string& path, std::uint64_t at, Slice bytes);

    LogResources& resources_;
    const std::string directory_;
};

}  // namespace sluice::storage
