#include "sim/group_member.h"

#include <algorithm>
#include <charconv>

#include "core/protocol/messages/heartbeat.h"
#include "core/protocol/messages/leave_group.h"
#include "core/protocol/messages/offset_commit.h"
#include "core/protocol/messages/offset_fetch.h"
#include "core/protocol/messages/sync_group.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::string_view protocol_type = "consumer";
constexpr std::string_view protocol_name = "range";
constexpr Version newest_by_name{9};  // Of OffsetCommit and OffsetFetch.
constexpr std::uint8_t no_partition = 0xFF;
constexpr Duration request_time_max = seconds(4);

std::int32_t milliseconds_of(Duration duration) {
    return static_cast<std::int32_t>(to_milliseconds(duration));
}

std::vector<std::int32_t> partitions_in(const Bytes& assignment) {
    std::vector<std::int32_t> partitions;
    for (const std::uint8_t each : assignment.view())
        if (each != no_partition) partitions.push_back(each);
    return partitions;
}

// The number of the commit that stands beside a committed offset.
std::size_t number_in(const std::optional<std::string>& metadata) {
    std::size_t number = SIZE_MAX;
    if (metadata) std::from_chars(metadata->data(), metadata->data() + metadata->size(), number);
    return number;
}

}  // namespace

GroupMember::GroupMember(const GroupUse& use, env::Env& env, std::vector<env::Address> servers,
                         std::optional<std::string> instance)
    : use_(use),
      env_(env),
      cluster_({env.scheduler, env.clock, env.network, env.random},
               {.client_id = use.group,
                .request_time_max = request_time_max,
                .connect_time_max = request_time_max},
               std::move(servers)),
      instance_(std::move(instance)) {}

bool GroupMember::join() {
    JoinGroupRequest request;
    request.group_id = use_.group;
    request.session_timeout_ms = milliseconds_of(use_.session_timeout);
    request.rebalance_timeout_ms = milliseconds_of(use_.rebalance_timeout);
    request.member_id = membership_.member;
    request.group_instance_id = instance_;
    request.protocol_type = protocol_type;
    request.protocols = {{std::string(protocol_name), Bytes::copy_of(as_slice("whatever"))}};
    const Time invoked = use_.world.now();
    auto reply = ask(request, 3 * use_.rebalance_timeout);
    longest_join_ = std::max(longest_join_, use_.world.now() - invoked);
    if (reply.failed()) return false;
    if (reply->error_code == ErrorCode::member_id_required) {
        membership_.member = reply->member_id;
        return false;
    }
    if (reply->error_code != ErrorCode::none) {
        out(reply->error_code);
        return false;
    }
    if (reply->member_id != membership_.member) membership_.named = {invoked, use_.world.now()};
    membership_.member = reply->member_id;
    membership_.generation = reply->generation_id.value;
    membership_.owner = instance_.value_or(reply->member_id);
    leader_ = reply->leader == reply->member_id;
    joined_ = std::move(*reply);
    return true;
}

// Every partition has one owner: the members take turns.
std::vector<std::pair<std::string, std::vector<std::int32_t>>> GroupMember::parts() const {
    std::vector<std::pair<std::string, std::vector<std::int32_t>>> all;
    for (const auto& member : joined_.members) all.push_back({member.member_id, {}});
    std::ranges::sort(all);
    for (std::int32_t p = 0; p < use_.partitions && !all.empty(); ++p)
        all[static_cast<std::size_t>(p) % all.size()].second.push_back(p);
    return all;
}

bool GroupMember::sync(std::size_t ballast) {
    SyncGroupRequest request;
    request.group_id = use_.group;
    request.generation_id = GenerationId(membership_.generation);
    request.member_id = membership_.member;
    request.group_instance_id = instance_;
    request.protocol_type = protocol_type;
    request.protocol_name = protocol_name;
    if (leader_ && !joined_.skip_assignment)
        for (const auto& [member, partitions] : parts()) {
            std::vector<std::uint8_t> bytes(partitions.begin(), partitions.end());
            bytes.insert(bytes.end(), ballast, no_partition);
            request.assignments.push_back({member, Bytes::copy_of(bytes)});
        }
    const Time invoked = use_.world.now();
    const auto reply = ask(request, 2 * use_.rebalance_timeout);
    if (reply.failed()) return false;
    if (reply->error_code != ErrorCode::none) {
        out(reply->error_code);
        return false;
    }
    owned_ = partitions_in(reply->assignment);
    in_ = true;
    heard_since(invoked);
    use_.history.synced(membership_, owned_, {invoked, use_.world.now()});
    acknowledged_.clear();
    kept_.clear();
    return fetch();
}

