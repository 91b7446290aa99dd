#include "core/broker/replica/replicas.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <set>

#include "core/broker/broker.h"
#include "core/broker/cluster/active_controller.h"
#include "core/broker/controller_channel.h"
#include "core/broker/joined.h"
#include "core/broker/metadata_driver.h"
#include "core/broker/testing.h"
#include "core/metadata/replica_controller.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/messages/produce.h"

namespace sluice::broker {
namespace {

using namespace protocol;

constexpr TopicId topic_id{{7}};
constexpr PartitionIndex only{0};

Version last_of(const Question& question) {
    return Version(question.versions.last);
}

BrokerConfig config_of(BrokerId id) {
    BrokerConfig config;
    config.node_id = id;
    return config;
}

// One broker of the cluster below, on logs that do what they are told.
struct Member {
    Member(env::Env& env, std::int32_t number)
        : id(number),
          config(config_of(id)),
          facts{.cluster_id = "c",
                .directory_id = {},
                .advertised = {},
                .log_directory = {},
                .incarnation = {}},
          store(env.scheduler),
          metadata(env, config, directory, store, nullptr),
          active(env, config, facts, metadata),
          channel(env, config, metadata, active, nullptr),
          broker(env, config, facts, store) {
        broker.connect({&broker}, metadata, channel);
    }

    BrokerId id;
    BrokerConfig config;
    NodeFacts facts;
    testing::ToldDirectory directory;
    testing::ToldStore store;
    MetadataDriver metadata;
    ActiveController active;
    ControllerChannel channel;
    Broker broker;
    bool is_cut_off = false;
};

// Three brokers of one process whose requests reach each other, unless one is cut off. What the
// controller decides is the rules' own; when the brokers hear of it is the test's to say.
class Cluster : public Peers {
public:
    // `restarted`: a broker whose present life nobody has heard of yet.
    explicit Cluster(std::vector<BrokerId> replicas, std::int32_t restarted = 0) {
        for (std::int32_t number = 1; number <= 3; ++number) add(number);
        if (restarted != 0) {
            member(restarted).config.quorum.bootstrap_servers = {{"b", 1}};
            member(restarted).facts.incarnation = Uuid{{9}};
        }
        builder.apply(ConfigRecord{4, "", "min.insync.replicas", "2"});
        builder.apply(TopicRecord{"words", topic_id});
        PartitionRecord partition;
        partition.partition_id = only;
        partition.topic_id = topic_id;
        partition.replicas = partition.isr = replicas;
        partition.leader = replicas.front();
        partition.leader_epoch = LeaderEpoch(0);
        partition.partition_epoch = PartitionEpoch(0);
        partition.directories.resize(replicas.size());
        builder.apply(partition);
        publish();
    }
    ~Cluster() override { stop(); }

    Result<Answer> ask(const env::Address& to, const Question& question, const How&) override {
        while (held == question.key && !ended)
            CHECK_OK(env::sleep_for(world.doors.scheduler, milliseconds(1)));
        if (ended) return Error::closed;
        if (failures > 0) return --failures, Error::closed;
        Member& there = member(to.port);
        const RequestHeader header{.request_api_key = question.key,
                                   .request_api_version = last_of(question),
                                   .correlation_id = CorrelationId(1)};
        TRY(const auto frame, question.frame(header));
        if (there.is_cut_off) return Error::closed;
        ++asked[question.key];
        TRY(const auto answer, serve(there, frame));
        if (there.is_cut_off) return Error::closed;
        Bytes body = answer;
        CHECK_OK(decode_prefix<ResponseHeader>(
            body, response_header_version(question.key, last_of(question))));
        return Answer{body, last_of(question)};
    }
    void break_off() override { ended = true; }
    void close() override {}

    Member& member(std::int32_t number) { return *members[static_cast<std::size_t>(number - 1)]; }
    testing::ToldLog& log(std::int32_t number) { return *member(number).store.logs.at("words-0"); }
    Partition::Use partition(std::int32_t number) {
        return member(number).broker.find({topic_id, only});
    }
    const metadata::PartitionState& state() {
        return *builder.image().topic(topic_id)->partition(only);
    }

