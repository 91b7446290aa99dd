#include "sim/offset_admin.h"

#include "sim/group_members.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::string_view topic_name = "administered";
constexpr std::int32_t partitions = 4;
constexpr Version newest_by_name{9};

client::ClientOptions patient() {
    return {.client_id = "offset-admin",
            .request_time_max = seconds(4),
            .connect_time_max = seconds(4)};
}

// Asks once, for who asks twice does not know when the first one is heard.
template <class Request>
auto ask_once(client::Admin& admin, const Request& request)
    -> Result<typename client::ApiOf<Request>::type::Response> {
    TRY(client::BrokerConnection * broker, admin.cluster().any());
    return broker->ask(request, Duration(0), newest_by_name);
}

}  // namespace

std::string OffsetAdmin::group() const {
    return fmt::format("{}administered-{}", options_.offsets_expire ? GroupMembers::fleeting : "",
                       groups_);
}

void OffsetAdmin::begin_another() {
    ++groups_;
    committed_.clear();
}

Result<void> OffsetAdmin::set_up(env::Env& env) {
    client::Cluster cluster({env.scheduler, env.clock, env.network, env.random}, patient(),
                            context_.servers);
    client::Admin admin(cluster);
    const auto made =
        admin.create_topic({.name = std::string(topic_name), .partitions = partitions});
    cluster.close();
    const bool there = made || made.error().code == ErrorCode::topic_already_exists;
    return there ? Result<void>() : Error::timed_out;
}

Result<void> OffsetAdmin::run(env::Env& env) {
    client::Cluster cluster({env.scheduler, env.clock, env.network, env.random}, patient(),
                            context_.servers);
    client::Admin admin(cluster);
    while (!context_.faults_over && !failure_) {
        const std::uint64_t what = draws_.below(12);
        if (what < 5)
            commit(admin);
        else if (what < 7)
            remove_one(admin);
        else if (what == 7)
            remove_group(admin);
        else
            static_cast<void>(look(admin).failed());
        if (env::sleep_for(env.scheduler, milliseconds(draws_.between(0, 800))).failed()) break;
    }
    cluster.close();
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void OffsetAdmin::commit(client::Admin& admin) {
    OffsetCommitRequest request;
    request.group_id = group();
    request.generation_id_or_member_epoch = GenerationId(-1);
    request.topics.push_back({.name = std::string(topic_name), .topic_id = {}, .partitions = {}});
    OffsetCommitRequest::Partition one;
    one.partition_index = PartitionIndex(static_cast<std::int32_t>(draws_.below(partitions)));
    one.committed_offset = Offset(next_offset_++);
    one.committed_metadata = "";
    request.topics.front().partitions.push_back(one);
    ++asked_;
    const auto reply = ask_once(admin, request);
    if (reply.failed() || reply->topics.front().partitions.front().error_code != ErrorCode::none)
        return begin_another();
    ++answered_;
    committed_[one.partition_index.value] = one.committed_offset.value;
}

void OffsetAdmin::remove_one(client::Admin& admin) {
    const auto index = static_cast<std::int32_t>(draws_.below(partitions));
    OffsetDeleteRequest request;
    request.group_id = group();
    request.topics.push_back({std::string(topic_name), {{PartitionIndex(index)}}});
    ++asked_;
    const auto reply = ask_once(admin, request);
    if (reply.failed()) return begin_another();
    const bool unknown = reply->error_code == ErrorCode::group_id_not_found;
    if (unknown && (committed_.empty() || options_.offsets_expire)) return committed_.clear();
    const bool done = reply->error_code == ErrorCode::none && reply->topics.size() == 1 &&
                      reply->topics.front().partitions.front().error_code == ErrorCode::none;
    if (!done) return begin_another();
    ++answered_;
    committed_.erase(index);
}

void OffsetAdmin::remove_group(client::Admin& admin) {
    DeleteGroupsRequest request;
    request.groups_names.push_back(group());
    ++asked_;
    const auto reply = ask_once(admin, request);
    if (reply.failed()) return begin_another();
    const ErrorCode code = reply->results.front().error_code;
    if (code != ErrorCode::none && code != ErrorCode::group_id_not_found) return begin_another();
    if (code == ErrorCode::group_id_not_found && !committed_.empty() && !options_.offsets_expire)
        failure_ = Failure{FailureKind::safety, "group: one with offsets is not known", group()};
    ++answered_;
    committed_.clear();
}

Result<void> OffsetAdmin::look(client::Admin& admin) {
    OffsetFetchRequest request;
    OffsetFetchRequest::Group wanted;
    wanted.group_id = group();
    wanted.topics->push_back({std::string(topic_name), {}, {}});
    for (std::int32_t p = 0; p < partitions; ++p)
        wanted.topics->front().partition_indexes.push_back(PartitionIndex(p));
    request.groups.push_back(wanted);
    ++asked_;
    TRY(const auto reply, ask_once(admin, request));
    if (reply.groups.size() != 1 || reply.groups.front().error_code != ErrorCode::none ||
        reply.groups.front().topics.size() != 1)
        return Error::io;
    ++answered_;
    for (const auto& answer : reply.groups.front().topics.front().partitions) {
        if (answer.error_code != ErrorCode::none) return Error::io;
        const auto known = committed_.find(answer.partition_index.value);
        const std::int64_t expected = known == committed_.end() ? -1 : known->second;
        const bool expired = options_.offsets_expire && answer.committed_offset == Offset(-1);
        if (answer.committed_offset.value == expected || expired) continue;
        failure_ =
            Failure{FailureKind::safety, "group: another offset than was committed last",
                    fmt::format("{} of {}: {} instead of {}", group(), answer.partition_index.value,
                                answer.committed_offset.value, expected)};
    }
    return {};
}

Result<void> OffsetAdmin::check(env::Env& env) {
    client::Cluster cluster({env.scheduler, env.clock, env.network, env.random}, patient(),
                            context_.servers);
    client::Admin admin(cluster);
    const Result<void> done = look(admin);
    cluster.close();
    if (env.scheduler.stopped()) return Error::stopped;
    return done;
}

}  // namespace sluice::sim
