#include "sim/hostile_client.h"

#include "core/client/admin.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/messages/api_versions.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/produce.h"
#include "sim/admin_client.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::string_view hostile_topic = "target";
constexpr std::size_t bomb_bytes = 1 << 20;  // More than the broker unpacks here.
constexpr Duration patience = seconds(3);
constexpr std::uint64_t kinds = 8;  // Of attacks.
// Longer than a broker waits here for somebody who is silent.
constexpr Duration silence = seconds(25);

}  // namespace

Result<void> HostileClient::set_up(env::Env& env) {
    AdminClient client(env, context_, "hostile");
    const auto made =
        client.admin().create_topic({.name = std::string(hostile_topic), .partitions = 1});
    const std::vector<std::uint8_t> zeros(bomb_bytes);
    RecordBatchBuilder bomb({.compression = CompressionType::gzip});
    bomb.append({.timestamp = Timestamp(0), .value = Slice(zeros)});
    bomb_ = bomb.build();
    RecordBatchBuilder harmless;
    harmless.append({.timestamp = Timestamp(0), .value = Slice(zeros).first(8)});
    harmless_ = harmless.build();
    return there(made);
}

Result<void> HostileClient::run(env::Env& env) {
    while (!context_.faults_over) {
        attack(env, env.random.below(kinds));
        const Duration pause(env.random.between(0, 1'500'000));
        if (env::sleep_for(env.scheduler, pause).failed()) return Error::stopped;
    }
    return {};
}

void HostileClient::attack(env::Env& env, std::uint64_t kind) {
    RawConnection connection(env, context_.world, "hostile", patience);
    if (connection.open(context_.servers.front()).failed()) return;
    ++attacks_;
    switch (kind) {
        case 0:
            return make_noise(env, connection);
        case 1:
            return lie_about_length(env, connection);
        case 2:
            return stop_in_the_middle(env, connection);
        case 3:
            return never_read(env, connection);
        case 4:
            return ask_for_what_does_not_exist(connection);
        case 5:
            return want_no_answer(connection);
        case 6:
            return go_while_waiting(env, connection);
        default:
            return send_bomb(connection);
    }
}