    // The controller hears of its present life.
    void registered(std::int32_t number) { registered(number, BrokerEpoch(10 + number)); }
    void registered(std::int32_t number, BrokerEpoch epoch) {
        RegisterBrokerRecord registration;
        registration.broker_id = BrokerId(number);
        registration.broker_epoch = epoch;
        registration.incarnation_id = member(number).facts.incarnation;
        registration.fenced = false;
        registration.end_points = {{"PLAINTEXT", "b", static_cast<std::uint16_t>(number), 0}};
        builder.apply(registration);
    }
    // Everybody hears of what was decided. False when somebody has not taken it in at once.
    bool publish() {
        const auto image = decided();
        bool all = true;
        for (const auto& each : members)
            all = world.run([&broker = each->broker, image] { broker.apply(image, {}); }) && all;
        return all;
    }
    Shared<const metadata::MetadataImage> decided() {
        builder.advance(builder.image().next_offset.next(), LeaderEpoch(1));
        return Shared<const metadata::MetadataImage>::make(builder.image());
    }
    // Who holds it from now on.
    void place(std::vector<BrokerId> replicas) {
        PartitionChangeRecord change;
        change.partition_id = only;
        change.topic_id = topic_id;
        change.replicas = change.isr = std::move(replicas);
        builder.apply(change);
    }
    // Broker 2 leads without the last record of broker 1, which is about to hear of that.
    void part_ways() {
        produce(1);
        pass(milliseconds(50));
        member(1).is_cut_off = true;
        pass(milliseconds(600));
        produce(1);
        member(1).is_cut_off = false;
        lead(2, {BrokerId(2), BrokerId(3)});
        pass(milliseconds(1));
        ASSERT_EQ(log(1).batches.size(), 2U);
    }
    // Another leader, of the next epoch.
    void lead(std::int32_t number, std::vector<BrokerId> isr) {
        PartitionChangeRecord change;
        change.partition_id = only;
        change.topic_id = topic_id;
        change.leader = BrokerId(number);
        change.isr = std::move(isr);
        builder.apply(change);
        publish();
    }
    void pass(Duration time) {
        const Time until = now + time;
        while (now < until) {
            now = std::min(until, now + milliseconds(5));
            world.pass_to(now);
        }
    }
    // Answered once it is, in time; nothing meanwhile.
    struct Produced {
        std::optional<ErrorCode> error;
        Offset base{-1};
    };
    Produced& produce(std::int32_t number, std::int16_t acks = -1, int records = 1) {
        Produced& produced = answers.emplace_back();
        world.run([this, number, acks, records, &produced] {
            RecordBatchBuilder batch(BatchOptions{});
            for (int i = 0; i < records; ++i)
                batch.append({.timestamp = Timestamp(1'700'000'000'000), .value = as_slice("v")});
            ProduceRequest request;
            request.acks = acks;
            request.timeout_ms = 1000;
            auto& topic = request.topic_data.emplace_back();
            topic.name = "words";
            topic.topic_id = topic_id;
            topic.partition_data.push_back({only, batch.build()});
            const auto response = call<ProduceResponse>(number, request);
            const auto& answer = response.responses.at(0).partition_responses.at(0);
            produced.error = answer.error_code;
            produced.base = answer.base_offset;
        });
        return produced;
    }
    // What a consumer gets there.
    FetchResponse::Partition consume(std::int32_t number, Offset from) {
        FetchRequest request;
        request.topics.push_back({"words", topic_id, {}});
        auto& partition = request.topics.front().partitions.emplace_back();
        partition.fetch_offset = from;
        partition.partition_max_bytes = 1 << 20;
        FetchResponse::Partition answer;
        world.run([&] {
            answer = call<FetchResponse>(number, request).responses.at(0).partitions.at(0);
        });
        return answer;
    }

    template <class Response, class Request>
    Response call(std::int32_t number, const Request& request) {
        const Question question = question_of(request);
        const RequestHeader header{.request_api_key = question.key,
                                   .request_api_version = last_of(question),
                                   .correlation_id = CorrelationId(1)};
        auto frame = question.frame(header);
        EXPECT_TRUE(frame);
        auto answer = serve(member(number), *frame);
        EXPECT_TRUE(answer);
        EXPECT_TRUE(decode_prefix<ResponseHeader>(
            *answer, response_header_version(question.key, last_of(question))));
        auto response = decode<Response>(*answer, last_of(question));
        EXPECT_TRUE(response);
        return std::move(*response);
    }

