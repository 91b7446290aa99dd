#include "core/raft/wire.h"

#include <gtest/gtest.h>

#include "core/protocol/batch_builder.h"
#include "core/protocol/codec.h"
#include "core/protocol/versioned.h"

namespace sluice::raft {
namespace {

using protocol::ErrorCode;

const std::string cluster = "MkU3OEVBNTcwNTJENDM2Qg";
const ReplicaKey two{BrokerId(2), Uuid{{2}}};
const ReplicaKey three{BrokerId(3), Uuid{{3}}};

// As it arrives in the newest version.
template <class M>
M sent(const M& message) {
    const Version newest(M::versions.last);
    const auto bytes = protocol::encode(message, newest);
    EXPECT_TRUE(bytes);
    auto decoded = protocol::decode<M>(*bytes, newest);
    EXPECT_TRUE(decoded);
    return std::move(*decoded);
}

Bytes batch_at(Offset base, LeaderEpoch epoch, std::string_view value = "a record") {
    protocol::RecordBatchBuilder builder({.base_offset = base, .leader_epoch = epoch});
    builder.append({.value = as_slice(value)});
    return builder.build();
}

Bytes joined(const std::vector<Bytes>& batches) {
    std::string all;
    for (const Bytes& batch : batches) all += as_text(batch.view());
    return Bytes::copy_of(all);
}

TEST(Wire, CarriesAVote) {
    const VoteAsk ask{.candidate = two,
                      .epoch = LeaderEpoch(5),
                      .log_end = {LeaderEpoch(4), Offset(12)},
                      .pre_vote = true,
                      .voter = three};
    const auto got = ask_of(sent(request_of(ask, cluster)), cluster);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->candidate, ask.candidate);
    EXPECT_EQ(got->epoch, ask.epoch);
    EXPECT_EQ(got->log_end, ask.log_end);
    EXPECT_TRUE(got->pre_vote);
    EXPECT_EQ(got->voter, ask.voter);

    const VoteReply reply{ErrorCode::none, {LeaderEpoch(5), BrokerId(3)}, true};
    const auto response = sent(response_of(reply, Endpoint{BrokerId(3), "box", 9093}));
    const VoteReply answer = reply_of(response);
    EXPECT_EQ(answer.known, reply.known);
    EXPECT_TRUE(answer.granted);
    ASSERT_EQ(response.node_endpoints.size(), 1U);
    EXPECT_EQ(response.node_endpoints.front().host, "box");
    EXPECT_EQ(response.node_endpoints.front().port, 9093);
}

TEST(Wire, CarriesWhoLeadsAndWhoNoLongerDoes) {
    const auto led =
        ask_of(sent(request_of(LeaderAsk{BrokerId(2), LeaderEpoch(7), three}, cluster)), cluster);
    ASSERT_TRUE(led);
    EXPECT_EQ(led->leader, BrokerId(2));
    EXPECT_EQ(led->epoch, LeaderEpoch(7));
    EXPECT_EQ(led->voter, three);
    const ResignAsk resigned{BrokerId(2), LeaderEpoch(7), {BrokerId(3), BrokerId(1)}};
    const auto left = ask_of(sent(request_of(resigned, cluster)), cluster);
    ASSERT_TRUE(left);
    EXPECT_EQ(left->successors, resigned.successors);

    const LeaderReply nobody{ErrorCode::fenced_leader_epoch, {LeaderEpoch(8), std::nullopt}};
    const LeaderReply begun = reply_of(sent(begun_response_of(nobody, std::nullopt)));
    EXPECT_EQ(begun.error, nobody.error);
    EXPECT_EQ(begun.known, nobody.known);
    const ResignReply ended = reply_of(sent(ended_response_of(nobody, std::nullopt)));
    EXPECT_EQ(ended.known, nobody.known);
}

TEST(Wire, CarriesAFetchAndWhatItBrings) {
    const FetchAsk ask{two, LeaderEpoch(5), {LeaderEpoch(4), Offset(12)}, Offset(11)};
    const auto request = sent(request_of(ask, cluster, {}));
    EXPECT_TRUE(is_of_metadata(request, Version(18)));
    const auto got = ask_of(request, cluster);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->replica, ask.replica);
    EXPECT_EQ(got->epoch, ask.epoch);
    EXPECT_EQ(got->log_end, ask.log_end);
    EXPECT_EQ(got->high_watermark, ask.high_watermark);

    FetchReply reply{ErrorCode::none, {LeaderEpoch(5), BrokerId(1)}, Offset(13)};
    const Bytes records =
        joined({batch_at(Offset(12), LeaderEpoch(4)), batch_at(Offset(13), LeaderEpoch(5))});
    const auto answer = reply_of(sent(response_of(reply, {Offset(3), records}, {})), ask);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->known, reply.known);
    EXPECT_EQ(answer->high_watermark, Offset(13));
    ASSERT_EQ(answer->runs.size(), 2U);
    EXPECT_EQ(answer->runs[1].epoch, LeaderEpoch(5));
    EXPECT_EQ(answer->runs[1].first, Offset(13));
    EXPECT_EQ(answer->runs[1].end, Offset(14));

    reply.diverging = LogPoint{LeaderEpoch(3), Offset(8)};
    EXPECT_EQ(reply_of(sent(response_of(reply, {}, {})), ask)->diverging, reply.diverging);
    reply.diverging.reset();
    reply.snapshot = LogPoint{LeaderEpoch(3), Offset(8)};
    EXPECT_EQ(reply_of(sent(response_of(reply, {}, {})), ask)->snapshot, reply.snapshot);
}

