#include "sim/topic_churn.h"

#include <algorithm>

#include "core/client/consumer.h"
#include "core/client/producer.h"
#include "sim/admin_client.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::size_t churned_topics_max = 6;
constexpr std::int32_t churned_partitions_max = 6;
constexpr std::int8_t config_of_topic = 2;
constexpr std::int8_t set_value = 0;
constexpr PartitionIndex first_partition{0};
constexpr std::int8_t set_for_topic = 1;
// Which mean nothing to what is done here.
const std::vector<std::string> configured{"max.message.bytes", "file.delete.delay.ms"};

}  // namespace

void TopicChurn::fail(const std::string& signature, std::string text) {
    if (!failure_) failure_ = Failure{FailureKind::safety, "churn: " + signature, std::move(text)};
}

template <class Request, class Answer>
bool TopicChurn::granted(client::Admin& admin, Topic& topic, const Request& request,
                         Answer answer) {
    ++asked_;
    topic.sure = false;
    const auto reply = ask_once(admin, request);
    if (reply.failed() || answer(*reply) != ErrorCode::none) return false;
    topic.sure = true;
    ++granted_;
    return true;
}

Result<void> TopicChurn::run(env::Env& env) {
    AdminClient client(env, context_, "churn");
    client::Admin& admin = client.admin();
    while (!context_.faults_over) {
        step(admin);
        if (env::sleep_for(env.scheduler, milliseconds(draws_.between(0, 800))).failed()) break;
    }
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void TopicChurn::step(client::Admin& admin) {
    std::vector<std::string> sure;
    std::vector<std::string> gone;
    for (const auto& [name, topic] : topics_)
        if (topic.sure) (topic.exists ? sure : gone).push_back(name);
    if (sure.size() < churned_topics_max && draws_.below(3) == 0) {
        const bool again = !gone.empty() && draws_.below(2) == 0;
        const std::string wanted =
            again ? gone[draws_.below(gone.size())] : fmt::format("churn-{}", names_++);
        if (draws_.below(4) == 0) pretend(admin, wanted);
        create(admin, wanted, topics_[wanted]);
        return;
    }
    if (sure.empty()) return;
    const std::string name = sure[draws_.below(sure.size())];
    Topic& topic = topics_[name];
    const std::uint64_t what = draws_.below(8);
    if (what < 2)
        static_cast<void>(verify_any(admin).failed());
    else if (what == 2)
        remove(admin, name, topic);
    else if (what == 3)
        grow(admin, name, topic);
    else if (what == 4)
        configure(admin, name, topic);
    else if (what < 7)
        write(admin, name, topic);
    else
        cut(admin, name, topic);
}

// Those that are gone, too.
Result<void> TopicChurn::verify_any(client::Admin& admin) {
    auto any = topics_.begin();
    std::advance(any, draws_.below(topics_.size()));
    if (!any->second.sure) return {};
    return verify(admin, any->first, any->second);
}

void TopicChurn::create(client::Admin& admin, const std::string& name, Topic& topic) {
    CreateTopicsRequest request;
    request.timeout_ms = 4'000;
    CreateTopicsRequest::Topic wanted;
    wanted.name = name;
    wanted.num_partitions = static_cast<std::int32_t>(1 + draws_.below(3));
    wanted.replication_factor = -1;
    request.topics.push_back(wanted);
    if (!granted(admin, topic, request,
                 [](const auto& reply) { return reply.topics.front().error_code; }))
        return;
    topic = {.exists = true,
             .partitions = wanted.num_partitions,
             .former_ids = std::move(topic.former_ids)};
    static_cast<void>(verify(admin, name, topic).failed());
}

// Asks whether it could be made. The next look at it must not find it.
void TopicChurn::pretend(client::Admin& admin, const std::string& name) {
    CreateTopicsRequest request;
    request.timeout_ms = 4'000;
    request.validate_only = true;
    CreateTopicsRequest::Topic wanted;
    wanted.name = name;
    wanted.num_partitions = 1;
    wanted.replication_factor = -1;
    request.topics.push_back(wanted);
    ++asked_;
    Topic& topic = topics_[name];
    if (ask_once(admin, request).failed()) return;
    ++granted_;
    static_cast<void>(verify(admin, name, topic).failed());
}

void TopicChurn::remove(client::Admin& admin, const std::string& name, Topic& topic) {
    DeleteTopicsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back({.name = name, .topic_id = {}});
    if (!granted(admin, topic, request,
                 [](const auto& reply) { return reply.responses.front().error_code; }))
        return;
    topic.exists = false;
    if (topic.id != TopicId{}) topic.former_ids.push_back(topic.id);
    topic.id = {};
    static_cast<void>(verify(admin, name, topic).failed());
}

void TopicChurn::grow(client::Admin& admin, const std::string& name, Topic& topic) {
    if (topic.partitions >= churned_partitions_max) return;
    CreatePartitionsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back(
        {.name = name, .count = topic.partitions + 1, .assignments = std::nullopt});
    if (granted(admin, topic, request,
                [](const auto& reply) { return reply.results.front().error_code; }))
        ++topic.partitions;
}

void TopicChurn::configure(client::Admin& admin, const std::string& name, Topic& topic) {
    const std::string& setting = configured[draws_.below(configured.size())];
    const std::string value = std::to_string(draws_.between(100'000, 2'000'000));
    IncrementalAlterConfigsRequest request;
    request.resources.push_back({config_of_topic, name, {{setting, set_value, value}}});
    if (granted(admin, topic, request,
                [](const auto& reply) { return reply.responses.front().error_code; }))
        topic.configs[setting] = value;
}

// Some records in one batch, so that a cut may hit its middle.
void TopicChurn::write(client::Admin& admin, const std::string& name, Topic& topic) {
    client::Producer producer(
        admin.cluster(),
        {.linger = milliseconds(20), .delivery_time_max = seconds(5), .create_topics = false});
    for (int i = 0; i < 6; ++i) {
        const auto sent = producer.send({.topic = name,
                                         .partition = first_partition,
                                         .key = std::nullopt,
                                         .value = "value",
                                         .headers = {}},
                                        [&topic](const client::Delivery& delivery) {
                                            if (delivery.delivered())
                                                topic.end =
                                                    std::max(topic.end, delivery.offset.value + 1);
                                        });
        if (sent.failed()) break;
    }
    static_cast<void>(producer.flush().failed());
    producer.close();
}

void TopicChurn::cut(client::Admin& admin, const std::string& name, Topic& topic) {
    if (topic.end <= topic.start) return;
    const std::int64_t start = draws_.between(topic.start, topic.end);
    DeleteRecordsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back({name, {{first_partition, Offset(start)}}});
    std::int64_t said = -1;
    const bool done = granted(admin, topic, request, [&said](const auto& reply) {
        const auto& answer = reply.topics.front().partitions.front();
        said = answer.low_watermark.value;
        return answer.error_code;
    });
    if (!done) return;
    topic.start = start;
    if (said != start)
        fail("a log does not begin where it was cut",
             fmt::format("{}: {} at {}", name, start, said));
    static_cast<void>(verify(admin, name, topic).failed());
}

// An error when nobody answered.
Result<void> TopicChurn::verify(client::Admin& admin, const std::string& name, Topic& topic) {
    MetadataRequest request;
    request.allow_auto_topic_creation = false;
    request.topics->push_back({.topic_id = {}, .name = name});
    TRY(const auto reply, admin.cluster().ask_any(request, seconds(4)));
    if (reply.topics.size() != 1) return Error::invalid;
    const auto& answer = reply.topics.front();
    if (!topic.exists) {
        if (answer.error_code != ErrorCode::unknown_topic_or_partition)
            fail("a deleted topic is there", name);
        return {};
    }
    if (answer.error_code == ErrorCode::unknown_topic_or_partition) {
        fail("a topic that was made is not there", name);
        return {};
    }
    if (topic.id == TopicId{}) topic.id = answer.topic_id;
    return verify_there(admin, name, topic, answer);
}

Result<void> TopicChurn::verify_there(client::Admin& admin, const std::string& name,
                                      const Topic& topic, const MetadataResponse::Topic& answer) {
    if (answer.topic_id != topic.id)
        fail("a topic has another id", name);
    else if (std::ranges::find(topic.former_ids, topic.id) != topic.former_ids.end())
        fail("a new topic has an old one's id", name);
    else if (answer.partitions.size() != static_cast<std::size_t>(topic.partitions))
        fail("a topic has another number of partitions",
             fmt::format("{}: {} instead of {}", name, answer.partitions.size(), topic.partitions));
    CHECK_OK(verify_configs(admin, name, topic));
    CHECK_OK(verify_last_partition(admin, name, topic));
    return verify_start(admin, name, topic);
}

// Its own settings are what was granted, and it has no others.
Result<void> TopicChurn::verify_configs(client::Admin& admin, const std::string& name,
                                        const Topic& topic) {
    DescribeConfigsRequest request;
    request.resources.push_back({config_of_topic, name, configured});
    TRY(const auto reply, admin.cluster().ask_any(request, seconds(4)));
    if (reply.results.size() != 1 || reply.results.front().error_code != ErrorCode::none)
        return Error::io;
    std::map<std::string, std::string> own;
    for (const auto& config : reply.results.front().configs)
        if (config.config_source == set_for_topic) own[config.name] = config.value.value_or("");
    if (own != topic.configs) fail("a topic's configuration is another one", name);
    return {};
}

// It may have been added a moment ago, and is served as the others are.
Result<void> TopicChurn::verify_last_partition(client::Admin& admin, const std::string& name,
                                               const Topic& topic) {
    ListOffsetsRequest request;
    request.replica_id = BrokerId(-1);
    request.timeout_ms = 4'000;
    const PartitionIndex last(topic.partitions - 1);
    request.topics.push_back({name, {{.partition_index = last, .timestamp = latest_offset}}});
    TRY(const auto reply, ask_once(admin, request));
    const ErrorCode code = reply.topics.front().partitions.front().error_code;
    if (code == ErrorCode::not_leader_or_follower || code == ErrorCode::unknown_topic_or_partition)
        fail("a partition is not served",
             fmt::format("{}-{}: {}", name, last.value, name_of(code)));
    return code == ErrorCode::none ? Result<void>() : Error::io;
}

// The first record that is left can be read, and none before.
Result<void> TopicChurn::verify_start(client::Admin& admin, const std::string& name,
                                      const Topic& topic) {
    if (topic.end == 0) return {};
    client::Consumer consumer(admin.cluster(), {});
    const client::TopicPartition partition{name, first_partition};
    consumer.assign(partition, client::Consumer::earliest);
    TRY(const auto records, consumer.poll(milliseconds(200)));
    const auto at = consumer.position(partition);
    const std::int64_t first =
        records.empty() ? (at ? at->value : -1) : records.front().offset.value;
    if (first < 0 || (records.empty() && topic.start < topic.end)) return Error::timed_out;
    if (first != topic.start)
        fail("a log does not begin where it was cut",
             fmt::format("{}: {} instead of {}", name, first, topic.start));
    return {};
}

Result<void> TopicChurn::check(env::Env& env) {
    AdminClient client(env, context_, "churn");
    client::Admin& admin = client.admin();
    unverified_ = 0;
    for (auto& [name, topic] : topics_)
        if (topic.sure && verify(admin, name, topic).failed()) ++unverified_;
    if (env.scheduler.stopped()) return Error::stopped;
    return unverified_ == 0 ? Result<void>() : Error::timed_out;
}

std::string TopicChurn::pending() const {
    return fmt::format("{} topics not verified", unverified_);
}

}  // namespace sluice::sim
