// Feeds record batches to everything that reads them before anybody vouches for them.

#include <cstdint>

#include "core/base/assert.h"
#include "core/base/endian.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "core/protocol/validate_batch.h"

using namespace sluice;
using namespace sluice::protocol;

namespace {

constexpr std::size_t decompressed_max = 1 << 20;

// Reads every record, and says how many there were; -1 when they are not what the batch says.
std::int64_t count_records(const Bytes& batch) {
    const auto records = records_of(batch, decompressed_max);
    if (records.failed()) return -1;
    ASSERT(records->size() <= std::max(decompressed_max, batch.size()));
    RecordReader reader(BatchView(batch.view()), records->view());
    std::int64_t count = 0;
    while (const auto record = reader.next()) {
        HeaderReader headers(*record);
        while (headers.next()) {
        }
        ASSERT(headers.finished_well());
        (void)reader.offset_of(*record);
        (void)reader.timestamp_of(*record);
        ++count;
    }
    return reader.finished_well() ? count : -1;
}

void check(const Bytes& batch) {
    ValidationRules rules;
    rules.now = Timestamp(1'700'000'000'000);
    rules.decompressed_bytes_max = decompressed_max;
    for (const bool compacted : {false, true}) {
        rules.compacted = compacted;
        const auto validated = validate_batch(batch.view(), rules);
        if (validated.failed())
            ASSERT(validated.error().code != ErrorCode::none);
        else
            ASSERT(count_records(batch) == validated->record_count);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = Bytes::copy_of(Slice(data, size));
    BatchSplitter splitter(input.view());
    while (const auto batch = splitter.next()) {
        (void)batch->next_offset();
        (void)batch->last_sequence();
        (void)count_records(Bytes::copy_of(batch->bytes()));
    }
    check(input);

    // Once more with a checksum that matches, which a fuzzer would never find.
    const auto first = first_batch(input.view());
    if (first.failed()) return 0;
    Buffer fixed = Buffer::copy_of(first->bytes());
    store_big(fixed.data() + batch_at::base_offset, std::int64_t{0});
    store_big(fixed.data() + batch_at::crc, first->computed_crc());
    check(Bytes(fixed));
    return 0;
}