    AlterPartitionResponse decide(const AlterPartitionRequest& request) {
        const auto decision =
            metadata::ReplicaController(builder.image()).alter_partitions(request, Version(3));
        for (const auto& record : decision.records) builder.apply(record);
        return decision.reply;
    }

    testing::StillEnv world;
    std::vector<std::unique_ptr<Member>> members;
    metadata::ImageBuilder builder;
    std::map<ApiKey, int> asked;
    std::vector<AlterPartitionRequest> proposals;
    bool controller_answers = true;
    std::optional<ApiKey> held;  // Such requests do not arrive yet,
    int failures = 0;            // and so many do not arrive at all.
    std::function<Result<void>()> checkpoint = [] { return Result<void>(); };
    std::set<std::int32_t> stopped;  // Whose node must stop.
    Time now{};
    bool ended = false;

private:
    void add(std::int32_t number) {
        members.push_back(std::make_unique<Member>(world.doors, number));
        registered(number);
        Replicas& replicas = members.back()->broker.replicas();
        replicas.connect({.peers = this,
                          .propose = [this](const AlterPartitionRequest& request)
                              -> Result<AlterPartitionResponse> {
                              proposals.push_back(request);
                              if (!controller_answers) return Error::closed;
                              return decide(request);
                          },
                          .checkpoint = [this] { return checkpoint(); },
                          .failed = [this, number] { stopped.insert(number); }});
        world.run([&] { EXPECT_TRUE(replicas.start()); });
    }
    Result<Bytes> serve(Member& there, const std::vector<Bytes>& frame) {
        Session session;
        // The frame begins with its length.
        const Bytes whole = joined(frame);
        auto reply = there.broker.begin(session, whole.slice(4, whole.size() - 4));
        if (reply.failed()) return reply.error();
        TRY(const auto pieces, (*reply)->finish());
        const Bytes answer = joined(pieces);
        return answer.slice(4, answer.size() - 4);
    }
    void stop() {
        ended = true;
        for (const auto& each : members)
            world.run([&] {
                each->broker.begin_stop();
                each->broker.wake_fetches();
            });
        pass(seconds(3));
        for (const auto& each : members)
            EXPECT_TRUE(world.run([&] { each->broker.replicas().stop(); }));
        for (const auto& each : members) EXPECT_TRUE(world.run([&] { each->broker.close(); }));
    }

    std::deque<Produced> answers;
};

std::vector<BrokerId> brokers(std::initializer_list<int> numbers) {
    std::vector<BrokerId> list;
    for (const int number : numbers) list.emplace_back(number);
    return list;
}

TEST(Replicas, AcksAllIsAnsweredWhenEveryReplicaHasIt) {
    Cluster cluster(brokers({1, 2, 3}));
    const auto& produced = cluster.produce(1);
    cluster.pass(milliseconds(100));
    EXPECT_EQ(produced.error, ErrorCode::none);
    EXPECT_EQ(produced.base, Offset(0));
    for (const int number : {1, 2, 3}) EXPECT_EQ(cluster.log(number).batches.size(), 1U);
    // As they are, to the byte.
    EXPECT_EQ(cluster.log(1).batches, cluster.log(2).batches);
    EXPECT_EQ(cluster.partition(1)->high_watermark(), Offset(1));
}

TEST(Replicas, AcksAllWaitsForAFollowersDisk) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.log(3).syncs_at_once = false;
    const auto& all = cluster.produce(1, -1);
    cluster.pass(milliseconds(100));
    EXPECT_EQ(cluster.log(3).batches.size(), 1U);
    EXPECT_FALSE(all.error);
    EXPECT_EQ(cluster.consume(1, Offset(0)).high_watermark, Offset(0));
    const auto& leader = cluster.produce(1, 1);
    cluster.pass(milliseconds(5));
    EXPECT_EQ(leader.error, ErrorCode::none);
    EXPECT_FALSE(all.error);
    cluster.world.run([&] { cluster.log(3).sync(); });
    cluster.pass(milliseconds(50));
    EXPECT_EQ(all.error, ErrorCode::none);
}

TEST(Replicas, WhoIsNotToldInTimeIsToldSo) {
    Cluster cluster(brokers({1, 2, 3}));
    // Its followers hear nothing of it.
    cluster.member(1).is_cut_off = true;
    cluster.pass(milliseconds(600));
    const auto& produced = cluster.produce(1);
    cluster.pass(milliseconds(1100));
    EXPECT_EQ(produced.error, ErrorCode::request_timed_out);
    EXPECT_EQ(cluster.partition(1)->high_watermark(), Offset(0));
}

TEST(Replicas, NothingIsWrittenWhereTooFewAreInSync) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.lead(1, brokers({1}));
    const auto& produced = cluster.produce(1);
    cluster.pass(milliseconds(1));
    EXPECT_EQ(produced.error, ErrorCode::not_enough_replicas);
    EXPECT_TRUE(cluster.log(1).batches.empty());
}

