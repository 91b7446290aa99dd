#pragma once

// Between Kafka's messages, which can speak of many partitions, and what the replicas of the one
// metadata log say to each other.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/protocol/messages/begin_quorum_epoch.h"
#include "core/protocol/messages/describe_quorum.h"
#include "core/protocol/messages/end_quorum_epoch.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/fetch_snapshot.h"
#include "core/protocol/messages/vote.h"
#include "core/raft/messages.h"

namespace sluice::raft {

// Kafka's fixed names of the metadata log.
inline constexpr std::string_view metadata_topic = "__cluster_metadata";
inline constexpr TopicId metadata_topic_id{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

// Where a node is reached.
struct Endpoint {
    BrokerId node;
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// A request as the rules take it, or the code that answers all of it: another cluster's
// (INCONSISTENT_CLUSTER_ID), or one that is not about the metadata log (INVALID_REQUEST).
template <class T>
using Understood = Result<T, protocol::ErrorCode>;

Understood<VoteAsk> ask_of(const protocol::VoteRequest& request, const std::string& cluster_id);
Understood<LeaderAsk> ask_of(const protocol::BeginQuorumEpochRequest& request,
                             const std::string& cluster_id);
Understood<ResignAsk> ask_of(const protocol::EndQuorumEpochRequest& request,
                             const std::string& cluster_id);
Understood<FetchAsk> ask_of(const protocol::FetchRequest& request, const std::string& cluster_id);
Understood<SnapshotAsk> ask_of(const protocol::FetchSnapshotRequest& request,
                               const std::string& cluster_id);
// Whether a fetch is of the metadata log, and of nothing else. Older versions than 12 cannot say
// what a replica of it must know.
bool is_of_metadata(const protocol::FetchRequest& request, Version version);

protocol::VoteRequest request_of(const VoteAsk& ask, const std::string& cluster_id);
protocol::BeginQuorumEpochRequest request_of(const LeaderAsk& ask, const std::string& cluster_id);
protocol::EndQuorumEpochRequest request_of(const ResignAsk& ask, const std::string& cluster_id);
// `wait_max` and the size are the driver's to choose.
struct FetchLimits {
    Duration wait_max = milliseconds(500);
    std::int32_t bytes_max = 8 << 20;  // As Kafka asks for.
};
protocol::FetchRequest request_of(const FetchAsk& ask, const std::string& cluster_id,
                                  const FetchLimits& limits);
protocol::FetchSnapshotRequest request_of(const SnapshotAsk& ask, const std::string& cluster_id,
                                          std::int32_t bytes_max);

// The answer, or one whose error is about all of the request. `leader` is where the leader that the
// answer names is reached, as far as that is known.
protocol::VoteResponse response_of(const Understood<VoteReply>& reply,
                                   const std::optional<Endpoint>& leader);
protocol::BeginQuorumEpochResponse begun_response_of(const Understood<LeaderReply>& reply,
                                                     const std::optional<Endpoint>& leader);
protocol::EndQuorumEpochResponse ended_response_of(const Understood<ResignReply>& reply,
                                                   const std::optional<Endpoint>& leader);
// What of the log goes with the answer to a fetch.
struct Fetched {
    Offset log_start{0};
    std::optional<Bytes> records = {};
};
protocol::FetchResponse response_of(const Understood<FetchReply>& reply, Fetched fetched,
                                    const std::optional<Endpoint>& leader);
protocol::FetchSnapshotResponse response_of(const protocol::FetchSnapshotRequest& request,
                                            const Understood<SnapshotPart>& part,
                                            const std::optional<Endpoint>& leader);

// What somebody answered. One that is not about the metadata log says INVALID_REQUEST and nothing
// of the quorum.
VoteReply reply_of(const protocol::VoteResponse& response);
LeaderReply reply_of(const protocol::BeginQuorumEpochResponse& response);
ResignReply reply_of(const protocol::EndQuorumEpochResponse& response);
// The runs in it follow `asked.log_end`; Error::corrupt when its records do not.
Result<FetchReply> reply_of(const protocol::FetchResponse& response, const FetchAsk& asked);
// Error::corrupt when it says of another place than was asked for, or nothing.
Result<SnapshotPart> reply_of(const protocol::FetchSnapshotResponse& response,
                              const SnapshotAsk& asked);
// The same as far as `version` can say it: where a leader is, older ones cannot.
template <class Response>
Response speakable(Response response, Version version) {
    constexpr Version says_where{std::is_same_v<Response, protocol::FetchResponse> ? 16 : 1};
    if (version < says_where) response.node_endpoints.clear();
    return response;
}

// The records of a fetch that begins at `from`, behind one of `from.epoch`: whole sound batches,
// one behind the other, whose epochs never go down. What is cut short at the end does not count.
Result<std::vector<Run>> runs_of(const Bytes& records, LogPoint from);
// The voters that a control batch names; nothing when it names none.
Result<std::optional<VoterSet>> voters_in(const Bytes& batch);

}  // namespace sluice::raft
