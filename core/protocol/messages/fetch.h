#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct FetchRequest {
    static constexpr Versions versions = between(4, 18);
    static constexpr Versions flexible = since(12);

    struct ReplicaState {
        BrokerId replica_id{-1};
        BrokerEpoch replica_epoch{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("replica_id", since(15)), &ReplicaState::replica_id);
            visit(field("replica_epoch", since(15)), &ReplicaState::replica_epoch);
        }
        bool operator==(const ReplicaState&) const = default;
    };

    struct Partition {
        PartitionIndex partition{};
        LeaderEpoch current_leader_epoch{-1};
        Offset fetch_offset{};
        // The epoch of the last record the follower has, by which the leader finds divergence.
        LeaderEpoch last_fetched_epoch{-1};
        Offset log_start_offset{-1};
        std::int32_t partition_max_bytes = 0;
        Uuid replica_directory_id{};
        // What the replica knows; the leader answers at once if its own is higher.
        Offset high_watermark{std::numeric_limits<std::int64_t>::max()};

        static constexpr void fields(auto&& visit) {
            visit(field("partition"), &Partition::partition);
            visit(field("current_leader_epoch", since(9)).ignorable(),
                  &Partition::current_leader_epoch);
            visit(field("fetch_offset"), &Partition::fetch_offset);
            visit(field("last_fetched_epoch", since(12)), &Partition::last_fetched_epoch);
            visit(field("log_start_offset", since(5)).ignorable(), &Partition::log_start_offset);
            visit(field("partition_max_bytes"), &Partition::partition_max_bytes);
            visit(tagged(0, "replica_directory_id", since(17)).ignorable(),
                  &Partition::replica_directory_id);
            visit(tagged(1, "high_watermark", since(18)).ignorable(), &Partition::high_watermark);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string topic{};
        TopicId topic_id{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic", until(12)).ignorable(), &Topic::topic);
            visit(field("topic_id", since(13)).ignorable(), &Topic::topic_id);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    struct ForgottenTopic {
        std::string topic{};
        TopicId topic_id{};
        std::vector<PartitionIndex> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic", between(7, 12)).ignorable(), &ForgottenTopic::topic);
            visit(field("topic_id", since(13)).ignorable(), &ForgottenTopic::topic_id);
            visit(field("partitions", since(7)), &ForgottenTopic::partitions);
        }
        bool operator==(const ForgottenTopic&) const = default;
    };

    std::optional<std::string> cluster_id{};
    // -1 for consumers. From version 15 it lives in replica_state.
    BrokerId replica_id{-1};
    ReplicaState replica_state{};
    // How long to wait until min_bytes have come together.
    std::int32_t max_wait_ms = 0;
    std::int32_t min_bytes = 0;
    std::int32_t max_bytes = std::numeric_limits<std::int32_t>::max();
    std::int8_t isolation_level = 0;
    FetchSessionId session_id{};
    // -1 for no session, 0 to begin one.
    std::int32_t session_epoch = -1;
    std::vector<Topic> topics{};
    std::vector<ForgottenTopic> forgotten_topics_data{};
    std::string rack_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("replica_id", until(14)), &FetchRequest::replica_id);
        visit(field("max_wait_ms"), &FetchRequest::max_wait_ms);
        visit(field("min_bytes"), &FetchRequest::min_bytes);
        visit(field("max_bytes", since(3)).ignorable(), &FetchRequest::max_bytes);
        visit(field("isolation_level", since(4)).ignorable(), &FetchRequest::isolation_level);
        visit(field("session_id", since(7)).ignorable(), &FetchRequest::session_id);
        visit(field("session_epoch", since(7)).ignorable(), &FetchRequest::session_epoch);
        visit(field("topics"), &FetchRequest::topics);
        visit(field("forgotten_topics_data", since(7)), &FetchRequest::forgotten_topics_data);
        visit(field("rack_id", since(11)).ignorable(), &FetchRequest::rack_id);
        visit(tagged(0, "cluster_id", since(12)).nullable(since(12)).ignorable(),
              &FetchRequest::cluster_id);
        visit(tagged(1, "replica_state", since(15)), &FetchRequest::replica_state);
    }
    bool operator==(const FetchRequest&) const = default;
};

struct FetchResponse {
    static constexpr Versions versions = between(4, 18);
    static constexpr Versions flexible = since(12);