TEST(Replicas, AFollowerTakesNoRecordsOfClients) {
    Cluster cluster(brokers({1, 2, 3}));
    const auto& produced = cluster.produce(2);
    EXPECT_EQ(produced.error, ErrorCode::not_leader_or_follower);
    EXPECT_TRUE(cluster.log(2).batches.empty());
}

TEST(Replicas, WhatTheNewLeaderLacksIsCutOff) {
    Cluster cluster(brokers({1, 2, 3}));
    const auto& first = cluster.produce(1);
    cluster.pass(milliseconds(50));
    ASSERT_EQ(first.error, ErrorCode::none);
    // Nobody fetches what comes now.
    cluster.member(1).is_cut_off = true;
    cluster.pass(milliseconds(600));
    const auto& lost = cluster.produce(1);
    cluster.lead(2, brokers({2, 3}));
    cluster.pass(milliseconds(1));
    EXPECT_EQ(lost.error, ErrorCode::not_leader_or_follower);
    const auto& kept = cluster.produce(2, -1, 2);
    cluster.member(1).is_cut_off = false;
    cluster.pass(seconds(2));
    EXPECT_EQ(kept.error, ErrorCode::none);
    EXPECT_EQ(kept.base, Offset(1));
    EXPECT_EQ(cluster.log(1).batches, cluster.log(2).batches);
    EXPECT_EQ(cluster.log(1).epochs().entries(), cluster.log(2).epochs().entries());
}

TEST(Replicas, WhoCatchesUpIsProposedAndJoinsWithTheImage) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.lead(1, brokers({1, 2}));
    cluster.pass(milliseconds(100));
    ASSERT_FALSE(cluster.proposals.empty());
    EXPECT_EQ(cluster.state().isr, brokers({1, 2, 3}));
    const std::size_t asked = cluster.proposals.size();
    cluster.publish();
    cluster.pass(milliseconds(100));
    EXPECT_EQ(cluster.partition(1)->replica()->leading()->isr(), brokers({1, 2, 3}));
    EXPECT_EQ(cluster.proposals.size(), asked);
}

TEST(Replicas, WhoIsSilentLeavesAfterTheLag) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.pass(milliseconds(100));
    // It neither asks nor is asked.
    cluster.world.run([&] { cluster.member(3).broker.begin_stop(); });
    cluster.log(3).syncs_at_once = false;
    const auto& produced = cluster.produce(1);
    cluster.pass(milliseconds(900));
    EXPECT_FALSE(produced.error);
    cluster.pass(seconds(31));
    EXPECT_EQ(cluster.state().isr, brokers({1, 2}));
    cluster.publish();
    EXPECT_EQ(cluster.partition(1)->high_watermark(), Offset(1));
}

TEST(Replicas, AProposalWithoutAnAnswerIsMadeAgain) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.controller_answers = false;
    cluster.lead(1, brokers({1, 2}));
    cluster.pass(milliseconds(300));
    EXPECT_GE(cluster.proposals.size(), 2U);
    cluster.controller_answers = true;
    cluster.pass(milliseconds(200));
    EXPECT_EQ(cluster.state().isr, brokers({1, 2, 3}));
}

TEST(Replicas, AReplicaThatIsTakenAwayGoes) {
    Cluster cluster(brokers({1, 2, 3}));
    PartitionChangeRecord change;
    change.partition_id = only;
    change.topic_id = topic_id;
    change.replicas = change.isr = brokers({1, 2});
    cluster.builder.apply(change);
    cluster.publish();
    EXPECT_FALSE(cluster.partition(3));
    EXPECT_TRUE(cluster.partition(2));
    EXPECT_EQ(cluster.member(3).broker.error_for_missing({topic_id, only}),
              ErrorCode::not_leader_or_follower);
}