// After an answer that says it is not, or no more, what it thought.
void GroupMember::out(ErrorCode code) {
    // A rebalance that goes on without it would have had to begin and to end since then. A twin of
    // a static one may have left for both.
    const Duration patience = std::min(use_.session_timeout, use_.rebalance_timeout) * 3 / 4;
    const bool unknown = in_ && code == ErrorCode::unknown_member_id && !instance_;
    if (unknown && heard_ != never && use_.world.now() - heard_ < patience)
        use_.history.forgotten(membership_, use_.world.now() - heard_);
    if (in_) before_ = Part{membership_, owned_};
    in_ = false;
    if (code == ErrorCode::unknown_member_id || code == ErrorCode::fenced_instance_id)
        forget_itself();
}

void GroupMember::forget_itself() {
    if (in_) before_ = Part{membership_, owned_};
    in_ = false;
    heard_ = never;
    membership_.member.clear();
}

void GroupMember::heartbeat() {
    HeartbeatRequest request;
    request.group_id = use_.group;
    request.generation_id = GenerationId(membership_.generation);
    request.member_id = membership_.member;
    request.group_instance_id = instance_;
    // That it is accepted does not prove that it is a member: a coordinator that is being loaded
    // says so to everybody. But who was one before is one still.
    const Time invoked = use_.world.now();
    const auto reply = ask(request);
    if (!reply) return;
    if (reply->error_code != ErrorCode::none) return out(reply->error_code);
    if (heard_ != never) heard_since(invoked);
}

bool GroupMember::commit() {
    for (const std::int32_t partition : owned_)
        positions_[partition] += 1 + static_cast<std::int64_t>(env_.random.below(10));
    return commit_as({membership_, owned_});
}

void GroupMember::commit_late() {
    if (!before_ || !in_) return;
    // Another name of a static member is the one before, too.
    if (before_->membership.generation >= membership_.generation &&
        (!instance_ || before_->membership.member == membership_.member))
        return;
    const Part late = *std::exchange(before_, std::nullopt);
    const bool was_in = in_;
    const GroupHistory::Membership now = membership_;
    commit_as(late);
    in_ = was_in;
    membership_ = now;
}

void GroupMember::commit_early() {
    if (!leader_ || instance_) return;
    OffsetCommitRequest request;
    request.group_id = use_.group;
    request.generation_id_or_member_epoch = GenerationId(membership_.generation);
    request.member_id = membership_.member;
    request.topics.push_back({use_.topic, {}, {}});
    request.topics.front().partitions.emplace_back().committed_metadata = "early";
    const auto reply = ask(request, {}, newest_by_name);
    const bool served = reply && reply->topics.size() == 1 &&
                        reply->topics.front().partitions.front().error_code == ErrorCode::none;
    if (served) use_.history.served_early(membership_);
}

bool GroupMember::commit_alone() {
    owned_.clear();
    for (std::int32_t p = 0; p < use_.partitions; ++p) owned_.push_back(p);
    membership_ = {};
    const bool committed = commit();
    acknowledged_.clear();  // Nothing says that the group had members meanwhile.
    fetch();
    return committed;
}

