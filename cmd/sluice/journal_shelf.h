#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmd/sluice/mapped_file.h"
#include "storage/log/journal_record.h"

namespace sluice::cmd {

// A record of a journal that is whole.
struct JournalRecord {
    std::uint64_t position = 0;  // In its file.
    storage::JournalHead head;
    Slice bytes;  // All of it.
};

// Those of a journal file, in the order of the file. A file that is used again has older ones
// behind the newest, and torn ones between: neither is damage.
std::vector<JournalRecord> journal_records_in(Slice file);

// The journals of a data directory, as who looks at it from outside finds them: a broker may be
// writing to them meanwhile.
class JournalShelf {
public:
    // Whole batches of a segment that may not be in it yet.
    struct Piece {
        std::uint64_t position = 0;  // In the segment's file.
        Offset next;
        Slice bytes;
    };
    using Segments = std::map<Offset, std::vector<Piece>>;  // By base offset; in the file's order.

    // `paths` are journal files. The message is the system's.
    static Result<JournalShelf, std::string> of(const std::vector<std::string>& paths);

    // What records that are still needed have of a log.
    // Of whatever topic when none is given.
    Segments segments_of(const std::string& log, const std::optional<TopicId>& topic) const;
    // Records that were durable, are needed, and are not there.
    std::vector<std::string> lost_records() const;

private:
    using Records = std::map<std::uint64_t, JournalRecord>;  // By number.

    std::vector<MappedFile> files_;
    std::map<Uuid, Records> journals_;
};

}  // namespace sluice::cmd