TEST(Replicas, APartitionOfOneBrokerHasNoRules) {
    Cluster cluster(brokers({1}));
    EXPECT_EQ(cluster.partition(1)->replica(), nullptr);
    const auto& produced = cluster.produce(1);
    EXPECT_EQ(produced.error, ErrorCode::none);
    EXPECT_FALSE(cluster.partition(2));
    EXPECT_EQ(cluster.asked[ApiKey::fetch], 0);
}

TEST(Replicas, OneThatWasAloneKeepsWhatWasCommitted) {
    Cluster cluster(brokers({1}));
    cluster.produce(1, -1, 3);
    PartitionChangeRecord change;
    change.partition_id = only;
    change.topic_id = topic_id;
    change.replicas = brokers({1, 2});
    cluster.builder.apply(change);
    cluster.publish();
    EXPECT_EQ(cluster.partition(1)->high_watermark(), Offset(3));
    cluster.pass(milliseconds(100));
    EXPECT_EQ(cluster.log(2).batches, cluster.log(1).batches);
}

// Its disk may lack what it told others in that epoch.
TEST(Replicas, WhatAnEarlierLifeLedIsNotLedOn) {
    Cluster cluster(brokers({1, 2, 3}), 1);
    EXPECT_FALSE(cluster.partition(1));
    EXPECT_EQ(cluster.produce(1).error, ErrorCode::not_leader_or_follower);
    cluster.registered(1);
    cluster.lead(2, brokers({2, 3}));
    EXPECT_TRUE(cluster.partition(1)->replica()->follows());
}

TEST(Replicas, WhatIsNotCommittedIsNotRead) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.log(2).syncs_at_once = cluster.log(3).syncs_at_once = false;
    cluster.produce(1);
    cluster.pass(milliseconds(20));
    const auto answer = cluster.consume(1, Offset(0));
    EXPECT_EQ(answer.error_code, ErrorCode::none);
    EXPECT_TRUE(!answer.records || answer.records->empty());
    EXPECT_EQ(answer.high_watermark, Offset(0));
}

TEST(Replicas, WhoseLogCannotBeCutStops) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    cluster.member(1).store.cut_fails = Error::io;
    cluster.pass(seconds(2));
    EXPECT_EQ(cluster.stopped, std::set<std::int32_t>{1});
}

TEST(Replicas, ACutWaitsUntilTheCheckpointCanBeWritten) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    const auto& kept = cluster.produce(2);
    int tries = 0;
    cluster.checkpoint = [&]() -> Result<void> {
        if (++tries <= 3) return Error::no_space;
        return {};
    };
    cluster.pass(seconds(5));
    EXPECT_EQ(tries, 4);
    EXPECT_EQ(kept.error, ErrorCode::none);
    EXPECT_EQ(cluster.log(1).batches, cluster.log(2).batches);
    EXPECT_TRUE(cluster.stopped.empty());
}

TEST(Replicas, ACutDoesNotWaitForTheCheckpointForEver) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    cluster.checkpoint = [] { return Result<void>(Error::no_space); };
    cluster.pass(seconds(5));
    EXPECT_TRUE(cluster.stopped.empty());
    cluster.pass(seconds(30));
    EXPECT_EQ(cluster.stopped, std::set<std::int32_t>{1});
}

TEST(Replicas, AReplicaWhoseCutWaitsMayBeTakenAway) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    cluster.checkpoint = [] { return Result<void>(Error::no_space); };
    cluster.pass(seconds(2));
    cluster.place(brokers({2, 3}));
    cluster.publish();
    cluster.pass(seconds(1));
    EXPECT_EQ(cluster.member(1).broker.image().next_offset, cluster.builder.image().next_offset);
    EXPECT_FALSE(cluster.partition(1));
    EXPECT_TRUE(cluster.stopped.empty());
}

// What the log has beyond that is not what others have there.
TEST(Replicas, WhatIsCommittedStaysWhereItWasUntilTheLogHasBegunAgain) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    cluster.produce(2, -1, 4);
    cluster.world.run([&] { EXPECT_TRUE(cluster.log(2).advance_start(Offset(4))); });
    bool may_go_on = false;
    cluster.checkpoint = [&]() -> Result<void> {
        while (!may_go_on) CHECK_OK(env::sleep_for(cluster.world.doors.scheduler, milliseconds(1)));
        return {};
    };
    cluster.pass(seconds(2));
    EXPECT_TRUE(cluster.partition(1)->replica()->is_busy());
    EXPECT_EQ(cluster.partition(1)->high_watermark(), Offset(1));
    may_go_on = true;
    cluster.pass(seconds(1));
    EXPECT_EQ(cluster.log(1).offsets().start, Offset(4));
    EXPECT_EQ(cluster.partition(1)->high_watermark(), Offset(5));
}

