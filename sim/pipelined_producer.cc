#include "sim/pipelined_producer.h"

#include <limits>

#include "core/client/admin.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/messages/init_producer_id.h"
#include "sim/value.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::size_t batches_open_max = 5;  // So many a broker remembers.
constexpr Version by_name{9};
constexpr Duration pipeline_patience = seconds(6);

// A batch is sent until it is stored. Brokers refuse what comes from their future, and their clocks
// step back here by an hour now and then.
Timestamp early_enough(const env::Clock& clock) {
    // Not by too much: a producer is forgotten a day after its last timestamp.
    constexpr std::int64_t hour_in_milliseconds = 3'600'000;
    return Timestamp(clock.wall().value - 5 * hour_in_milliseconds);
}

}  // namespace

// A producer and its connection, while it lives.
struct PipelinedProducer::Stream {
    env::Env& env;
    std::uint32_t number = 0;
    ProducerId id = no_producer_id;
    ProducerEpoch epoch{0};
    std::vector<Lane> lanes;
    std::unique_ptr<RawConnection> connection = {};
    std::deque<std::size_t> asked = {};  // The lanes of the requests without an answer.
};

void PipelinedProducer::fail(const std::string& signature, std::string text) {
    if (!failure_)
        failure_ = Failure{FailureKind::safety, "idempotence: " + signature, std::move(text)};
}

void PipelinedProducer::produce(Client& client, std::uint32_t number) {
    Stream stream{.env = client.env, .number = number, .lanes = {}};
    while (identify(client, stream).failed())
        if (env::sleep_for(client.env.scheduler, milliseconds(100)).failed()) return;
    // Some begin shortly before sequences do so again.
    const auto begin = static_cast<std::int32_t>(client.env.random.below(200));
    const bool wraps = client.env.random.below(2) == 0;
    for (std::uint32_t log = 0; log < partitions(); ++log) {
        stream.lanes.emplace_back().log = log;
        if (wraps)
            stream.lanes.back().next = Sequence(std::numeric_limits<std::int32_t>::max() - begin);
    }
    for (;;) {
        const bool worked = !work(stream).failed();
        if (client.env.scheduler.stopped()) return;
        if (worked) break;
        // Ids are given out once, whatever happened to the broker meanwhile.
        Stream other{.env = client.env, .number = number, .lanes = {}};
        static_cast<void>(identify(client, other).failed());
        if (env::sleep_for(client.env.scheduler, milliseconds(200)).failed()) return;
    }
}

Result<void> PipelinedProducer::identify(Client& client, Stream& stream) {
    InitProducerIdRequest request;
    request.transactional_id.reset();
    request.transaction_timeout_ms = INT32_MAX;
    TRY(const auto reply, client.cluster.ask_any(request, seconds(5)));
    if (reply.error_code != ErrorCode::none) return Error::timed_out;
    stream.id = reply.producer_id;
    stream.epoch = reply.producer_epoch;
    if (!producer_ids_.insert(stream.id.value).second)
        fail("a producer id is given out twice", fmt::format("{}", stream.id.value));
    return {};
}

// On a connection of its own until that breaks, or all is done and nothing more wanted.
Result<void> PipelinedProducer::work(Stream& stream) {
    stream.connection =
        std::make_unique<RawConnection>(stream.env, context().world, "pipeline", pipeline_patience);
    stream.asked.clear();
    for (Lane& lane : stream.lanes) lane.under_way = 0;
    CHECK_OK(stream.connection->open(context().servers.front()));
    Random& random = stream.env.random;
    for (;;) {
        const bool over = context().faults_over;
        bool idle = true;
        for (Lane& lane : stream.lanes) {
            while (!over && lane.open.size() < batches_open_max && random.below(3) != 0)
                fill(stream, lane);
            for (; lane.under_way < lane.open.size(); ++lane.under_way)
                CHECK_OK(send(stream, lane, lane.open[lane.under_way].bytes));
            idle = idle && lane.open.empty();
        }
        if (idle && over) return {};
        // Some of the answers, or all of them.
        std::size_t answers =
            random.below(3) == 0 ? stream.asked.size() : random.below(stream.asked.size() + 1);
        if (over) answers = stream.asked.size();
        for (; answers > 0; --answers) CHECK_OK(take_answer(stream));
        if (stream.asked.empty()) {
            for (Lane& lane : stream.lanes)
                if (random.below(4) == 0) CHECK_OK(repeat_one(stream, lane));
            Lane& any = stream.lanes[random.below(stream.lanes.size())];
            if (random.below(20) == 0 && is_known(any))
                CHECK_OK(come_too_early(stream, any, stream.epoch, sequence_plus(any.next, 1)));
            if (!over && random.below(20) == 0) CHECK_OK(begin_epoch(stream));
        }
        CHECK_OK(env::sleep_for(stream.env.scheduler, pause(random)));
    }
}

