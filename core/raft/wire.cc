#include "core/raft/wire.h"

#include <algorithm>

#include "core/protocol/codec.h"
#include "core/protocol/record.h"
#include "core/protocol/record_batch.h"
#include "core/protocol/versioned.h"

namespace sluice::raft {

using protocol::ErrorCode;

namespace {

constexpr PartitionIndex metadata_partition{0};
constexpr BrokerId nobody{-1};

// A cluster id need not be said.
bool is_cluster(const std::optional<std::string>& said, const std::string& cluster_id) {
    return !said || *said == cluster_id;
}

template <class Topics>
bool is_about_metadata(const Topics& topics) {
    return topics.size() == 1 && topics.front().topic_name == metadata_topic &&
           topics.front().partitions.size() == 1 &&
           topics.front().partitions.front().partition_index == metadata_partition;
}

template <class Request>
std::optional<ErrorCode> complaint_about(const Request& request, const std::string& cluster_id) {
    if (!is_cluster(request.cluster_id, cluster_id)) return ErrorCode::inconsistent_cluster_id;
    if (!is_about_metadata(request.topics)) return ErrorCode::invalid_request;
    return std::nullopt;
}

// A message with the one partition.
template <class Message>
Message about(typename decltype(Message::topics)::value_type::Partition partition) {
    Message message;
    message.topics.emplace_back();
    message.topics.front().topic_name = metadata_topic;
    partition.partition_index = metadata_partition;
    message.topics.front().partitions.push_back(std::move(partition));
    return message;
}

template <class Request>
Request about(typename decltype(Request::topics)::value_type::Partition partition,
              const std::string& cluster_id) {
    auto request = about<Request>(std::move(partition));
    request.cluster_id = cluster_id;
    return request;
}

std::optional<BrokerId> leader_or_nobody(BrokerId id) {
    return id.value < 0 ? std::nullopt : std::optional(id);
}

template <class Partition>
void say(Partition& partition, ErrorCode error, const Leadership& known) {
    partition.error_code = error;
    partition.leader_id = known.leader.value_or(nobody);
    partition.leader_epoch = known.epoch;
}

template <class Response>
void say_where(Response& response, const Leadership& known, const std::optional<Endpoint>& leader) {
    if (!leader || known.leader != leader->node) return;
    response.node_endpoints.emplace_back();
    response.node_endpoints.back().node_id = leader->node;
    response.node_endpoints.back().host = leader->host;
    response.node_endpoints.back().port = leader->port;
}

template <class Response, class Reply>
Response simple_response(const Understood<Reply>& reply, const std::optional<Endpoint>& leader) {
    if (reply.failed()) {
        Response refused;
        refused.error_code = reply.error();
        return refused;
    }
    typename decltype(Response::topics)::value_type::Partition partition;
    say(partition, reply->error, reply->known);
    auto response = about<Response>(std::move(partition));
    say_where(response, reply->known, leader);
    return response;
}

// What every answer says, or the error that is about all of it.
template <class Reply, class Response>
Reply simple_reply(const Response& response) {
    Reply reply;
    reply.error = response.error_code;
    if (reply.error != ErrorCode::none) return reply;
    if (!is_about_metadata(response.topics)) {
        reply.error = ErrorCode::invalid_request;
        return reply;
    }
    const auto& partition = response.topics.front().partitions.front();
    reply.error = partition.error_code;
    reply.known = {partition.leader_epoch, leader_or_nobody(partition.leader_id)};
    return reply;
}

}  // namespace

Understood<VoteAsk> ask_of(const protocol::VoteRequest& request, const std::string& cluster_id) {
    if (const auto complaint = complaint_about(request, cluster_id)) return *complaint;
    const auto& partition = request.topics.front().partitions.front();
    return VoteAsk{.candidate = {partition.replica_id, partition.replica_directory_id},
                   .epoch = partition.replica_epoch,
                   .log_end = {partition.last_offset_epoch, partition.last_offset},
                   .pre_vote = partition.pre_vote,
                   .voter = {request.voter_id, partition.voter_directory_id}};
}

Understood<LeaderAsk> ask_of(const protocol::BeginQuorumEpochRequest& request,
                             const std::string& cluster_id) {
    if (const auto complaint = complaint_about(request, cluster_id)) return *complaint;
    const auto& partition = request.topics.front().partitions.front();
    return LeaderAsk{.leader = partition.leader_id,
                     .epoch = partition.leader_epoch,
                     .voter = {request.voter_id, partition.voter_directory_id}};
}

Understood<ResignAsk> ask_of(const protocol::EndQuorumEpochRequest& request,
                             const std::string& cluster_id) {
    if (const auto complaint = complaint_about(request, cluster_id)) return *complaint;
    const auto& partition = request.topics.front().partitions.front();
    ResignAsk ask{partition.leader_id, partition.leader_epoch, partition.preferred_successors};
    for (const auto& candidate : partition.preferred_candidates)
        ask.successors.push_back(candidate.candidate_id);
    return ask;
}

bool is_of_metadata(const protocol::FetchRequest& request, Version version) {
    constexpr Version quorums_since{12};
    constexpr Version ids_since{13};
    if (version < quorums_since) return false;
    if (request.topics.size() != 1 || request.topics.front().partitions.size() != 1) return false;
    const auto& topic = request.topics.front();
    const bool named =
        version >= ids_since ? topic.topic_id == metadata_topic_id : topic.topic == metadata_topic;
    return named && topic.partitions.front().partition == metadata_partition;
}

Understood<FetchAsk> ask_of(const protocol::FetchRequest& request, const std::string& cluster_id) {
    if (!is_cluster(request.cluster_id, cluster_id)) return ErrorCode::inconsistent_cluster_id;
    const auto& partition = request.topics.front().partitions.front();
    // In which of the two it stands depends on the version.
    const BrokerId replica =
        request.replica_id.value >= 0 ? request.replica_id : request.replica_state.replica_id;
    return FetchAsk{.replica = {replica, partition.replica_directory_id},
                    .epoch = partition.current_leader_epoch,
                    .log_end = {partition.last_fetched_epoch, partition.fetch_offset},
                    .high_watermark = partition.high_watermark};
}

Understood<SnapshotAsk> ask_of(const protocol::FetchSnapshotRequest& request,
                               const std::string& cluster_id) {
    if (!is_cluster(request.cluster_id, cluster_id)) return ErrorCode::inconsistent_cluster_id;
    if (request.topics.size() != 1 || request.topics.front().partitions.size() != 1)
        return ErrorCode::invalid_request;
    const auto& partition = request.topics.front().partitions.front();
    if (request.topics.front().name != metadata_topic || partition.partition != metadata_partition)
        return ErrorCode::unknown_topic_or_partition;
    return SnapshotAsk{.replica = {request.replica_id, partition.replica_directory_id},
                       .epoch = partition.current_leader_epoch,
                       .snapshot = {partition.snapshot_id.epoch, partition.snapshot_id.end_offset},
                       .position = partition.position};
}

protocol::VoteRequest request_of(const VoteAsk& ask, const std::string& cluster_id) {
    protocol::VoteRequest::Topic::Partition partition;
    partition.replica_id = ask.candidate.id;
    partition.replica_directory_id = ask.candidate.directory;
    partition.replica_epoch = ask.epoch;
    partition.voter_directory_id = ask.voter.directory;
    partition.last_offset_epoch = ask.log_end.epoch;
    partition.last_offset = ask.log_end.offset;
    partition.pre_vote = ask.pre_vote;
    auto request = about<protocol::VoteRequest>(partition, cluster_id);
    request.voter_id = ask.voter.id;
    return request;
}

protocol::BeginQuorumEpochRequest request_of(const LeaderAsk& ask, const std::string& cluster_id) {
    protocol::BeginQuorumEpochRequest::Topic::Partition partition;
    partition.leader_id = ask.leader;
    partition.leader_epoch = ask.epoch;
    partition.voter_directory_id = ask.voter.directory;
    auto request = about<protocol::BeginQuorumEpochRequest>(partition, cluster_id);
    request.voter_id = ask.voter.id;
    return request;
}

protocol::EndQuorumEpochRequest request_of(const ResignAsk& ask, const std::string& cluster_id) {
    protocol::EndQuorumEpochRequest::Topic::Partition partition;
    partition.leader_id = ask.leader;
    partition.leader_epoch = ask.epoch;
    partition.preferred_successors = ask.successors;
    for (const BrokerId id : ask.successors) partition.preferred_candidates.push_back({id, {}});
    return about<protocol::EndQuorumEpochRequest>(partition, cluster_id);
}

protocol::FetchRequest request_of(const FetchAsk& ask, const std::string& cluster_id,
                                  const FetchLimits& limits) {
    protocol::FetchRequest request;
    request.cluster_id = cluster_id;
    request.replica_state.replica_id = ask.replica.id;
    request.max_wait_ms = static_cast<std::int32_t>(to_milliseconds(limits.wait_max));
    request.max_bytes = limits.bytes_max;
    request.session_epoch = -1;
    request.topics.emplace_back();
    request.topics.front().topic = metadata_topic;
    request.topics.front().topic_id = metadata_topic_id;
    auto& partition = request.topics.front().partitions.emplace_back();
    partition.partition = metadata_partition;
    partition.current_leader_epoch = ask.epoch;
    partition.fetch_offset = ask.log_end.offset;
    partition.last_fetched_epoch = ask.log_end.epoch;
    partition.partition_max_bytes = limits.bytes_max;
    partition.replica_directory_id = ask.replica.directory;
    partition.high_watermark = ask.high_watermark;
    return request;
}

protocol::FetchSnapshotRequest request_of(const SnapshotAsk& ask, const std::string& cluster_id,
                                          std::int32_t bytes_max) {
    protocol::FetchSnapshotRequest request;
    request.cluster_id = cluster_id;
    request.replica_id = ask.replica.id;
    request.max_bytes = bytes_max;
    request.topics.emplace_back();
    request.topics.front().name = metadata_topic;
    auto& partition = request.topics.front().partitions.emplace_back();
    partition.partition = metadata_partition;
    partition.current_leader_epoch = ask.epoch;
    partition.snapshot_id = {ask.snapshot.offset, ask.snapshot.epoch};
    partition.position = ask.position;
    partition.replica_directory_id = ask.replica.directory;
    return request;
}

protocol::VoteResponse response_of(const Understood<VoteReply>& reply,
                                   const std::optional<Endpoint>& leader) {
    auto response = simple_response<protocol::VoteResponse>(reply, leader);
    if (!reply.failed()) response.topics.front().partitions.front().vote_granted = reply->granted;
    return response;
}

protocol::BeginQuorumEpochResponse begun_response_of(const Understood<LeaderReply>& reply,
                                                     const std::optional<Endpoint>& leader) {
    return simple_response<protocol::BeginQuorumEpochResponse>(reply, leader);
}

protocol::EndQuorumEpochResponse ended_response_of(const Understood<ResignReply>& reply,
                                                   const std::optional<Endpoint>& leader) {
    return simple_response<protocol::EndQuorumEpochResponse>(reply, leader);
}

protocol::FetchResponse response_of(const Understood<FetchReply>& reply, Fetched fetched,
                                    const std::optional<Endpoint>& leader) {
    protocol::FetchResponse response;
    if (reply.failed()) {
        response.error_code = reply.error();
        return response;
    }
    protocol::FetchResponse::Partition partition;
    partition.partition_index = metadata_partition;
    partition.error_code = reply->error;
    partition.high_watermark = reply->high_watermark;
    partition.log_start_offset = fetched.log_start;
    partition.current_leader = {reply->known.leader.value_or(nobody), reply->known.epoch};
    if (reply->diverging)
        partition.diverging_epoch = {reply->diverging->epoch, reply->diverging->offset};
    if (reply->snapshot) partition.snapshot_id = {reply->snapshot->offset, reply->snapshot->epoch};
    partition.records = fetched.records ? std::move(fetched.records) : std::optional(Bytes());
    response.responses.emplace_back();
    response.responses.front().topic = metadata_topic;
    response.responses.front().topic_id = metadata_topic_id;
    response.responses.front().partitions.push_back(std::move(partition));
    say_where(response, reply->known, leader);
    return response;
}

protocol::FetchSnapshotResponse response_of(const protocol::FetchSnapshotRequest& request,
                                            const Understood<SnapshotPart>& part,
                                            const std::optional<Endpoint>& leader) {
    protocol::FetchSnapshotResponse response;
    if (request.topics.size() != 1 || request.topics.front().partitions.size() != 1 ||
        (part.failed() && part.error() == ErrorCode::inconsistent_cluster_id)) {
        response.error_code = part.error();
        return response;
    }
    const auto& asked = request.topics.front().partitions.front();
    protocol::FetchSnapshotResponse::Topic::Partition partition;
    partition.index = asked.partition;
    partition.snapshot_id = {asked.snapshot_id.end_offset, asked.snapshot_id.epoch};
    partition.position = asked.position;
    partition.error_code = part.failed() ? part.error() : part->error;
    if (!part.failed()) {
        partition.current_leader = {part->known.leader.value_or(nobody), part->known.epoch};
        partition.size = part->size;
        partition.unaligned_records = part->bytes;
        say_where(response, part->known, leader);
    }
    response.topics.push_back({request.topics.front().name, {std::move(partition)}});
    return response;
}

VoteReply reply_of(const protocol::VoteResponse& response) {
    auto reply = simple_reply<VoteReply>(response);
    if (reply.error == ErrorCode::none)
        reply.granted = response.topics.front().partitions.front().vote_granted;
    return reply;
}

LeaderReply reply_of(const protocol::BeginQuorumEpochResponse& response) {
    return simple_reply<LeaderReply>(response);
}

ResignReply reply_of(const protocol::EndQuorumEpochResponse& response) {
    return simple_reply<ResignReply>(response);
}

Result<FetchReply> reply_of(const protocol::FetchResponse& response, const FetchAsk& asked) {
    FetchReply reply;
    reply.error = response.error_code;
    if (reply.error != ErrorCode::none) return reply;
    if (response.responses.size() != 1 || response.responses.front().partitions.size() != 1 ||
        response.responses.front().partitions.front().partition_index != metadata_partition) {
        reply.error = ErrorCode::invalid_request;
        return reply;
    }
    const auto& partition = response.responses.front().partitions.front();
    reply.error = partition.error_code;
    reply.known = {partition.current_leader.leader_epoch,
                   leader_or_nobody(partition.current_leader.leader_id)};
    reply.high_watermark = std::max(partition.high_watermark, Offset(0));
    if (reply.error != ErrorCode::none) return reply;
    if (partition.diverging_epoch.epoch >= LeaderEpoch(0))
        reply.diverging =
            LogPoint{partition.diverging_epoch.epoch, partition.diverging_epoch.end_offset};
    else if (partition.snapshot_id.epoch >= LeaderEpoch(0))
        reply.snapshot = LogPoint{partition.snapshot_id.epoch, partition.snapshot_id.end_offset};
    else if (partition.records) {
        TRY(reply.runs, runs_of(*partition.records, asked.log_end));
        // No leader has records of a later one.
        if (!reply.runs.empty() && reply.runs.back().epoch > reply.known.epoch)
            return Error::corrupt;
    }
    return reply;
}

Result<SnapshotPart> reply_of(const protocol::FetchSnapshotResponse& response,
                              const SnapshotAsk& asked) {
    SnapshotPart part;
    part.error = response.error_code;
    if (part.error != ErrorCode::none) return part;
    if (response.topics.size() != 1 || response.topics.front().partitions.size() != 1)
        return Error::corrupt;
    const auto& partition = response.topics.front().partitions.front();
    part.error = partition.error_code;
    if (part.error != ErrorCode::none) return part;
    if (partition.position != asked.position || partition.unaligned_records.empty())
        return Error::corrupt;
    part.known = {partition.current_leader.leader_epoch,
                  leader_or_nobody(partition.current_leader.leader_id)};
    part.size = partition.size;
    part.bytes = partition.unaligned_records;
    return part;
}

Result<std::vector<Run>> runs_of(const Bytes& records, LogPoint from) {
    std::vector<Run> runs;
    protocol::BatchSplitter batches(records.view());
    while (const auto batch = batches.next()) {
        const bool follows = batch->base_offset() == from.offset &&
                             batch->next_offset() > from.offset &&
                             batch->leader_epoch() >= from.epoch;
        if (!follows || !batch->crc_matches()) return Error::corrupt;
        Run run{batch->leader_epoch(), from.offset, batch->next_offset()};
        if (batch->is_control()) {
            const auto at = static_cast<std::size_t>(batch->bytes().data() - records.data());
            TRY(run.voters, voters_in(records.slice(at, batch->size())));
        }
        from = {run.epoch, run.end};
        runs.push_back(std::move(run));
    }
    return runs;
}

Result<std::optional<VoterSet>> voters_in(const Bytes& batch) {
    std::optional<VoterSet> voters;
    const protocol::BatchView view(batch.view());
    protocol::RecordReader reader(view, view.records());
    while (const auto record = reader.next()) {
        TRY(const auto type, protocol::decode_control_key(record->key));
        if (type != protocol::ControlRecordType::kraft_voters) continue;
        TRY(const auto named,
            protocol::decode<protocol::VotersRecord>(Bytes::copy_of(record->value), Version(0)));
        voters = VoterSet(named.voters);
    }
    if (!reader.finished_well()) return Error::corrupt;
    return voters;
}

}  // namespace sluice::raft