TEST(Replicas, AFollowerAsksAsTheBrokerThatIsRegisteredNow) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.controller_answers = false;
    cluster.lead(1, brokers({1, 2}));
    cluster.builder.apply(UnregisterBrokerRecord{BrokerId(3), BrokerEpoch(13)});
    cluster.publish();
    cluster.registered(3, BrokerEpoch(23));
    cluster.controller_answers = true;
    cluster.publish();
    EXPECT_EQ(cluster.partition(3)->replica()->next_fetch()->broker_epoch, BrokerEpoch(23));
    cluster.pass(seconds(1));
    EXPECT_EQ(cluster.state().isr, brokers({1, 2, 3}));
}

TEST(Replicas, AFetcherThatGotNoFiberBeginsWithTheNextNews) {
    Cluster cluster(brokers({1, 2, 3}));
    env::Scheduler& scheduler = cluster.world.doors.scheduler;
    bool over = false;
    cluster.world.run([&] {
        while (scheduler.spawn("occupied", [&] {
            while (!over) static_cast<void>(env::sleep_for(scheduler, milliseconds(1)).failed());
        })) {
        }
    });
    // Whoever hears of it has the last fiber.
    cluster.lead(2, brokers({1, 2, 3}));
    over = true;
    cluster.pass(milliseconds(5));
    cluster.publish();
    const auto& produced = cluster.produce(2);
    cluster.pass(seconds(1));
    EXPECT_EQ(produced.error, ErrorCode::none);
}

TEST(Replicas, AReplicaIsTakenAwayThoughItsLeaderDoesNotSayWhereItsLogLies) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    cluster.produce(2, -1, 4);
    cluster.world.run([&] { EXPECT_TRUE(cluster.log(2).advance_start(Offset(4))); });
    cluster.held = ApiKey::list_offsets;
    cluster.pass(seconds(2));
    EXPECT_TRUE(cluster.partition(1)->replica()->wants_leader_log());
    cluster.place(brokers({2, 3}));
    EXPECT_TRUE(cluster.publish());
    EXPECT_FALSE(cluster.partition(1));
}

TEST(Replicas, WorkIsOfTheReplicaThatItWasFor) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.part_ways();
    cluster.held = ApiKey::fetch;
    cluster.pass(seconds(2));
    cluster.world.run([&] {
        Partition::Use partition = cluster.partition(1);
        ReplicaDriver& replica = *partition->replica();
        const auto ask = replica.next_fetch();
        ASSERT_TRUE(ask);
        replication::FetchReply reply;
        reply.diverging = {LeaderEpoch(0), Offset(1)};
        ASSERT_TRUE(replica.received(*ask, reply, Bytes()));
        cluster.member(1).broker.replicas().finish_work(std::move(partition));
        // It goes, and comes back, before that has begun.
        cluster.place(brokers({2, 3}));
        cluster.member(1).broker.apply(cluster.decided(), {});
        cluster.place(brokers({1, 2, 3}));
        cluster.member(1).broker.apply(cluster.decided(), {});
    });
    cluster.publish();
    cluster.held.reset();
    cluster.pass(seconds(2));
    EXPECT_EQ(cluster.log(1).batches, cluster.log(2).batches);
}

TEST(Replicas, AFetchThatFailedHoldsUpNoLaterRole) {
    Cluster cluster(brokers({1, 2, 3}));
    cluster.pass(milliseconds(20));
    cluster.held = ApiKey::fetch;
    cluster.pass(seconds(1));
    cluster.lead(1, brokers({1, 2, 3}));
    cluster.pass(milliseconds(100));
    const int before = cluster.asked[ApiKey::fetch];
    cluster.failures = 2;
    cluster.held.reset();
    cluster.pass(milliseconds(5));
    EXPECT_EQ(cluster.failures, 0);
    EXPECT_EQ(cluster.asked[ApiKey::fetch], before + 2);
}

}  // namespace
}  // namespace sluice::broker