void PipelinedProducer::fill(Stream& stream, Lane& lane) {
    RecordBatchBuilder builder(
        {.producer_id = stream.id, .producer_epoch = stream.epoch, .base_sequence = lane.next});
    Batch batch;
    batch.sequence = lane.next;
    std::uint64_t count = 1 + stream.env.random.below(4);
    // Where sequences begin again, a batch begins, too, or they do so within one.
    const auto left = static_cast<std::uint64_t>(INT32_MAX - lane.next.value) + 1;
    if (left < count && stream.env.random.below(2) == 0) count = left;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t number = next_value();
        const auto value = make_value(number, 8 + stream.env.random.below(300));
        builder.append({.timestamp = early_enough(stream.env.clock), .value = Slice(value)});
        batch.sends.push_back(history().send({.log = lane.log,
                                              .producer = stream.number,
                                              .value = number,
                                              .invoked = context().world.now()}));
    }
    batch.bytes = builder.build();
    lane.next = sequence_plus(lane.next, static_cast<std::int32_t>(count));
    lane.open.push_back(std::move(batch));
}

Result<void> PipelinedProducer::send(Stream& stream, Lane& lane, const Bytes& batch) {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 5'000;
    request.topic_data.push_back({topic(), {}, {{partition_of(lane.log).partition, batch}}});
    CHECK_OK(stream.connection->send(request, by_name));
    stream.asked.push_back(static_cast<std::size_t>(&lane - stream.lanes.data()));
    return {};
}

Result<ProduceResponse::Partition> PipelinedProducer::receive(Stream& stream) {
    TRY(const auto reply, stream.connection->receive<ProduceRequest>(by_name));
    stream.asked.pop_front();
    if (reply.responses.size() != 1 || reply.responses.front().partition_responses.size() != 1)
        return Error::invalid;
    return reply.responses.front().partition_responses.front();
}

Result<void> PipelinedProducer::take_answer(Stream& stream) {
    Lane& lane = stream.lanes[stream.asked.front()];
    TRY(const auto answer, receive(stream));
    const bool stored = answer.error_code == ErrorCode::none ||
                        answer.error_code == ErrorCode::duplicate_sequence_number;
    if (!stored) {
        // Nothing before it was refused on this connection, or we would not be here: the broker
        // remembers another story.
        const bool refuses = answer.error_code == ErrorCode::out_of_order_sequence_number ||
                             answer.error_code == ErrorCode::invalid_producer_epoch;
        if (refuses)
            fail("a producer's next batch is refused",
                 fmt::format("{} at sequence {} of partition {}", name_of(answer.error_code),
                             lane.open.front().sequence.value, lane.log));
        return Error::timed_out;
    }
    Batch batch = std::move(lane.open.front());
    lane.open.pop_front();
    --lane.under_way;
    std::int64_t offset = answer.error_code == ErrorCode::none ? answer.base_offset.value : -1;
    batch.offset = offset;
    for (const std::size_t send : batch.sends) {
        acknowledged(send, lane.log, offset);
        if (offset >= 0) ++offset;
    }
    lane.answered.push_back(std::move(batch));
    if (lane.answered.size() > batches_open_max) lane.answered.pop_front();
    return {};
}

