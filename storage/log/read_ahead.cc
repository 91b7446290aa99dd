#include "storage/log/read_ahead.h"

#include <algorithm>
#include <utility>

#include "core/base/probe.h"
#include "storage/log/log.h"

namespace sluice::storage {
namespace {

// Who has not come back after so long reads no further, or slowly.
constexpr Duration reader_patience = seconds(2);
constexpr std::size_t readers_max = 256;

}  // namespace

ReadAhead::Readers::iterator ReadAhead::find(const Log& log, Offset next) {
    return std::ranges::find_if(
        readers_, [&](const Reader& reader) { return reader.log == &log && reader.next == next; });
}

void ReadAhead::erase(Readers::iterator reader) {
    ASSERT(!reader->reading);
    bytes_ -= reader->bytes;
    readers_.erase(reader);
}

std::optional<DiskRead> ReadAhead::take(const Log& log,
                                        const broker::PartitionLog::ReadRange& range) {
    for (;;) {
        const auto reader = find(log, range.from);
        if (reader == readers_.end()) return std::nullopt;
        if (reader->reading) {
            if (done_.wait().failed()) return std::nullopt;
            continue;
        }
        std::optional<DiskRead> ahead = std::exchange(reader->ahead, std::nullopt);
        bytes_ -= std::exchange(reader->bytes, 0);
        // He wants less than before; or it was read for a follower, who sees what is not committed.
        const bool is_too_much =
            ahead &&
            (ahead->batches.size > range.bytes_max ||
             (ahead->next > range.before && !PLANT("log.read_ahead_of_what_is_committed")));
        if (is_too_much) return std::nullopt;
        SOMETIMES("log.read_ahead", ahead.has_value());
        return ahead;
    }
}

void ReadAhead::given(Log& log, const broker::PartitionLog::ReadRange& range, Offset next) {
    const auto reader = find(log, range.from);
    const bool goes_on = reader != readers_.end();
    // Two who read the same piece are one from here on.
    const bool somebody_is_there = find(log, next) != readers_.end();
    if (goes_on && reader->reading) return;
    if (goes_on && somebody_is_there) erase(reader);
    if (somebody_is_there) return;
    const Time now = scheduler_.now();
    if (!goes_on && readers_.size() < readers_max)
        readers_.push_back({.log = &log, .next = next, .since = now});
    if (!goes_on) return;
    reader->next = next;
    reader->since = now;
    auto further = range;
    further.from = next;
    begin(log, *reader, further);
}

void ReadAhead::begin(Log& log, Reader& reader, const broker::PartitionLog::ReadRange& range) {
    if (bytes_ + range.bytes_max > bytes_max_ || !log.has_on_disk(range.from)) return;
    const auto spawned =
        fibers_.spawn("read-ahead", [this, &log, &reader, range] { read(log, reader, range); });
    if (spawned.failed()) return;
    reader.reading = true;
    reader.bytes = range.bytes_max;
    bytes_ += range.bytes_max;
}

void ReadAhead::read(Log& log, Reader& reader, const broker::PartitionLog::ReadRange& range) {
    if (reader.log != nullptr) {
        auto ahead = log.read_ahead(range);
        // Whoever asks for it finds out why not.
        if (ahead && ahead->batches.size > 0) reader.ahead = std::move(*ahead);
    }
    reader.reading = false;
    if (!reader.ahead) bytes_ -= std::exchange(reader.bytes, 0);
    if (reader.log == nullptr)
        erase(std::ranges::find_if(readers_, [&](const Reader& each) { return &each == &reader; }));
    done_.notify_all();
}

void ReadAhead::trim() {
    const Time now = scheduler_.now();
    for (auto reader = readers_.begin(); reader != readers_.end();) {
        const auto each = reader++;
        if (!each->reading && now - each->since > reader_patience) erase(each);
    }
}

void ReadAhead::forget(const Log& log) {
    for (auto reader = readers_.begin(); reader != readers_.end();) {
        const auto each = reader++;
        if (each->log != &log) continue;
        // Its fiber has not begun; it must not look at the log.
        each->log = nullptr;
        if (!each->reading) erase(each);
    }
}

}  // namespace sluice::storage
