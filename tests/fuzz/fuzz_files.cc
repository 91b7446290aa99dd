// Feeds the files of a data directory to their parsers: a disk may give back anything. The first
// byte chooses.

#include <cstdint>

#include "core/base/assert.h"
#include "core/metadata/snapshot.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/names.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/quorum_state_file.h"
#include "storage/log/segment_index.h"

using namespace sluice;
using namespace sluice::storage;

namespace {

constexpr std::size_t decompressed_max = 1 << 20;

// What was read once is written as it was understood, and read again is the same.
void check_texts(std::string_view text) {
    if (const auto offsets = parse_offsets(text))
        ASSERT(parse_offsets(offsets_text(*offsets)) == offsets);
    if (const auto epochs = parse_epochs(text))
        ASSERT(parse_epochs(epochs_text(*epochs))->entries() == epochs->entries());
    if (const auto topic = parse_partition_metadata(text))
        ASSERT(parse_partition_metadata(partition_metadata_text(*topic)) == topic);
    if (const auto start = parse_start(text)) ASSERT(parse_start(start_text(*start)) == start);
    if (const auto meta = parse_meta_properties(text))
        ASSERT(parse_meta_properties(meta_properties_text(*meta)) == meta);
    if (const auto file = parse_offset_file(text))
        ASSERT(offset_file(file->offset, file->suffix) == text);
    if (const auto file = parse_metadata_snapshot_file(text))
        ASSERT(metadata_snapshot_file(file->end, file->epoch) == text);
    (void)parse_log_name(text);
    if (const auto state = parse_quorum_state(text))
        ASSERT(parse_quorum_state(quorum_state_text(*state, {})) == state);
}

void check_snapshot_of_producers(Slice bytes) {
    replication::ProducerStates states(replication::ProducerStates::Options{});
    if (restore_snapshot(bytes, states).failed()) return;
    const auto written = snapshot_bytes(states);
    replication::ProducerStates again(replication::ProducerStates::Options{});
    ASSERT(restore_snapshot(written, again));
    ASSERT(snapshot_bytes(again) == written);
}

void check_snapshot_of_metadata(Slice bytes) {
    const metadata::Snapshot snapshot{Offset(100), LeaderEpoch(1), Bytes::copy_of(bytes)};
    const auto image = metadata::decode_snapshot(snapshot, decompressed_max);
    if (image.failed()) return;
    const auto again = metadata::decode_snapshot(metadata::encode_snapshot(*image, Timestamp(0)),
                                                 decompressed_max);
    ASSERT(again && metadata::equal(*again, *image));
}

// Both halves are an index each; nothing may be asked of one that is not sound.
void check_indexes(Slice bytes) {
    const Slice offsets = bytes.first(bytes.size() / 2);
    const Slice times = bytes.subspan(bytes.size() / 2);
    SegmentIndex index(Offset(1000), {offsets.begin(), offsets.end()},
                       {times.begin(), times.end()});
    index.drop_zeros();
    if (!index.is_sound(1 << 20)) return;
    for (const std::int64_t at : {0, 999, 1000, 1500, 1 << 30}) {
        const auto entry = index.floor(Offset(at));
        ASSERT(!entry || (entry->offset <= Offset(at) && entry->position < (1 << 20)));
        const auto time = index.floor(Timestamp(at));
        ASSERT(!time || time->timestamp <= Timestamp(at));
        (void)index.time_floor(Offset(at));
    }
    index.truncate(Offset(1200));
    const auto last = index.last_offset();
    ASSERT(!last || last->offset < Offset(1200));
    (void)index.last_time();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Slice bytes(data + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            check_texts(as_text(bytes));
            break;
        case 1:
            check_snapshot_of_producers(bytes);
            break;
        case 2:
            check_snapshot_of_metadata(bytes);
            break;
        default:
            check_indexes(bytes);
    }
    return 0;
}
