#include "storage/log/index_files.h"

#include "storage/log/file_io.h"
#include "storage/log/names.h"
#include "storage/log/scan.h"

namespace sluice::storage {
namespace {

std::vector<std::uint8_t> first_bytes(const Buffer& content, std::uint64_t size) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(content.size(), size));
    return {content.data(), content.data() + count};
}

// Does a file hold the entries that were written to it?
bool is_short(const std::vector<std::uint8_t>& bytes, std::uint64_t expected) {
    return expected != IndexFiles::whole && bytes.size() < expected;
}

}  // namespace

std::string IndexFiles::path(Offset base, std::string_view suffix) const {
    return join(directory_, offset_file(base, suffix));
}

Result<SegmentIndex> IndexFiles::read(const Written& segment) {
    env::Disk& disk = resources_.doors.disk;
    const std::size_t size_max = resources_.options.small_file_bytes_max;
    TRY(const Buffer offsets, read_file(disk, path(segment.base, index_suffix), size_max));
    TRY(const Buffer times, read_file(disk, path(segment.base, time_index_suffix), size_max));
    auto offset_bytes = first_bytes(offsets, segment.offset_bytes);
    auto time_bytes = first_bytes(times, segment.time_bytes);
    if (is_short(offset_bytes, segment.offset_bytes) || is_short(time_bytes, segment.time_bytes))
        return Error::corrupt;
    SegmentIndex index(segment.base, std::move(offset_bytes), std::move(time_bytes));
    index.drop_zeros();
    if (!index.is_sound(segment.size_appended)) return Error::corrupt;
    return index;
}

Result<const SegmentIndex*> IndexFiles::load(const Written& segment) {
    const std::string key = path(segment.base, log_suffix);
    if (const SegmentIndex* const known = resources_.indexes.find(key)) return known;
    auto index = read(segment);
    if (index.failed()) {
        const Error error = index.error();
        if (error == Error::stopped || error == Error::io) return error;
        return rebuild(segment);
    }
    return &resources_.indexes.add(key, std::move(*index));
}

Result<std::optional<SegmentIndex>> IndexFiles::read_sound(const Written& segment) {
    auto index = read(segment);
    if (index) return std::optional<SegmentIndex>(std::move(*index));
    if (index.error() == Error::stopped || index.error() == Error::io) return index.error();
    return std::optional<SegmentIndex>();
}

Result<const SegmentIndex*> IndexFiles::rebuild(const Written& segment) {
    const std::string key = path(segment.base, log_suffix);
    Segment made(segment.base);
    {
        TRY(const auto file, resources_.files.open(key, env::OpenMode::read));
        Scan scan(*file, {.from = 0, .end = segment.size}, resources_.options.scan_bytes);
        for (;;) {
            TRY(const auto batch, scan.next());
            if (!batch) break;
            made.add({.base = batch->base_offset(),
                      .next = batch->next_offset(),
                      .size = static_cast<std::uint32_t>(batch->size()),
                      .max_timestamp = batch->max_timestamp()},
                     segment.index_interval_bytes);
        }
        if (scan.damaged()) return Error::corrupt;
    }
    made.close();
    const bool complete = segment.offset_bytes == whole;
    const SegmentIndex& index = resources_.indexes.add(key, std::move(made.fresh));
    // The files of the active segment are appended to where they should end: what stands in them
    // differs only while this process lives.
    if (!complete) return &index;
    const std::vector<std::uint8_t> offsets(index.offset_bytes().begin(),
                                            index.offset_bytes().end());
    const std::vector<std::uint8_t> times(index.time_bytes().begin(), index.time_bytes().end());
    env::Disk& disk = resources_.doors.disk;
    // Failing to keep it costs the same work again, later.
    (void)replace_file(disk, directory_, offset_file(segment.base, index_suffix), offsets);
    (void)replace_file(disk, directory_, offset_file(segment.base, time_index_suffix), times);
    return &resources_.indexes.add(key, SegmentIndex(segment.base, offsets, times));
}

Result<void> IndexFiles::append(const Written& segment, const SegmentIndex& fresh) {
    CHECK_OK(
        append_one(path(segment.base, index_suffix), segment.offset_bytes, fresh.offset_bytes()));
    CHECK_OK(
        append_one(path(segment.base, time_index_suffix), segment.time_bytes, fresh.time_bytes()));
    forget(segment.base);
    return {};
}

Result<void> IndexFiles::append_one(const std::string& path, std::uint64_t at, Slice bytes) {
    TRY(const auto file, resources_.doors.disk.open(path, env::OpenMode::create));
    CHECK_OK(file->truncate(at));
    CHECK_OK(write_fully(*file, at, bytes));
    return file->sync();
}

void IndexFiles::forget(Offset base) {
    resources_.indexes.forget(path(base, log_suffix));
}

}  // namespace sluice::storage