bool GroupMember::commit_as(const Part& part) {
    OffsetCommitRequest request;
    request.group_id = use_.group;
    request.generation_id_or_member_epoch = GenerationId(part.membership.generation);
    request.member_id = part.membership.member;
    request.group_instance_id = instance_;
    request.topics.push_back({use_.topic, {}, {}});
    const Time invoked = use_.world.now();
    std::map<std::int32_t, std::size_t> commits;
    for (const std::int32_t partition : part.partitions) {
        const std::int64_t offset = positions_[partition];
        commits[partition] = use_.history.commit(partition, offset, invoked);
        OffsetCommitRequest::Partition one;
        one.partition_index = PartitionIndex(partition);
        one.committed_offset = Offset(offset);
        one.committed_metadata =
            fmt::format("{} {}", commits[partition], std::string(use_.metadata_bytes, 'm'));
        request.topics.front().partitions.push_back(one);
    }
    if (commits.empty()) return true;
    const auto reply = ask(request, {}, newest_by_name);
    bool all = reply && reply->topics.size() == 1 &&
               reply->topics.front().partitions.size() == commits.size();
    ErrorCode code = all ? ErrorCode::none : ErrorCode::unknown_server_error;
    for (std::size_t i = 0; all && i < commits.size(); ++i) {
        const auto& answer = reply->topics.front().partitions[i];
        if (answer.error_code == ErrorCode::none)
            use_.history.committed(commits.at(answer.partition_index.value), use_.world.now());
        else
            code = answer.error_code;
    }
    all = code == ErrorCode::none;
    if (all) {
        use_.history.served(part.membership, {invoked, use_.world.now()});
        note_kept(commits);
    } else if (code == ErrorCode::illegal_generation || code == ErrorCode::rebalance_in_progress) {
        out(code);
    } else {
        // It may still be written, even later: nothing more is to be said in this name.
        forget_itself();
    }
    return all;
}

// It was a member all the time from its last commit to this one.
void GroupMember::note_kept(const std::map<std::int32_t, std::size_t>& commits) {
    for (const Kept& kept : kept_) use_.history.kept(kept.partition, kept.commit, kept.found);
    kept_.clear();
    acknowledged_ = commits;
}

bool GroupMember::fetch() {
    OffsetFetchRequest request;
    OffsetFetchRequest::Group group;
    group.group_id = use_.group;
    group.topics->push_back({use_.topic, {}, {}});
    for (std::int32_t p = 0; p < use_.partitions; ++p)
        group.topics->front().partition_indexes.push_back(PartitionIndex(p));
    request.groups.push_back(group);
    const Time invoked = use_.world.now();
    const auto reply = ask(request, {}, newest_by_name);
    const bool whole = reply && reply->groups.size() == 1 &&
                       reply->groups.front().error_code == ErrorCode::none &&
                       reply->groups.front().topics.size() == 1;
    if (!whole) {
        forget_itself();
        return false;
    }
    for (const auto& answer : reply->groups.front().topics.front().partitions) {
        if (answer.error_code != ErrorCode::none) continue;
        const std::int32_t partition = answer.partition_index.value;
        std::optional<GroupHistory::Found> found;
        if (answer.committed_offset >= Offset(0))
            found = {answer.committed_offset.value, number_in(answer.metadata)};
        use_.history.fetched(partition, found, {invoked, use_.world.now()});
        const auto own = acknowledged_.find(partition);
        if (own != acknowledged_.end()) kept_.push_back({partition, own->second, found});
        positions_[partition] = found ? found->offset : 0;
    }
    return true;
}

bool GroupMember::leave() {
    LeaveGroupRequest request;
    request.group_id = use_.group;
    request.members = {{membership_.member, instance_, std::nullopt}};
    const Time invoked = use_.world.now();
    const auto reply = ask(request);
    const bool left = reply && reply->error_code == ErrorCode::none && reply->members.size() == 1 &&
                      reply->members.front().error_code == ErrorCode::none;
    if (left) use_.history.left(membership_, {invoked, use_.world.now()});
    forget_itself();
    // Nobody listens to it any more.
    if (left && before_ && env_.random.below(2) == 0) commit_as(*before_);
    return left;
}

std::optional<std::size_t> GroupMember::count_committed() {
    OffsetFetchRequest request;
    request.groups.push_back({.group_id = use_.group, .topics = std::nullopt});
    const auto reply = ask(request, {}, newest_by_name);
    if (!reply || reply->groups.size() != 1 || reply->groups.front().error_code != ErrorCode::none)
        return std::nullopt;
    std::size_t count = 0;
    for (const auto& topic : reply->groups.front().topics) count += topic.partitions.size();
    return count;
}

}  // namespace sluice::sim
