#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ProduceRequest {
    static constexpr Versions versions = between(3, 13);
    static constexpr Versions flexible = since(9);

    struct Partition {
        PartitionIndex index{};
        // One record batch, opaque here: see record_batch.h.
        std::optional<Bytes> records{};

        static constexpr void fields(auto&& visit) {
            visit(field("index"), &Partition::index);
            visit(field("records").nullable(), &Partition::records);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        TopicId topic_id{};
        std::vector<Partition> partition_data{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", until(12)).ignorable(), &Topic::name);
            visit(field("topic_id", since(13)).ignorable(), &Topic::topic_id);
            visit(field("partition_data"), &Topic::partition_data);
        }
        bool operator==(const Topic&) const = default;
    };

    std::optional<std::string> transactional_id{};
    // 0 for no answer, 1 for the leader alone, -1 for all in-sync replicas.
    std::int16_t acks = 0;
    std::int32_t timeout_ms = 0;
    std::vector<Topic> topic_data{};

    static constexpr void fields(auto&& visit) {
        visit(field("transactional_id", since(3)).nullable(since(3)),
              &ProduceRequest::transactional_id);
        visit(field("acks"), &ProduceRequest::acks);
        visit(field("timeout_ms"), &ProduceRequest::timeout_ms);
        visit(field("topic_data"), &ProduceRequest::topic_data);
    }
    bool operator==(const ProduceRequest&) const = default;
};

struct ProduceResponse {
    static constexpr Versions versions = between(3, 13);
    static constexpr Versions flexible = since(9);

    struct RecordError {
        std::int32_t batch_index = 0;
        std::optional<std::string> batch_index_error_message{};

        static constexpr void fields(auto&& visit) {
            visit(field("batch_index", since(8)), &RecordError::batch_index);
            visit(field("batch_index_error_message", since(8)).nullable(since(8)),
                  &RecordError::batch_index_error_message);
        }
        bool operator==(const RecordError&) const = default;
    };

    struct LeaderIdAndEpoch {
        BrokerId leader_id{-1};
        LeaderEpoch leader_epoch{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("leader_id", since(10)), &LeaderIdAndEpoch::leader_id);
            visit(field("leader_epoch", since(10)), &LeaderIdAndEpoch::leader_epoch);
        }
        bool operator==(const LeaderIdAndEpoch&) const = default;
    };

    struct Partition {
        PartitionIndex index{};
        ErrorCode error_code = ErrorCode::none;
        // -1 beside an error; the log start offset likewise.
        Offset base_offset{};
        // -1 for topics whose timestamps are the producer's.
        Timestamp log_append_time_ms{-1};
        Offset log_start_offset{-1};
        std::vector<RecordError> record_errors{};
        std::optional<std::string> error_message{};
        LeaderIdAndEpoch current_leader{};

        static constexpr void fields(auto&& visit) {
            visit(field("index"), &Partition::index);
            visit(field("error_code"), &Partition::error_code);
            visit(field("base_offset"), &Partition::base_offset);
            visit(field("log_append_time_ms", since(2)).ignorable(),
                  &Partition::log_append_time_ms);
            visit(field("log_start_offset", since(5)).ignorable(), &Partition::log_start_offset);
            visit(field("record_errors", since(8)).ignorable(), &Partition::record_errors);
            visit(field("error_message", since(8)).nullable(since(8)).ignorable(),
                  &Partition::error_message);
            visit(tagged(0, "current_leader", since(10)), &Partition::current_leader);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        TopicId topic_id{};
        std::vector<Partition> partition_responses{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", until(12)).ignorable(), &Topic::name);
            visit(field("topic_id", since(13)).ignorable(), &Topic::topic_id);
            visit(field("partition_responses"), &Topic::partition_responses);
        }
        bool operator==(const Topic&) const = default;
    };

    struct NodeEndpoint {
        BrokerId node_id{};
        std::string host{};
        std::int32_t port = 0;
        std::optional<std::string> rack{};

        static constexpr void fields(auto&& visit) {
            visit(field("node_id", since(10)), &NodeEndpoint::node_id);
            visit(field("host", since(10)), &NodeEndpoint::host);
            visit(field("port", since(10)), &NodeEndpoint::port);
            visit(field("rack", since(10)).nullable(since(10)), &NodeEndpoint::rack);
        }
        bool operator==(const NodeEndpoint&) const = default;
    };

    std::vector<Topic> responses{};
    std::int32_t throttle_time_ms = 0;
    std::vector<NodeEndpoint> node_endpoints{};

    static constexpr void fields(auto&& visit) {
        visit(field("responses"), &ProduceResponse::responses);
        visit(field("throttle_time_ms", since(1)).ignorable(), &ProduceResponse::throttle_time_ms);
        visit(tagged(0, "node_endpoints", since(10)), &ProduceResponse::node_endpoints);
    }
    bool operator==(const ProduceResponse&) const = default;
};

}  // namespace sluice::protocol
