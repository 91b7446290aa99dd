#include "storage/log/journal.h"

#include <algorithm>
#include <cstring>

#include "core/base/crc32c.h"
#include "core/base/probe.h"
#include "storage/log/log.h"

namespace sluice::storage {
namespace {

// How long to wait for segments before asking again.
constexpr Duration patience = milliseconds(100);

bool is_copied(const Tail::Piece& piece, std::size_t copy_bytes_max) {
    return piece.size <= copy_bytes_max;
}

// The whole pages that a piece stands in.
Slice pages_of(const Tail::Piece& piece) {
    const std::size_t from = page_floor(piece.at);
    return Slice(piece.buffer.data() + from, page_ceil(piece.at + piece.size) - from);
}

}  // namespace

Journal::Journal(const LogDoors& doors, std::string root, const LogOptions& options,
                 TailBudget& tails)
    : scheduler_(doors.scheduler),
      logger_(doors.logger),
      options_(options),
      tails_(tails),
      id_(Uuid::random(doors.random)),
      files_(doors.disk, std::move(root), options),
      synced_(doors.scheduler),
      moved_(doors.scheduler),
      closed_(options.journal_files_max == 0),
      writer_(doors.scheduler, "log-journal", [this] { run(); }) {}

void Journal::commit(Log& log) {
    if (failed_) return log.journal_failed();
    if (closed_) return log.write_behind();
    if (!log.journal_place().queued) {
        log.journal_place().queued = true;
        queue_.push_back(&log);
    }
    writer_.wake();
}

void Journal::forget(Log& log) {
    if (log.journal_place().queued) std::erase(queue_, &log);
    log.journal_place() = {};
    if (writing_ != nullptr)
        for (Part& part : writing_->parts)
            if (part.log == &log) part.log = nullptr;
    files_.forget(log);
    synced_.notify_all();
}

void Journal::close() {
    if (closed_) return;
    closed_ = true;
    logger_.warn("journal.closed",
                 {{"why", "a log cannot bring to its segments what it has here"}});
    synced_.notify_all();
    moved_.notify_all();
    writer_.wake();
}

// A record that is being written may have something of the log, and so may an attempt to write it
// that failed: the next one has not, and neither has that one's second attempt.
Result<broker::JournalMark> Journal::mark() {
    const bool in_doubt = writing_ != nullptr || retrying_;
    if (in_doubt) wanted_sequence_ = std::max(wanted_sequence_, next_sequence_);
    const std::uint64_t in_doubt_until = in_doubt ? next_sequence_ : 0;
    while (next_sequence_ <= in_doubt_until && !closed_ && !failed_) {
        SOMETIMES("cluster.journal_mark_waits", true);
        writer_.wake();
        CHECK_OK(moved_.wait());
    }
    if (failed_) return Error::io;
    // Whoever is closed writes nothing more.
    return broker::JournalMark{id_, closed_ ? UINT64_MAX : next_sequence_};
}

void Journal::hand_over() {
    for (Log* const log : std::exchange(queue_, {})) {
        log->journal_place().queued = false;
        log->write_behind();
    }
}

// How well one write serves many is what a slow disk is judged by.
void Journal::join() {
    writer_.join();
    const std::uint64_t writes = next_sequence_ - 1;
    if (writes == 0) return;
    logger_.info("journal.ended", {{"writes", std::to_string(writes)},
                                   {"bytes", std::to_string(bytes_written_)},
                                   {"bytes_per_write", std::to_string(bytes_written_ / writes)}});
}

void Journal::run() {
    while ((!queue_.empty() || next_sequence_ <= wanted_sequence_) && !closed_) {
        const auto done = commit_once();
        if (done) continue;
        if (done.error() == Error::stopped) return;
        if (done.error() != Error::no_space) return fail();
        for (Log* const log : queue_) log->journal_is_full();
        if (env::sleep_for(scheduler_, options_.full_disk_backoff).failed()) return;
    }
    if (closed_) hand_over();
}

Result<void> Journal::commit_once() {
    files_.recycle();
    relieve_memory();
    if (tails_.written_behind() > options_.cache_bytes_max) return wait_for_segments();
    Record record = gather();
    if (record.parts.empty() && next_sequence_ > wanted_sequence_) return {};
    const bool leaves = BUGGIFY("journal.next_file_early");
    if (leaves || !files_.fits(record.size.record_bytes())) {
        put_back(record);
        return make_room();
    }
    return write(record);
}

Journal::Record Journal::gather() {
    Record record;
    while (!queue_.empty() && record.size.payload_bytes() < options_.journal_commit_bytes_max &&
           record.size.entries < options_.journal_entries_max) {
        Log& log = *queue_.front();
        queue_.pop_front();
        log.journal_place().queued = false;
        const std::size_t room = options_.journal_commit_bytes_max - record.size.payload_bytes();
        Part part{&log, log.unsecured(room), log.secured_mark()};
        if (part.pieces.empty()) continue;
        for (const Tail::Piece& piece : part.pieces) part.mark += piece.size;
        Size size = record.size;
        size.add(log, part, options_.journal_copy_bytes_max);
        if (size.record_bytes() <= files_.record_bytes_max()) {
            record.size = size;
            record.parts.push_back(std::move(part));
            continue;
        }
        if (!record.parts.empty()) {
            queue_first(log);
            break;
        }
        SOMETIMES("journal.batch_too_large_for_a_file", true);
        log.write_behind();
    }
    return record;
}

void Journal::Size::add(const Log& log, const Part& part, std::size_t copy_bytes_max) {
    for (const Tail::Piece& piece : part.pieces) {
        ++entries;
        head += journal_entry_bytes(log.name());
        if (is_copied(piece, copy_bytes_max))
            copied += piece.size;
        else
            spanned += pages_of(piece).size();
    }
}

void Journal::queue_first(Log& log) {
    if (std::exchange(log.journal_place().queued, true)) return;
    queue_.push_front(&log);
}

void Journal::put_back(const Record& record) {
    for (auto part = record.parts.rbegin(); part != record.parts.rend(); ++part)
        if (part->log != nullptr) queue_first(*part->log);
}

// Goes on in the next file, which somebody may have to free first.
Result<void> Journal::make_room() {
    files_.recycle();
    if (!files_.may_begin_next()) {
        Record nothing;
        CHECK_OK(write(nothing));
        if (closed_) return {};
    }
    const auto begun = files_.begin_next(next_sequence_);
    if (files_.is_scarce()) relieve();
    if (begun.failed() && begun.error() == Error::limit) return wait_for_segments();
    return begun;
}

Result<void> Journal::wait_for_segments() {
    SOMETIMES("journal.waits_for_segments", true);
    relieve();
    const auto waited = synced_.wait_until(scheduler_.now() + patience);
    if (waited.failed() && waited.error() == Error::stopped) return Error::stopped;
    return {};
}

Result<void> Journal::write(Record& record) {
    const std::uint64_t oldest_needed = files_.oldest_needed(next_sequence_);
    const std::vector<Slice> pieces = encode(record, oldest_needed);
    writing_ = &record;
    const auto done = files_.write(pieces, record.size.record_bytes());
    writing_ = nullptr;
    retrying_ = done.failed();
    if (done.failed()) {
        put_back(record);
        return done;
    }
    SOMETIMES("journal.many_logs_in_a_record", record.parts.size() > 2);
    bytes_written_ += record.size.record_bytes();
    files_.written({.journal = id_,
                    .sequence = next_sequence_++,
                    .oldest_needed = oldest_needed,
                    .record_bytes = static_cast<std::uint32_t>(record.size.record_bytes())});
    tell(record);
    moved_.notify_all();
    return {};
}

// The head and small pieces in a buffer of the journal's, large ones from where they are.
std::vector<Slice> Journal::encode(const Record& record, std::uint64_t oldest_needed) {
    const std::size_t first_pages = page_ceil(record.size.head + record.size.copied);
    if (head_.size() < first_pages) head_ = Buffer::allocate(first_pages, page_bytes);
    const MutableSlice first = head_.all().first(first_pages);
    std::vector<Slice> pieces{first};
    JournalHead head{.journal = id_,
                     .sequence = next_sequence_,
                     .oldest_needed = oldest_needed,
                     .record_bytes = static_cast<std::uint32_t>(record.size.record_bytes())};
    std::size_t copied_to = record.size.head;
    std::size_t spanned_to = first_pages;
    for (const Part& part : record.parts) {
        for (const Tail::Piece& piece : part.pieces) {
            const Slice bytes(piece.buffer.data() + piece.at, piece.size);
            std::size_t at = copied_to;
            if (is_copied(piece, options_.journal_copy_bytes_max)) {
                std::memcpy(first.data() + at, bytes.data(), bytes.size());
                copied_to += bytes.size();
            } else {
                at = spanned_to + piece.at % page_bytes;
                pieces.push_back(pages_of(piece));
                spanned_to += pieces.back().size();
            }
            head.entries.push_back({.topic = part.log->topic(),
                                    .segment = piece.segment,
                                    .position = piece.position,
                                    .next = piece.next,
                                    .size = static_cast<std::uint32_t>(bytes.size()),
                                    .at = static_cast<std::uint32_t>(at),
                                    .crc = crc32c(bytes),
                                    .log = part.log->name()});
        }
    }
    ASSERT(spanned_to == record.size.record_bytes());
    const std::size_t head_bytes = encode_journal_head(head, first);
    ASSERT(head_bytes == record.size.head);
    std::ranges::fill(first.subspan(copied_to), std::uint8_t{0});
    return pieces;
}

void Journal::tell(const Record& record) {
    for (const Part& part : record.parts) {
        if (part.log == nullptr) continue;
        files_.holds(*part.log, part.pieces.back().next);
        part.log->journaled(part.mark, part.pieces.back().next);
    }
}

// Brings to their segments what the oldest file is kept for.
void Journal::relieve() {
    for (Log* const log : files_.awaited()) log->write_behind();
}

void Journal::relieve_memory() {
    const std::uint64_t behind = tails_.written_behind();
    relieved_at_ = std::min(relieved_at_, behind);
    if (behind <= options_.cache_bytes_max / 2) return;
    // Once for every eighth that was added.
    if (behind - relieved_at_ < options_.cache_bytes_max / 8) return;
    relieved_at_ = behind;
    relieve();
}

void Journal::fail() {
    failed_ = true;
    moved_.notify_all();
    logger_.error("journal.failed",
                  {{"remedy",
                    "look at the disk; the broker stops, and its next start brings what "
                    "was acknowledged to the logs"}});
    for (Log* const log : std::exchange(queue_, {})) {
        log->journal_place().queued = false;
        log->journal_failed();
    }
}

}  // namespace sluice::storage
