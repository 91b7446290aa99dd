#include "sim/offset_admin.h"

#include "sim/admin_client.h"
#include "sim/group_members.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::int32_t partitions = 4;
constexpr Version newest_offsets_by_name{9};

}  // namespace

std::string OffsetAdmin::group() const {
    return fmt::format("{}administered-{}", options_.offsets_expire ? GroupMembers::fleeting : "",
                       groups_);
}

void OffsetAdmin::begin_another() {
    ++groups_;
    committed_.clear();
    orphans_.clear();
}

Result<void> OffsetAdmin::set_up(env::Env& env) {
    AdminClient client(env, context_, "offset-admin");
    return make_topic(client.admin());
}

std::string OffsetAdmin::topic() const {
    return fmt::format("administered-{}", topics_);
}

Result<void> OffsetAdmin::make_topic(client::Admin& admin) {
    return there(admin.create_topic({.name = topic(), .partitions = partitions}));
}

Result<void> OffsetAdmin::run(env::Env& env) {
    AdminClient client(env, context_, "offset-admin");
    client::Admin& admin = client.admin();
    while (!context_.faults_over && !failure_) {
        const std::uint64_t what = draws_.below(16);
        if (what < 5)
            commit(admin);
        else if (what < 7)
            remove_one(admin);
        else if (what == 7)
            remove_group(admin);
        else if (what == 8)
            remove_topic(env, admin);
        else if (what == 9)
            commit_for_nothing(admin);
        else
            static_cast<void>(look(admin).failed());
        if (env::sleep_for(env.scheduler, milliseconds(draws_.between(0, 800))).failed()) break;
    }
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void OffsetAdmin::commit(client::Admin& admin) {
    OffsetCommitRequest request;
    request.group_id = group();
    request.generation_id_or_member_epoch = GenerationId(-1);
    request.topics.push_back({.name = topic(), .topic_id = {}, .partitions = {}});
    OffsetCommitRequest::Partition one;
    one.partition_index = PartitionIndex(static_cast<std::int32_t>(draws_.below(partitions)));
    one.committed_offset = Offset(next_offset_++);
    one.committed_metadata = "";
    request.topics.front().partitions.push_back(one);
    ++asked_;
    const auto reply = ask_once(admin, request, newest_offsets_by_name);
    if (reply.failed() || reply->topics.front().partitions.front().error_code != ErrorCode::none)
        return begin_another();
    ++answered_;
    committed_[one.partition_index.value] = one.committed_offset.value;
    orphans_.erase(one.partition_index.value);
}

void OffsetAdmin::remove_one(client::Admin& admin) {
    const auto index = static_cast<std::int32_t>(draws_.below(partitions));
    OffsetDeleteRequest request;
    request.group_id = group();
    request.topics.push_back({topic(), {{PartitionIndex(index)}}});
    ++asked_;
    const auto reply = ask_once(admin, request, newest_offsets_by_name);
    if (reply.failed()) return begin_another();
    const bool unknown = reply->error_code == ErrorCode::group_id_not_found;
    if (unknown && (committed_.empty() || options_.offsets_expire)) {
        committed_.clear();
        orphans_.clear();
        return;
    }
    const bool done = reply->error_code == ErrorCode::none && reply->topics.size() == 1 &&
                      reply->topics.front().partitions.front().error_code == ErrorCode::none;
    if (!done) return begin_another();
    ++answered_;
    committed_.erase(index);
    orphans_.erase(index);
}

void OffsetAdmin::remove_group(client::Admin& admin) {
    DeleteGroupsRequest request;
    request.groups_names.push_back(group());
    ++asked_;
    const auto reply = ask_once(admin, request, newest_offsets_by_name);
    if (reply.failed()) return begin_another();
    const ErrorCode code = reply->results.front().error_code;
    if (code != ErrorCode::none && code != ErrorCode::group_id_not_found) return begin_another();
    if (code == ErrorCode::group_id_not_found && !committed_.empty() && !options_.offsets_expire)
        failure_ = Failure{FailureKind::safety, "group: one with offsets is not known", group()};
    ++answered_;
    committed_.clear();
    orphans_.clear();
}

// It is made again at once, and begins without offsets; but what was committed for the one that is
// gone may still be found for a while.
void OffsetAdmin::remove_topic(env::Env& env, client::Admin& admin) {
    DeleteTopicsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back({.name = topic(), .topic_id = {}});
    ++asked_;
    const auto reply = ask_once(admin, request);
    if (reply && reply->responses.front().error_code == ErrorCode::none) {
        ++answered_;
        for (const auto& [partition, offset] : committed_) orphans_[partition] = offset;
        committed_.clear();
    } else {
        begin_another();
        ++topics_;
    }
    while (!context_.faults_over && make_topic(admin).failed())
        if (env::sleep_for(env.scheduler, milliseconds(200)).failed()) return;
}

// There is no such partition.
void OffsetAdmin::commit_for_nothing(client::Admin& admin) {
    OffsetCommitRequest request;
    request.group_id = "nobody";
    request.generation_id_or_member_epoch = GenerationId(-1);
    request.topics.push_back({.name = topic(), .topic_id = {}, .partitions = {}});
    OffsetCommitRequest::Partition one;
    one.partition_index = PartitionIndex(partitions);
    one.committed_offset = Offset(1);
    one.committed_metadata = "";
    request.topics.front().partitions.push_back(one);
    ++asked_;
    const auto reply = ask_once(admin, request, newest_offsets_by_name);
    if (reply.failed()) return;
    ++answered_;
    if (reply->topics.front().partitions.front().error_code == ErrorCode::none)
        failure_ =
            Failure{FailureKind::safety, "group: an offset of no partition is committed", ""};
}

// By partition; what is not there is left out.
Result<OffsetAdmin::Offsets> OffsetAdmin::fetch(client::Admin& admin) {
    OffsetFetchRequest request;
    OffsetFetchRequest::Group wanted;
    wanted.group_id = group();
    // Of some partitions, or of all that has any.
    if (draws_.below(2) == 0) {
        wanted.topics.reset();
    } else {
        wanted.topics->push_back({topic(), {}, {}});
        for (std::int32_t p = 0; p < partitions; ++p)
            wanted.topics->front().partition_indexes.push_back(PartitionIndex(p));
    }
    request.groups.push_back(wanted);
    ++asked_;
    TRY(const auto reply, ask_once(admin, request, newest_offsets_by_name));
    if (reply.groups.size() != 1 || reply.groups.front().error_code != ErrorCode::none)
        return Error::io;
    ++answered_;
    Offsets offsets;
    for (const auto& answers : reply.groups.front().topics)
        for (const auto& answer : answers.partitions) {
            if (answer.error_code != ErrorCode::none) return Error::io;
            if (answers.name == topic() && answer.committed_offset >= Offset(0))
                offsets[answer.partition_index.value] = answer.committed_offset.value;
        }
    return offsets;
}

// Whether all is as it must be in the end.
Result<bool> OffsetAdmin::look(client::Admin& admin) {
    TRY(const Offsets found, fetch(admin));
    const auto in = [](const Offsets& offsets, std::int32_t partition) {
        const auto known = offsets.find(partition);
        return known == offsets.end() ? -1 : known->second;
    };
    bool settled = true;
    for (std::int32_t p = 0; p < partitions; ++p) {
        const std::int64_t offset = in(found, p);
        if (offset == in(committed_, p) || (offset < 0 && options_.offsets_expire)) continue;
        settled = false;
        if (offset >= 0 && offset == in(orphans_, p)) continue;
        failure_ = Failure{
            FailureKind::safety, "group: another offset than was committed last",
            fmt::format("{} of {}: {} instead of {}", group(), p, offset, in(committed_, p))};
    }
    return settled;
}

Result<void> OffsetAdmin::check(env::Env& env) {
    AdminClient client(env, context_, "offset-admin");
    const Result<bool> settled = look(client.admin());
    if (env.scheduler.stopped()) return Error::stopped;
    if (settled && !*settled) pending_ = "offsets of a topic that is gone are found";
    return settled && (*settled || failure_) ? Result<void>() : Error::timed_out;
}

}  // namespace sluice::sim
