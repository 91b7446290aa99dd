#include "core/client/group_member.h"

#include <algorithm>

#include "core/client/assign/subscription.h"

namespace sluice::client {

using protocol::ErrorCode;

namespace {

constexpr std::string_view protocol_type = "consumer";

std::int32_t milliseconds_of(Duration duration) {
    return static_cast<std::int32_t>(to_milliseconds(duration));
}

}  // namespace

bool GroupOptions::cooperative() const {
    return std::ranges::all_of(strategies,
                               [](Strategy each) { return each == Strategy::cooperative_sticky; });
}

GroupMember::GroupMember(Cluster& cluster, Coordinator& coordinator, const GroupOptions& options)
    : cluster_(cluster),
      env_(cluster.env()),
      coordinator_(coordinator),
      options_(options),
      fibers_(env_.scheduler),
      work_(env_.scheduler),
      news_(env_.scheduler),
      last_poll_(env_.clock.now()) {}

GroupMember::~GroupMember() {
    ASSERT(fibers_.running() == 0);
    ASSERT(!link_);
}

Result<void> GroupMember::join(GroupMemberWish wish) {
    ASSERT(!joining_);
    wish_ = std::move(wish);
    if (!started_) {
        CHECK_OK(fibers_.spawn("group-member", [this] { run(); }));
        started_ = true;
    }
    joining_ = true;
    should_join_ = false;
    outcome_.reset();
    work_.set();
    return {};
}

void GroupMember::close(bool leaving) {
    if (closing_) return;
    closing_ = true;
    work_.set();
    if (link_ && joining_) link_->close();  // The join may be waiting for the rest of the group.
    fibers_.join();
    if (leaving && !options_.instance_id) leave("the consumer is being closed");
    unlink();
}

void GroupMember::run() {
    while (!closing_ && !failure_ && !env_.scheduler.stopped()) {
        if (!joining_) {
            attend();
            continue;
        }
        const Attempt attempt = play_round();
        if (attempt == Attempt::again_later) {
            const Time again = env_.clock.now() + cluster_.options().retry_backoff;
            if (const auto waited = work_.wait_until(again);
                waited.failed() && waited.error() == Error::stopped)
                break;
        }
    }
    news_.notify_all();
}

// Between two rounds: heartbeats, and a watch over whether the consumer is polled.
void GroupMember::attend() {
    const bool member = generation_ >= GenerationId(0);
    const Time too_late = last_poll_ + options_.poll_interval_max;
    const Time due = member ? std::min(next_heartbeat_, too_late) : never;
    if (env_.clock.now() < due) {
        static_cast<void>(work_.wait_until(due).failed());
        return;
    }
    if (env_.clock.now() >= too_late) {
        if (!options_.instance_id) leave("the consumer was not polled within its poll interval");
        return lose();
    }
    heartbeat();
}

Result<BrokerConnection*> GroupMember::link() {
    if (link_ && !link_->broken()) return link_.get();
    unlink();
    const auto address = coordinator_.find();
    if (address.failed())
        return address.error().code == ErrorCode::none ? address.error().error : Error::refused;
    TRY(link_, BrokerConnection::open(env_, cluster_.options(), *address));
    return link_.get();
}

// A join is answered when everybody has joined, or the slowest has had its time.
Duration GroupMember::join_time_extra() const {
    return std::max(Duration{0},
                    options_.poll_interval_max + seconds(5) - cluster_.options().request_time_max);
}

void GroupMember::unlink() {
    if (const auto left = std::exchange(link_, nullptr)) left->end();
}

GroupMember::Attempt GroupMember::world_failed(Error error) {
    coordinator_.lost();
    if (error == Error::invalid || error == Error::limit) failure_ = refusal(error);
    return Attempt::again_later;
}

GroupMember::Attempt GroupMember::play_round() {
    const Attempt attempt = send_join();
    if (attempt == Attempt::done || failure_ || lost_) {
        joining_ = false;
        news_.notify_all();
    }
    return attempt;
}

GroupMember::Attempt GroupMember::send_join() {
    const auto connection = link();
    if (connection.failed()) return world_failed(connection.error());
    if (closing_) return Attempt::again_later;
    protocol::JoinGroupRequest request;
    request.group_id = options_.group;
    request.session_timeout_ms = milliseconds_of(options_.session_time_max);
    request.rebalance_timeout_ms = milliseconds_of(options_.poll_interval_max);
    request.member_id = member_id_;
    request.group_instance_id = options_.instance_id;
    request.protocol_type = protocol_type;
    for (const Strategy strategy : options_.strategies) {
        const auto metadata = encode_wish(strategy, wish_);
        if (metadata.failed()) return world_failed(metadata.error());
        request.protocols.push_back({std::string(name_of(strategy)), *metadata});
    }
    const auto reply = (*connection)->ask(request, join_time_extra());
    if (reply.failed()) return world_failed(reply.error());
    if (reply->error_code == ErrorCode::member_id_required) {
        member_id_ = reply->member_id;
        return Attempt::again_now;
    }
    if (reply->error_code == ErrorCode::rebalance_in_progress) return Attempt::again_later;
    if (reply->error_code != ErrorCode::none) return refused(reply->error_code);
    const auto strategy = strategy_named(reply->protocol_name.value_or(""));
    if (!strategy) return world_failed(Error::invalid);
    member_id_ = reply->member_id;
    generation_ = reply->generation_id;
    strategy_ = *strategy;
    return send_sync(*reply);
}

GroupMember::Attempt GroupMember::refused(ErrorCode code) {
    if (code == ErrorCode::rebalance_in_progress) return Attempt::again_now;
    if (code == ErrorCode::unknown_member_id || code == ErrorCode::illegal_generation) {
        lose();
        return Attempt::again_now;
    }
    if (!coordinator_.try_again(code))
        fail(code);
    else if (code != ErrorCode::coordinator_load_in_progress)
        unlink();
    return Attempt::again_later;
}

Result<std::vector<protocol::SyncGroupRequest::Assignment>> GroupMember::share_out(
    const protocol::JoinGroupResponse& joined) {
    std::vector<GroupMemberWish> members;
    PartitionCounts counts;
    for (const auto& member : joined.members) {
        TRY(GroupMemberWish wish, decode_wish(strategy_, member.metadata));
        wish.member_id = member.member_id;
        wish.instance_id = member.group_instance_id;
        for (const std::string& name : wish.topics) {
            if (counts.contains(name)) continue;
            TRY(const Cluster::Topic topic, cluster_.topic(name, false, true));
            counts[name] = static_cast<std::int32_t>(topic.leaders.size());
        }
        members.push_back(std::move(wish));
    }
    shared_out_ = counts;
    std::erase_if(counts, [](const auto& topic) { return topic.second == 0; });
    std::vector<protocol::SyncGroupRequest::Assignment> assignments;
    for (const auto& [member, partitions] : assign(strategy_, members, counts)) {
        TRY(Bytes share, encode_share(partitions));
        assignments.push_back({member, std::move(share)});
    }
    return assignments;
}

GroupMember::Attempt GroupMember::send_sync(const protocol::JoinGroupResponse& joined) {
    protocol::SyncGroupRequest request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = options_.instance_id;
    request.protocol_type = protocol_type;
    request.protocol_name = name_of(strategy_);
    shared_out_.reset();
    if (joined.leader == member_id_ && !joined.skip_assignment) {
        auto assignments = share_out(joined);
        if (assignments.failed()) return world_failed(assignments.error());
        request.assignments = std::move(*assignments);
    }
    const auto connection = link();
    if (connection.failed()) return world_failed(connection.error());
    if (closing_) return Attempt::again_later;
    const auto reply = (*connection)->ask(request, join_time_extra());
    if (reply.failed()) return world_failed(reply.error());
    if (reply->error_code != ErrorCode::none) return refused(reply->error_code);
    auto partitions = decode_share(reply->assignment);
    if (partitions.failed()) return world_failed(partitions.error());
    outcome_ = Membership{generation_, strategy_, std::move(*partitions), shared_out_};
    next_heartbeat_ = env_.clock.now() + options_.heartbeat_interval;
    return Attempt::done;
}

void GroupMember::heartbeat() {
    // Failed ones are not made up for: the next one comes sooner than the session ends.
    next_heartbeat_ = env_.clock.now() + options_.heartbeat_interval;
    const auto connection = link();
    if (connection.failed()) {
        coordinator_.lost();
        next_heartbeat_ = env_.clock.now() + cluster_.options().retry_backoff;
        return;
    }
    protocol::HeartbeatRequest request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = options_.instance_id;
    const auto reply = (*connection)->ask(request);
    if (reply.failed()) {
        coordinator_.lost();
        return;
    }
    if (reply->error_code == ErrorCode::none || joining_) return;
    if (reply->error_code == ErrorCode::rebalance_in_progress) {
        should_join_ = true;
        return news_.notify_all();
    }
    static_cast<void>(refused(reply->error_code));
}

void GroupMember::leave(std::string_view reason) {
    if (member_id_.empty() || env_.scheduler.stopped()) return;
    const auto connection = link();
    if (connection.failed()) return;
    protocol::LeaveGroupRequest request;
    request.group_id = options_.group;
    request.members.push_back({member_id_, options_.instance_id, std::string(reason)});
    // Unheard, the session's end says the same a little later.
    static_cast<void>((*connection)->ask(request).failed());
}

void GroupMember::lose() {
    generation_ = GenerationId(-1);
    member_id_.clear();
    outcome_.reset();
    lost_ = true;
    should_join_ = true;
    news_.notify_all();
}

void GroupMember::fail(ErrorCode code) {
    failure_ = refusal(code, "group " + options_.group);
    lost_ = code == ErrorCode::fenced_instance_id;
    news_.notify_all();
}

void GroupMember::commit_answered(ErrorCode code) {
    if (code == ErrorCode::fenced_instance_id) return fail(code);
    if (joining_) return;
    if (code == ErrorCode::unknown_member_id || code == ErrorCode::illegal_generation)
        lose();
    else if (code == ErrorCode::rebalance_in_progress)
        should_join_ = true;
}

}  // namespace sluice::client