// All that it sent was answered, and where it stands.
bool PipelinedProducer::is_known(const Lane& lane) {
    return lane.open.empty() && !lane.answered.empty() && lane.answered.back().offset >= 0;
}

// One of the batches that a broker remembers is sent again, as after an answer that got lost.
Result<void> PipelinedProducer::repeat_one(Stream& stream, Lane& lane) {
    if (!is_known(lane)) return {};
    const Batch& batch = lane.answered[stream.env.random.below(lane.answered.size())];
    CHECK_OK(send(stream, lane, batch.bytes));
    TRY(const auto answer, receive(stream));
    const bool is_other = answer.error_code == ErrorCode::none && batch.offset >= 0 &&
                          answer.base_offset.value != batch.offset;
    if (is_other || answer.error_code == ErrorCode::out_of_order_sequence_number)
        fail("a duplicate is not answered as its original",
             fmt::format("{} at {} instead of {}", name_of(answer.error_code),
                         answer.base_offset.value, batch.offset));
    return {};
}

// As after an error that it cannot get over otherwise: the epoch after this one, from sequence 0.
// What still comes in the old one is too late.
Result<void> PipelinedProducer::begin_epoch(Stream& stream) {
    for (const Lane& lane : stream.lanes)
        if (!is_known(lane)) return {};
    const ProducerEpoch before = stream.epoch;
    const ProducerEpoch after(static_cast<std::int16_t>(before.value + 1));
    for (Lane& lane : stream.lanes) CHECK_OK(come_too_early(stream, lane, after, Sequence(1)));
    stream.epoch = after;
    std::vector<Sequence> late;
    for (Lane& lane : stream.lanes) {
        late.push_back(std::exchange(lane.next, Sequence(0)));
        lane.answered.clear();
        fill(stream, lane);
    }
    for (std::size_t i = 0; i < late.size(); ++i) {
        Lane& lane = stream.lanes[i];
        CHECK_OK(send(stream, lane, lane.open.front().bytes));
        lane.under_way = 1;
        CHECK_OK(take_answer(stream));
        CHECK_OK(come_too_late(stream, lane, before, late[i]));
    }
    return {};
}

Result<void> PipelinedProducer::come_too_late(Stream& stream, Lane& lane, ProducerEpoch epoch,
                                              Sequence sequence) {
    TRY(const ErrorCode code, send_odd_one(stream, lane, epoch, sequence));
    if (code == ErrorCode::none)
        fail("an older epoch is served",
             fmt::format("{} after {}", epoch.value, stream.epoch.value));
    return {};
}

// Something must have come before.
Result<void> PipelinedProducer::come_too_early(Stream& stream, Lane& lane, ProducerEpoch epoch,
                                               Sequence sequence) {
    TRY(const ErrorCode code, send_odd_one(stream, lane, epoch, sequence));
    if (code == ErrorCode::none)
        fail("a gap in the sequence is accepted",
             fmt::format("{} instead of {} in epoch {}", sequence.value, lane.next.value,
                         epoch.value));
    return {};
}

// A batch that must be refused.
Result<ErrorCode> PipelinedProducer::send_odd_one(Stream& stream, Lane& lane, ProducerEpoch epoch,
                                                  Sequence sequence) {
    const std::uint64_t number = next_value();
    const auto value = make_value(number, 16);
    RecordBatchBuilder odd(
        {.producer_id = stream.id, .producer_epoch = epoch, .base_sequence = sequence});
    odd.append({.timestamp = early_enough(stream.env.clock), .value = Slice(value)});
    const std::size_t sent = history().send({.log = lane.log,
                                             .producer = stream.number,
                                             .value = number,
                                             .invoked = context().world.now()});
    CHECK_OK(send(stream, lane, odd.build()));
    TRY(const auto answer, receive(stream));
    if (answer.error_code == ErrorCode::invalid_producer_epoch ||
        answer.error_code == ErrorCode::out_of_order_sequence_number)
        history().answer(sent, SendOutcome::refused, context().world.now());
    return answer.error_code;
}

}  // namespace sluice::sim
