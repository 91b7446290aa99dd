#include "storage/log/journal_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/file_io.h"
#include "storage/log/log.h"
#include "storage/log/names.h"

namespace sluice::storage {
namespace {

constexpr std::size_t zeros_bytes = 64 << 10;

}  // namespace

JournalFiles::JournalFiles(env::Disk& disk, std::string root, const LogOptions& options)
    : disk_(disk),
      root_(std::move(root)),
      options_(options),
      file_bytes_(page_floor(options.journal_file_bytes)) {
    ASSERT(file_bytes_ >= 2 * page_bytes);
    ASSERT(options.journal_files_max != 1);
}

// One page is kept for a record that says which files are free.
bool JournalFiles::fits(std::size_t record_bytes) const {
    return !used_.empty() && position_ + record_bytes + page_bytes <= file_bytes_;
}

// A durable write costs more where the file grows: it grows by more than the record, with zeros.
Result<void> JournalFiles::write(std::span<const Slice> pieces, std::size_t record_bytes) {
    File& file = used_.back();
    ASSERT(position_ + record_bytes <= file_bytes_);
    std::vector<Slice> all(pieces.begin(), pieces.end());
    const std::uint64_t end = position_ + record_bytes;
    std::uint64_t size = std::max(file.size, end);
    if (end > file.size) {
        if (!zeros_) {
            zeros_ = Buffer::allocate(zeros_bytes, page_bytes);
            std::ranges::fill(zeros_.all(), std::uint8_t{0});
        }
        const std::uint64_t step = options_.journal_growth_bytes;
        size = std::min((end + step - 1) / step * step, file_bytes_);
        for (std::uint64_t at = end; at < size; at += zeros_bytes)
            all.push_back(zeros_.all().first(std::min<std::uint64_t>(zeros_bytes, size - at)));
    }
    std::uint64_t written = 0;
    const auto done = PLANT("journal.acknowledged_before_sync")
                          ? write_fully(*file.file, position_, all, written)
                          : write_durably(*file.file, position_, all, written);
    file.size = std::max(file.size, page_floor(position_ + written));
    // A disk that has room for the record but not for the zeros is good enough.
    if (done.failed() && (done.error() != Error::no_space || written < record_bytes)) return done;
    return {};
}

void JournalFiles::holds(Log& log, Offset end) {
    File& file = used_.back();
    JournalPlace& place = log.journal_place();
    if (place.file == file.number) {
        file.holdings[place.index].end = end;
        return;
    }
    place.file = file.number;
    place.index = file.holdings.size();
    file.holdings.push_back({&log, end});
}

void JournalFiles::written(const JournalHead& head) {
    position_ += head.record_bytes;
    used_.back().last_sequence = head.sequence;
    needed_on_disk_ = head.oldest_needed;
}

bool JournalFiles::is_needed(const File& file) const {
    if (PLANT("journal.recycled_before_segments_synced")) return false;
    return std::ranges::any_of(file.holdings, [](const Holding& holding) {
        return holding.log != nullptr && holding.log->synced() < holding.end;
    });
}

void JournalFiles::recycle() {
    while (used_.size() > 1 && !is_needed(used_.front())) {
        SOMETIMES("journal.file_freed", true);
        used_.front().holdings.clear();
        free_.push_back(std::move(used_.front()));
        used_.pop_front();
    }
}

std::uint64_t JournalFiles::oldest_needed(std::uint64_t next) const {
    return used_.empty() ? next : used_.front().first_sequence;
}

bool JournalFiles::may_begin_next() const {
    return free_.empty() || free_.front().last_sequence < needed_on_disk_;
}

Result<void> JournalFiles::begin_next(std::uint64_t sequence) {
    if (free_.empty()) {
        if (used_.size() >= options_.journal_files_max) return Error::limit;
        CHECK_OK(make_file());
    }
    SOMETIMES("journal.file_used_again", free_.front().last_sequence > 0);
    SOMETIMES("journal.went_to_another_file", !used_.empty());
    used_.push_back(std::move(free_.front()));
    free_.pop_front();
    File& file = used_.back();
    file.number = ++files_begun_;
    file.first_sequence = sequence;
    position_ = 0;
    return {};
}

// Its name must be durable before anything in it can be.
Result<void> JournalFiles::make_file() {
    File made;
    for (;;) {
        const std::string path = join(root_, fmt::format("{}{}", journal_prefix, next_name_++));
        auto file = disk_.open(path, env::OpenMode::create_new);
        if (file.failed() && file.error() == Error::exists) continue;
        if (file.failed()) return file.error();
        made.file = std::move(*file);
        break;
    }
    CHECK_OK(disk_.sync_directory(root_));
    free_.push_back(std::move(made));
    return {};
}

// Half of the files should be free when the next one is wanted: what they wait for takes time.
bool JournalFiles::is_scarce() const {
    return used_.size() > 1 && 2 * used_.size() >= options_.journal_files_max;
}

std::vector<Log*> JournalFiles::awaited() const {
    std::vector<Log*> logs;
    if (used_.empty()) return logs;
    for (const Holding& holding : used_.front().holdings)
        if (holding.log != nullptr && holding.log->synced() < holding.end)
            logs.push_back(holding.log);
    return logs;
}

void JournalFiles::forget(const Log& log) {
    for (File& file : used_)
        for (Holding& holding : file.holdings)
            if (holding.log == &log) holding.log = nullptr;
}

}  // namespace sluice::storage
