#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {

// What a partition asks of a batch before its leader appends it.
struct ValidationRules {
    // False for what the broker itself writes: coordinators' records and control batches.
    bool from_client = true;
    // Of the produce request. Before 7 a consumer might not know zstd.
    Version produce_version{7};
    // max.message.bytes, of the batch as it is stored.
    std::size_t batch_bytes_max = 1'048'588;
    // What a compressed batch may become while it is checked.
    std::size_t decompressed_bytes_max = std::size_t{64} << 20;
    // cleanup.policy contains compact: every record needs a key.
    bool compacted = false;
    // message.timestamp.type, and how far before and after now a producer's timestamp may lie.
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t timestamp_before_max_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t timestamp_after_max_ms = 3'600'000;
    Timestamp now{};
    // So many bad records are named in the answer, at most.
    std::size_t record_errors_max = 100;
};

// What a log needs to know of a batch that it may append.
struct ValidatedBatch {
    std::int32_t record_count = 0;
    std::int32_t last_offset_delta = 0;
    CompressionType compression = CompressionType::none;
    // What the log's header must say; needs_stamp when the batch says otherwise, and the log then
    // calls stamp_batch on its copy.
    TimestampType timestamp_type = TimestampType::create_time;
    Timestamp max_timestamp = no_timestamp;
    bool needs_stamp = false;
    // The first record with that timestamp. Time indexes are about whole batches and use
    // last_offset_delta, as Kafka's do.
    std::int32_t max_timestamp_offset_delta = 0;
    ProducerId producer_id = no_producer_id;
    ProducerEpoch producer_epoch = no_producer_epoch;
    Sequence base_sequence = no_sequence;
    Sequence last_sequence = no_sequence;
    bool is_transactional = false;
    bool is_control = false;
    // Of the records, uncompressed.
    std::size_t uncompressed_size = 0;

    bool has_producer_id() const { return producer_id > no_producer_id; }
};

// One bad record, by its position in the batch.
struct BadRecord {
    std::int32_t index = 0;
    std::string message{};
};

// Why a batch is refused, in the words of the reply.
struct BatchError {
    ErrorCode code = ErrorCode::none;
    std::string message{};
    std::vector<BadRecord> records{};
};

// Checks everything about the bytes of one partition in a produce request: that they are exactly
// one batch of format 2, whole, unharmed, allowed by the rules, and that every record in it is
// sound. What Kafka does on append, except that records out of order in a compressed batch are
// refused where Kafka, for the sake of clients from before 0.11, writes the batch anew. Allocates
// nothing for uncompressed batches.
[[nodiscard]] Result<ValidatedBatch, BatchError> validate_batch(Slice bytes,
                                                                const ValidationRules& rules);

}  // namespace sluice::protocol