// Whoever asked in an older version is told what that version can say.
template <class M>
void expect_every_version_says(const M& message, int first = M::versions.first) {
    for (int version = first; version <= M::versions.last; ++version) {
        const Version as(static_cast<std::int16_t>(version));
        EXPECT_TRUE(protocol::encode(speakable(message, as), as)) << "version " << version;
    }
}

TEST(Wire, NamesALeaderInEveryVersion) {
    const Leadership known{LeaderEpoch(5), BrokerId(3)};
    const Endpoint there{BrokerId(3), "box", 9093};
    expect_every_version_says(response_of(VoteReply{ErrorCode::none, known, true}, there));
    expect_every_version_says(begun_response_of(LeaderReply{ErrorCode::none, known}, there));
    expect_every_version_says(ended_response_of(ResignReply{ErrorCode::none, known}, there));
    // Before, no fetch is of this log.
    expect_every_version_says(
        response_of(FetchReply{ErrorCode::none, known, Offset(13)}, {Offset(3), {}}, there), 12);
    EXPECT_FALSE(is_of_metadata(
        request_of(FetchAsk{two, LeaderEpoch(5), {LeaderEpoch(4), Offset(12)}}, cluster, {}),
        Version(11)));
    // And the newest keeps it.
    const auto newest =
        speakable(response_of(VoteReply{ErrorCode::none, known, true}, there), Version(2));
    EXPECT_EQ(newest.node_endpoints.size(), 1U);
}

TEST(Wire, RefusesWhatIsNotAboutThisLog) {
    const VoteAsk ask{two, LeaderEpoch(5), {LeaderEpoch(4), Offset(12)}, false, three};
    auto request = request_of(ask, "AnotherClusterAltogetr");
    EXPECT_EQ(ask_of(request, cluster).error(), ErrorCode::inconsistent_cluster_id);
    request.cluster_id.reset();  // It need not be said.
    EXPECT_TRUE(ask_of(request, cluster));
    request.topics.front().topic_name = "__cluster_metadatb";
    EXPECT_EQ(ask_of(request, cluster).error(), ErrorCode::invalid_request);
    request.topics.clear();
    EXPECT_EQ(ask_of(request, cluster).error(), ErrorCode::invalid_request);
    const auto response = response_of(Understood<VoteReply>(ErrorCode::invalid_request), {});
    EXPECT_EQ(reply_of(response).error, ErrorCode::invalid_request);
    EXPECT_EQ(reply_of(protocol::VoteResponse{}).error, ErrorCode::invalid_request);
    EXPECT_FALSE(is_of_metadata(protocol::FetchRequest{}, Version(18)));
}

TEST(Wire, BelievesNoRecordsThatDoNotFollow) {
    const LogPoint end{LeaderEpoch(4), Offset(12)};
    const auto good = runs_of(batch_at(Offset(12), LeaderEpoch(4)), end);
    ASSERT_TRUE(good);
    EXPECT_EQ(good->size(), 1U);
    EXPECT_FALSE(runs_of(batch_at(Offset(13), LeaderEpoch(4)), end));
    EXPECT_FALSE(runs_of(batch_at(Offset(12), LeaderEpoch(3)), end));
    std::string damaged(as_text(batch_at(Offset(12), LeaderEpoch(4)).view()));
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    EXPECT_FALSE(runs_of(Bytes::copy_of(damaged), end));
    // What is cut short is asked for again.
    const std::string both(
        as_text(joined({batch_at(Offset(12), LeaderEpoch(4)), batch_at(Offset(13), LeaderEpoch(4))})
                    .view()));
    for (std::size_t length = 0; length < both.size(); ++length) {
        const auto runs = runs_of(Bytes::copy_of(both.substr(0, length)), end);
        ASSERT_TRUE(runs);
        EXPECT_EQ(runs->size(), length < both.size() / 2 ? 0U : 1U);
    }
    // Nor of an epoch that the one who answers has not heard of.
    const FetchAsk ask{two, LeaderEpoch(5), end};
    const FetchReply reply{ErrorCode::none, {LeaderEpoch(5), BrokerId(1)}, Offset(13)};
    const auto later = response_of(reply, {Offset(0), batch_at(Offset(12), LeaderEpoch(6))}, {});
    EXPECT_FALSE(reply_of(later, ask));
}

TEST(Wire, FindsTheVotersThatAControlBatchNames) {
    protocol::VotersRecord::Voter voter;
    voter.voter_id = BrokerId(3);
    voter.voter_directory_id = three.directory;
    const VoterSet voters({voter});
    const auto value = protocol::encode(voters.record(), Version(0));
    ASSERT_TRUE(value);
    protocol::RecordBatchBuilder builder(
        {.base_offset = Offset(12), .leader_epoch = LeaderEpoch(4), .is_control = true});
    const Bytes key = protocol::encode_control_key(protocol::ControlRecordType::kraft_voters);
    builder.append({.key = key.view(), .value = value->view()});
    const auto runs = runs_of(builder.build(), {LeaderEpoch(4), Offset(12)});
    ASSERT_TRUE(runs);
    ASSERT_EQ(runs->size(), 1U);
    EXPECT_EQ(runs->front().voters, voters);
}

}  // namespace
}  // namespace sluice::raft