    struct EpochEndOffset {
        LeaderEpoch epoch{-1};
        Offset end_offset{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("epoch", since(12)), &EpochEndOffset::epoch);
            visit(field("end_offset", since(12)), &EpochEndOffset::end_offset);
        }
        bool operator==(const EpochEndOffset&) const = default;
    };

    struct LeaderIdAndEpoch {
        BrokerId leader_id{-1};
        LeaderEpoch leader_epoch{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("leader_id", since(12)), &LeaderIdAndEpoch::leader_id);
            visit(field("leader_epoch", since(12)), &LeaderIdAndEpoch::leader_epoch);
        }
        bool operator==(const LeaderIdAndEpoch&) const = default;
    };

    struct SnapshotId {
        Offset end_offset{-1};
        LeaderEpoch epoch{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("end_offset"), &SnapshotId::end_offset);
            visit(field("epoch"), &SnapshotId::epoch);
        }
        bool operator==(const SnapshotId&) const = default;
    };

    struct AbortedTransaction {
        ProducerId producer_id{};
        Offset first_offset{};

        static constexpr void fields(auto&& visit) {
            visit(field("producer_id", since(4)), &AbortedTransaction::producer_id);
            visit(field("first_offset", since(4)), &AbortedTransaction::first_offset);
        }
        bool operator==(const AbortedTransaction&) const = default;
    };

    struct Partition {
        PartitionIndex partition_index{};
        ErrorCode error_code = ErrorCode::none;
        Offset high_watermark{};
        Offset last_stable_offset{-1};
        Offset log_start_offset{-1};
        // Set when the follower must cut its log: the last epoch both share, and its end.
        EpochEndOffset diverging_epoch{};
        LeaderIdAndEpoch current_leader{};
        SnapshotId snapshot_id{};
        std::optional<std::vector<AbortedTransaction>> aborted_transactions =
            std::vector<AbortedTransaction>{};
        // Where the consumer should fetch instead; -1 for here.
        BrokerId preferred_read_replica{-1};
        // Whole record batches, except that the last may be cut short.
        std::optional<Bytes> records{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("error_code"), &Partition::error_code);
            visit(field("high_watermark"), &Partition::high_watermark);
            visit(field("last_stable_offset", since(4)).ignorable(),
                  &Partition::last_stable_offset);
            visit(field("log_start_offset", since(5)).ignorable(), &Partition::log_start_offset);
            visit(field("aborted_transactions", since(4)).nullable(since(4)).ignorable(),
                  &Partition::aborted_transactions);
            visit(field("preferred_read_replica", since(11)), &Partition::preferred_read_replica);
            visit(field("records").nullable(), &Partition::records);
            visit(tagged(0, "diverging_epoch", since(12)), &Partition::diverging_epoch);
            visit(tagged(1, "current_leader", since(12)), &Partition::current_leader);
            visit(tagged(2, "snapshot_id", since(12)), &Partition::snapshot_id);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string topic{};
        TopicId topic_id{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic", until(12)).ignorable(), &Topic::topic);
            visit(field("topic_id", since(13)).ignorable(), &Topic::topic_id);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    struct NodeEndpoint {
        BrokerId node_id{};
        std::string host{};
        std::int32_t port = 0;
        std::optional<std::string> rack{};

        static constexpr void fields(auto&& visit) {
            visit(field("node_id", since(16)), &NodeEndpoint::node_id);
            visit(field("host", since(16)), &NodeEndpoint::host);
            visit(field("port", since(16)), &NodeEndpoint::port);
            visit(field("rack", since(16)).nullable(since(16)), &NodeEndpoint::rack);
        }
        bool operator==(const NodeEndpoint&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    FetchSessionId session_id{};
    std::vector<Topic> responses{};
    std::vector<NodeEndpoint> node_endpoints{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(), &FetchResponse::throttle_time_ms);
        visit(field("error_code", since(7)).ignorable(), &FetchResponse::error_code);
        visit(field("session_id", since(7)), &FetchResponse::session_id);
        visit(field("responses"), &FetchResponse::responses);
        visit(tagged(0, "node_endpoints", since(16)), &FetchResponse::node_endpoints);
    }
    bool operator==(const FetchResponse&) const = default;
};

}  // namespace sluice::protocol