void HostileClient::make_noise(env::Env& env, RawConnection& connection) {
    std::vector<std::uint8_t> noise(1 + env.random.below(4'000));
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(env.random.below(256));
    // Half of it as requests of a length that is well.
    if (noise.size() > 4 && env.random.below(2) == 0)
        store_big(noise.data(), static_cast<std::int32_t>(noise.size() - 4));
    static_cast<void>(connection.send_bytes(noise).failed());
    std::uint8_t answer[256];
    static_cast<void>(connection.receive_bytes(answer).failed());
}

void HostileClient::lie_about_length(env::Env& env, RawConnection& connection) {
    constexpr std::int32_t lengths[] = {INT32_MIN, -1, 0, 1, 200 << 20, INT32_MAX};
    std::uint8_t length[4];
    store_big(length, lengths[env.random.below(std::size(lengths))]);
    static_cast<void>(connection.send_bytes(length).failed());
    std::uint8_t answer[256];
    static_cast<void>(connection.receive_bytes(answer).failed());
}

void HostileClient::stop_in_the_middle(env::Env& env, RawConnection& connection) {
    std::uint8_t begin[64] = {};
    store_big(begin, std::int32_t{60'000});
    static_cast<void>(connection.send_bytes(begin).failed());
    const Duration pause(env.random.between(0, patience.count()));
    static_cast<void>(env::sleep_for(env.scheduler, pause).failed());
}

void HostileClient::never_read(env::Env& env, RawConnection& connection) {
    MetadataRequest request;
    request.topics.reset();
    for (int i = 0; i < 200; ++i)
        if (connection.send(request, Version(9)).failed()) return;
    static_cast<void>(env::sleep_for(env.scheduler, patience / 2).failed());
}

// Of the versions of ApiVersions any is answered, with what there is.
void HostileClient::ask_for_what_does_not_exist(RawConnection& connection) {
    const std::uint8_t request[] = {0, 0, 0, 11, 0, 18, 0, 99, 0, 0, 0, 7, 0xFF, 0xFF, 0};
    if (connection.send_bytes(request).failed()) return;
    std::uint8_t answer[10];
    std::size_t filled = 0;
    while (filled < sizeof answer) {
        const auto count = connection.receive_bytes(MutableSlice(answer).subspan(filled));
        if (count.failed() || *count == 0) return;
        filled += *count;
    }
    const auto code = static_cast<ErrorCode>(load_big<std::int16_t>(answer + 8));
    if (code != ErrorCode::unsupported_version)
        failure_ = Failure{FailureKind::safety, "hostile: an unknown version is served",
                           std::string(name_of(code))};
}

void HostileClient::send_bomb(RawConnection& connection) {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 1'000;
    request.topic_data.push_back({std::string(hostile_topic), {}, {{PartitionIndex(0), bomb_}}});
    constexpr Version by_name{9};
    if (connection.send(request, by_name).failed()) return;
    const auto reply = connection.receive<ProduceRequest>(by_name);
    if (reply.failed() || reply->responses.size() != 1) return;
    if (reply->responses.front().partition_responses.front().error_code == ErrorCode::none)
        failure_ = Failure{FailureKind::safety, "hostile: a bomb is stored", ""};
}

// A batch that is not to be answered, and a question: its answer is the first there is.
void HostileClient::want_no_answer(RawConnection& connection) {
    ProduceRequest request;
    request.acks = 0;
    request.timeout_ms = 1'000;
    request.topic_data.push_back(
        {std::string(hostile_topic), {}, {{PartitionIndex(0), harmless_}}});
    constexpr Version by_name{9};
    if (connection.tell(request, by_name).failed()) return;
    constexpr Version oldest{0};
    if (connection.send(ApiVersionsRequest{}, oldest).failed()) return;
    static_cast<void>(connection.receive<ApiVersionsRequest>(oldest).failed());
}

// Waits for records that do not come, and is gone before that is over.
void HostileClient::go_while_waiting(env::Env& env, RawConnection& connection) {
    constexpr Version by_name{12};
    FetchRequest request;
    request.session_epoch = -1;
    request.max_wait_ms = 5'000;
    request.min_bytes = 1 << 20;
    request.max_bytes = 1 << 20;
    request.topics.push_back(
        {.topic = std::string(hostile_topic), .topic_id = {}, .partitions = {}});
    FetchRequest::Partition wanted;
    wanted.partition_max_bytes = 1 << 20;
    request.topics.back().partitions.push_back(wanted);
    static_cast<void>(connection.send(request, by_name).failed());
    static_cast<void>(env::sleep_for(env.scheduler, milliseconds(300)).failed());
}

// Says nothing, or not all of something, until the other side has enough of it.
bool HostileClient::is_sent_away(env::Env& env, bool within_a_request) {
    RawConnection connection(env, context_.world, "hostile", silence);
    if (connection.open(context_.servers.front()).failed()) return false;
    const Time begin = context_.world.now();
    const std::uint8_t half_a_length[2] = {};
    if (within_a_request) static_cast<void>(connection.send_bytes(half_a_length).failed());
    std::uint8_t answer[1];
    static_cast<void>(connection.receive_bytes(answer).failed());
    return context_.world.now() - begin < silence;
}

Result<void> HostileClient::check(env::Env& env) {
    AdminClient client(env, context_, "hostile");
    for (std::uint64_t kind = 0; kind < kinds; ++kind) attack(env, kind);
    pending_ = "who is silent is not sent away";
    if (!is_sent_away(env, true) || !is_sent_away(env, false)) return Error::timed_out;
    pending_ = "nobody answers a simple question";
    return client.admin().ask(MetadataRequest{}) ? Result<void>() : Error::timed_out;
}

}  // namespace sluice::sim
