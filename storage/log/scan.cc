#include "storage/log/scan.h"

#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/file_io.h"
#include "storage/log/pages.h"

namespace sluice::storage {
namespace {

using protocol::BatchView;

// What of some bytes of a segment answers a read.
struct Cut {
    std::size_t skipped = 0;  // Batches before the first one to give.
    std::size_t size = 0;     // Of those to give.
    Offset next = {};         // Behind them.
    bool done = false;        // There is nothing more to give.
    bool damaged = false;
    std::size_t needed = 0;  // The batch to begin with is that large and not all here.
};

Cut cut_batches(Slice bytes, const broker::PartitionLog::ReadRange& range) {
    Cut cut;
    // The CRC does not cover offsets, but each batch begins where the one before it ends.
    std::optional<Offset> expected;
    for (;;) {
        const Slice rest = bytes.subspan(cut.skipped + cut.size);
        const auto batch = protocol::first_batch(rest);
        if (batch.failed()) {
            cut.damaged = batch.error() != protocol::BatchFault::incomplete && !rest.empty();
            cut.needed = batch_size_of(rest).value_or(0);
            return cut;
        }
        const bool first = cut.size == 0;
        if ((expected && batch->base_offset() != *expected) || batch->last_offset_delta() < 0) {
            cut.damaged = first;
            cut.done = !first;
            return cut;
        }
        expected = batch->next_offset();
        if (batch->next_offset() <= range.from) {
            cut.skipped += batch->size();
            continue;
        }
        if (first && batch->base_offset() > range.from) return {.damaged = true};
        cut.done = batch->base_offset() >= range.before ||
                   (cut.size + batch->size() > range.bytes_max && !(first && range.at_least_one));
        if (cut.done) return cut;
        if (!batch->crc_matches()) {
            // Those before it are sound; whoever asks for this one learns of it.
            cut.damaged = first;
            cut.done = !first;
            return cut;
        }
        cut.size += batch->size();
        cut.next = batch->next_offset();
    }
}

}  // namespace

Result<Slice> read_pages(env::File& file, std::uint64_t offset, std::size_t size, Buffer into) {
    ASSERT(offset % page_bytes == 0);
    const MutableSlice pages = into.all().first(page_ceil(size));
    std::size_t done = 0;
    while (done < size) {
        TRY(const std::size_t count, file.read(offset + done, pages.subspan(done)));
        if (count == 0) break;
        done += count;
    }
    return Slice(pages).first(std::min(done, size));
}

std::optional<std::size_t> batch_size_of(Slice bytes) {
    if (bytes.size() < protocol::batch_prefix_size) return std::nullopt;
    const auto length = load_big<std::int32_t>(bytes.data() + protocol::batch_at::batch_length);
    const std::int64_t size = std::int64_t{length} + std::int64_t{protocol::batch_prefix_size};
    if (size < static_cast<std::int64_t>(protocol::batch_header_size)) return std::nullopt;
    return static_cast<std::size_t>(size);
}

Result<bool> Scan::fill(std::size_t size_min) {
    const std::uint64_t left = end_ - position_;
    if (size_min > left) return false;
    const std::size_t wanted = std::max(std::min(read_bytes_, read_bytes_max_), size_min);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, wanted));
    read_bytes_ = std::min(2 * read_bytes_, read_bytes_max_);
    CHECK_OK(write_again());
    buffer_begin_ = page_floor(position_);
    const auto lead = static_cast<std::size_t>(position_ - buffer_begin_);
    if (buffer_.size() < page_ceil(lead + size))
        buffer_ = Buffer::allocate(page_ceil(lead + size), page_bytes);
    TRY(const Slice read, read_pages(file_, buffer_begin_, lead + size, buffer_));
    rest_ = read.subspan(std::min(lead, read.size()));
    return rest_.size() >= size_min;
}

Result<void> Scan::write_again() {
    const std::uint64_t from = std::max(again_from_, buffer_begin_);
    if (from >= position_) return {};
    const Slice sound(buffer_.data() + (from - buffer_begin_), position_ - from);
    CHECK_OK(write_fully(file_, from, sound));
    again_from_ = position_;
    return {};
}

Result<std::optional<BatchView>> Scan::next() {
    if (damaged_ || position_ >= end_) {
        batch_size_ = 0;
        return std::optional<BatchView>();
    }
    auto batch = protocol::first_batch(rest_);
    if (batch.failed() && batch.error() == protocol::BatchFault::incomplete) {
        TRY(bool filled, fill(protocol::batch_header_size));
        const auto size = filled ? batch_size_of(rest_) : std::nullopt;
        if (size && *size > rest_.size()) {
            TRY(filled, fill(*size));
        }
        if (filled) batch = protocol::first_batch(rest_);
    }
    batch_size_ = 0;
    const bool sound = batch && (batch->crc_matches() || PLANT("log.recovery_skips_crc"));
    if (!sound || batch->last_offset_delta() < 0) {
        damaged_ = true;
        return std::optional<BatchView>();
    }
    batch_size_ = batch->size();
    position_ += batch_size_;
    rest_ = rest_.subspan(batch_size_);
    return std::optional<BatchView>(*batch);
}

Result<DiskRead> read_segment(env::File& file, PageHeap& heap, const SegmentRead& read) {
    std::uint64_t position = read.position;
    std::uint64_t wanted = read.range.bytes_max + read.slack_bytes;
    while (position < read.end) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(wanted, read.end - position));
        const std::uint64_t begin = page_floor(position);
        const auto lead = static_cast<std::size_t>(position - begin);
        Buffer buffer = heap.take(page_ceil(lead + size));
        TRY(const Slice pages, read_pages(file, begin, lead + size, buffer));
        if (pages.size() < lead + size) return Error::corrupt;
        const Slice bytes = pages.subspan(lead);
        const Cut cut = cut_batches(bytes, read.range);
        if (cut.damaged && cut.size == 0) return Error::corrupt;
        if (cut.size > 0) {
            DiskRead result;
            result.next = cut.next;
            result.batches.size = cut.size;
            const Slice batches = bytes.subspan(cut.skipped, cut.size);
            result.batches.pieces.emplace_back(std::move(buffer), batches);
            return result;
        }
        if (cut.done) return DiskRead{};
        // Not there yet, or the batch does not fit: go on from it, with room for all of it.
        position += cut.skipped;
        if (cut.needed > read.end - position) return Error::corrupt;
        wanted = std::max<std::uint64_t>(
            {cut.needed, read.range.bytes_max + read.slack_bytes, protocol::batch_header_size});
        if (cut.skipped == 0 && size >= wanted) return Error::corrupt;
    }
    return Error::corrupt;
}

}  // namespace sluice::storage
