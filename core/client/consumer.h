#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/client/cluster.h"
#include "core/client/refusal.h"

namespace sluice::client {

// auto.offset.reset: where to go on when a position is gone or there is none.
enum class OffsetReset { earliest, latest, none };

// What a consumer is made with; nothing of it changes later. Kafka's names stand beside.
struct ConsumerOptions {
    std::size_t fetch_bytes_max = 50 << 20;          // fetch.max.bytes
    std::size_t partition_bytes_max = 1 << 20;       // max.partition.fetch.bytes
    std::int32_t fetch_bytes_min = 1;                // fetch.min.bytes
    std::size_t decompressed_bytes_max = 128 << 20;  // Of one batch.
    OffsetReset reset = OffsetReset::earliest;
    // Batches whose CRC does not match are refused: Error::corrupt.
    bool check_crc = true;
};

// A record as it was read; its parts keep the fetched buffer alive.
struct ReadRecord {
    TopicPartition partition;
    Offset offset;
    Timestamp timestamp;
    std::optional<Bytes> key;
    std::optional<Bytes> value;
    std::vector<std::pair<std::string, std::optional<Bytes>>> headers;
};

// Reads partitions that it was assigned, each from a position of its own.
class Consumer {
public:
    Consumer(Cluster& cluster, ConsumerOptions options)
        : cluster_(cluster), options_(options), line_(cluster.new_line()) {}
    ~Consumer() { cluster_.give_back(line_); }
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    // Where to begin: an offset, or the earliest, the latest, or the first record at or after a
    // time.
    static constexpr Offset earliest{-2};
    static constexpr Offset latest{-1};
    void assign(const TopicPartition& partition, Offset from);
    void unassign(const TopicPartition& partition) { positions_.erase(partition); }
    // Every partition of a topic.
    Result<void> assign_topic(const std::string& topic, Offset from);
    // Nothing when no record is so late. Error::not_found for a partition without a leader.
    Result<std::optional<Offset>, Refusal> offset_at(const TopicPartition& partition,
                                                     Timestamp time);

    // Waits at most `time` for records; none is no failure. Partitions whose leader is away are
    // tried again with the next poll. Error::corrupt for a damaged batch, once everything before it
    // was given; Error::invalid for an offset out of range when it may not be reset.
    Result<std::vector<ReadRecord>> poll(Duration time);
    // Where the last damaged batch stands: it has that offset's record.
    struct Damage {
        TopicPartition partition;
        Offset offset;
    };
    const std::optional<Damage>& damage() const { return damage_; }

    // The next offset to read; nothing before the first poll has found it.
    std::optional<Offset> position(const TopicPartition& partition) const;
    // As of the last poll: the end that readers see.
    std::optional<Offset> high_watermark(const TopicPartition& partition) const;
    // Why the last poll brought nothing of it: what its leader answers, LEADER_NOT_AVAILABLE, or
    // UNKNOWN_TOPIC_OR_PARTITION once its topic is deleted. The next poll tries again.
    std::optional<protocol::ErrorCode> trouble(const TopicPartition& partition) const;
    std::vector<TopicPartition> assignment() const;

private:
    struct Position {
        Offset next;  // Or earliest / latest until they are looked up.
        Offset high_watermark{-1};
        bool found = false;
        std::optional<protocol::ErrorCode> trouble = {};
    };
    Result<void> find_positions();
    void note_no_leader(const TopicPartition& partition, Position& position) const;
    Result<Offset, Refusal> look_up(const TopicPartition& partition, Timestamp time);
    Result<void> fetch_from(BrokerId leader, const std::vector<TopicPartition>& partitions,
                            Duration time, std::vector<ReadRecord>& records);
    Result<void> take(const TopicPartition& partition,
                      const protocol::FetchResponse::Partition& answer,
                      std::vector<ReadRecord>& records);
    Result<void> take_records(const TopicPartition& partition, const Bytes& batches,
                              std::vector<ReadRecord>& records);

    Cluster& cluster_;
    const ConsumerOptions options_;
    const Cluster::Line line_;
    std::map<TopicPartition, Position> positions_;
    std::optional<Damage> damage_;
};

}  // namespace sluice::client
