#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/protocol/compression.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {

// A header of a record to be written; `value` is nothing for null.
struct NewHeader {
    std::string_view key{};
    std::optional<Slice> value{};
};

// A record to be written; the builder copies its parts. `key` and `value` are nothing for null.
struct NewRecord {
    Timestamp timestamp{};
    std::optional<Slice> key{};
    std::optional<Slice> value{};
    std::vector<NewHeader> headers{};
};

// What stands in the header of a batch to be written.
struct BatchOptions {
    CompressionType compression = CompressionType::none;
    CompressionLevel level{};
    Offset base_offset{};
    LeaderEpoch leader_epoch = no_leader_epoch;
    TimestampType timestamp_type = TimestampType::create_time;
    ProducerId producer_id = no_producer_id;
    ProducerEpoch producer_epoch = no_producer_epoch;
    Sequence base_sequence = no_sequence;
    bool is_transactional = false;
    bool is_control = false;
};

// Collects records and writes them as one batch. Owned by one producer or one test; never waits.
class RecordBatchBuilder {
public:
    explicit RecordBatchBuilder(BatchOptions options = {}) : options_(options) {}

    // Adds a record at the next offset.
    void append(const NewRecord& record);

    // Whose batch it is, for a producer that learns its sequence only when the batch goes out.
    void set_producer(ProducerId id, ProducerEpoch epoch, Sequence base_sequence) {
        options_.producer_id = id;
        options_.producer_epoch = epoch;
        options_.base_sequence = base_sequence;
    }

    std::int32_t record_count() const { return count_; }
    bool empty() const { return count_ == 0; }
    // Of the batch if it were built now without compression.
    std::size_t uncompressed_size() const { return batch_header_size + records_.size(); }

    // The batch with all records so far, its CRC included. The builder stays as it is.
    Bytes build() const;

private:
    void put_number(std::int64_t n);
    void put_bytes(const std::optional<Slice>& bytes);

    BatchOptions options_;
    std::int32_t count_ = 0;
    Timestamp base_timestamp_ = no_timestamp;
    Timestamp max_timestamp_ = no_timestamp;
    std::vector<std::uint8_t> records_;
    // One record while its length is not known.
    std::vector<std::uint8_t> body_;
};

}  // namespace sluice::protocol
