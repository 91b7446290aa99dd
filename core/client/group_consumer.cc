#include "core/client/group_consumer.h"

#include <algorithm>

namespace sluice::client {

using protocol::ErrorCode;

GroupConsumer::GroupConsumer(Cluster& cluster, GroupOptions group, ConsumerOptions reading,
                             GroupEvents events)
    : cluster_(cluster),
      clock_(cluster.env().clock),
      group_(std::move(group)),
      reading_(reading),
      events_(std::move(events)),
      coordinator_(cluster, group_.group),
      offsets_(coordinator_),
      member_(cluster, coordinator_, group_),
      consumer_(cluster, reading),
      next_commit_(clock_.now() + group_.commit_interval) {}

GroupConsumer::~GroupConsumer() {
    ASSERT(closed_);
}

void GroupConsumer::subscribe(std::vector<std::string> topics) {
    topics_ = std::move(topics);
    member_.ask_to_join();
}

Result<std::vector<ReadRecord>, Refusal> GroupConsumer::poll(Duration time) {
    ASSERT(!closed_);
    const Time deadline = clock_.now() + time;
    for (;;) {
        member_.polled();
        if (const auto kept = keep_membership(deadline); kept.failed()) return kept.error();
        commit_when_due();
        if (const auto found = find_positions(); found.failed()) return found.error();
        const Duration left = std::max(Duration{0}, deadline - clock_.now());
        if (consumer_.assignment().empty()) {
            if (left == Duration{0}) return std::vector<ReadRecord>();
            const Duration nap = std::min(left, cluster_.options().retry_backoff);
            const auto waited = member_.wait_for_news(clock_.now() + nap);
            if (waited.failed() && waited.error() != Error::timed_out)
                return refusal(waited.error());
            continue;
        }
        // Not for longer than the group may want something.
        auto records = consumer_.poll(std::min(left, group_.heartbeat_interval));
        if (records.failed()) return refusal(records.error());
        if (!records->empty() || clock_.now() >= deadline) return std::move(*records);
    }
}

// Until the member has its share, or there is nothing to do but wait. A cooperative member that
// still has partitions goes on reading meanwhile.
Result<void, Refusal> GroupConsumer::keep_membership(Time deadline) {
    for (;;) {
        if (member_.take_lost()) lose_all();
        if (member_.failure()) return *member_.failure();
        if (const auto membership = member_.take_membership()) take(*membership);
        watch_topics();
        if (!member_.joining() && member_.should_join() && !topics_.empty()) {
            if (const auto begun = begin_to_join(); begun.failed()) return begun.error();
        }
        if (!member_.joining() || !owned_.empty() || clock_.now() >= deadline) return {};
        const auto waited = member_.wait_for_news(deadline);
        if (waited.failed() && waited.error() != Error::timed_out) return refusal(waited.error());
    }
}

Result<void, Refusal> GroupConsumer::begin_to_join() {
    if (!group_.cooperative() && !owned_.empty()) {
        const std::vector<TopicPartition> all = owned_;
        commit_before_revoking();
        if (events_.revoked) events_.revoked(all);
        // The commit may have been told that the group went on without us.
        drop(all);
    }
    GroupMemberWish wish{.member_id = {}, .topics = topics_, .generation = generation_};
    wish.owned = group_.cooperative() ? owned_ : previous_;
    const auto begun = member_.join(std::move(wish));
    if (begun.failed()) return refusal(begun.error());
    return {};
}

void GroupConsumer::take(const Membership& membership) {
    generation_ = membership.generation;
    previous_ = membership.partitions;
    if (membership.shared_out)
        shared_out_ = *membership.shared_out;
    else
        shared_out_.clear();
    std::vector<TopicPartition> revoked;
    std::vector<TopicPartition> assigned;
    std::ranges::set_difference(owned_, membership.partitions, std::back_inserter(revoked));
    std::ranges::set_difference(membership.partitions, owned_, std::back_inserter(assigned));
    if (!revoked.empty()) {
        commit_before_revoking();
        if (events_.revoked) events_.revoked(revoked);
        drop(revoked);
        member_.ask_to_join();  // They are nobody's until the next round.
    }
    for (const TopicPartition& partition : assigned) {
        owned_.push_back(partition);
        without_position_.insert(partition);
    }
    std::ranges::sort(owned_);
    if (events_.assigned) events_.assigned(assigned);
}

void GroupConsumer::drop(const std::vector<TopicPartition>& partitions) {
    for (const TopicPartition& partition : partitions) {
        consumer_.unassign(partition);
        without_position_.erase(partition);
        committed_.erase(partition);
        std::erase(owned_, partition);
    }
}

void GroupConsumer::lose_all() {
    const std::vector<TopicPartition> all = owned_;
    drop(all);
    generation_ = GenerationId(-1);
    if (!all.empty() && events_.lost) events_.lost(all);
}

Result<void, Refusal> GroupConsumer::find_positions() {
    if (without_position_.empty()) return {};
    const std::vector<TopicPartition> wanted(without_position_.begin(), without_position_.end());
    const auto committed = offsets_.of(wanted);
    if (committed.failed()) {
        // The next call tries again.
        const bool passing = committed.error().code == ErrorCode::none
                                 ? coordinator_.try_again(committed.error())
                                 : protocol::retriable(committed.error().code);
        if (passing) return {};
        return committed.error();
    }
    for (const TopicPartition& partition : wanted) {
        const auto found = committed->find(partition);
        if (found != committed->end()) {
            consumer_.assign(partition, found->second.offset);
            committed_[partition] = found->second.offset;
        } else if (reading_.reset == OffsetReset::none) {
            return Refusal{.error = Error::not_found,
                           .message = "no committed offset of " + partition.topic + "-" +
                                      std::to_string(partition.partition.value)};
        } else {
            consumer_.assign(partition, reading_.reset == OffsetReset::latest ? Consumer::latest
                                                                              : Consumer::earliest);
        }
        without_position_.erase(partition);
    }
    return {};
}

CommittedOffsets GroupConsumer::uncommitted() const {
    CommittedOffsets offsets;
    for (const TopicPartition& partition : consumer_.assignment()) {
        const auto position = consumer_.position(partition);
        const auto known = committed_.find(partition);
        if (position && (known == committed_.end() || known->second != *position))
            offsets[partition] = {.offset = *position};
    }
    return offsets;
}

Result<void, Refusal> GroupConsumer::commit() {
    return commit(uncommitted());
}

Result<void, Refusal> GroupConsumer::commit(const CommittedOffsets& offsets) {
    if (offsets.empty()) return {};
    const CommitIdentity identity = member_.identity();
    // Without a generation it would pass for a commit from outside of the group.
    if (identity.generation < GenerationId(0)) return refusal(ErrorCode::unknown_member_id);
    const auto committed = offsets_.commit(offsets, identity);
    if (committed.failed()) {
        if (identity.generation == member_.identity().generation)
            member_.commit_answered(committed.error().code);
        return committed;
    }
    for (const auto& [partition, offset] : offsets)
        if (std::ranges::find(owned_, partition) != owned_.end())
            committed_[partition] = offset.offset;
    return {};
}

void GroupConsumer::commit_when_due() {
    if (!group_.commits_by_itself || clock_.now() < next_commit_ || member_.joining()) return;
    next_commit_ = clock_.now() + group_.commit_interval;
    // What failed is tried again when the next one is due.
    static_cast<void>(commit().failed());
}

void GroupConsumer::commit_before_revoking() {
    if (group_.commits_by_itself) static_cast<void>(commit().failed());
}

// Partitions that were added since are shared out anew, by whoever did it last.
void GroupConsumer::watch_topics() {
    if (shared_out_.empty() || member_.joining() || clock_.now() < next_watch_) return;
    const bool complete =
        std::ranges::none_of(shared_out_, [](const auto& topic) { return topic.second == 0; });
    next_watch_ = clock_.now() + (complete ? cluster_.options().metadata_age_max
                                           : cluster_.options().retry_backoff_max);
    for (const auto& [name, count] : shared_out_) {
        const auto topic = cluster_.topic(name, false, true);
        if (topic && static_cast<std::int32_t>(topic->leaders.size()) != count)
            member_.ask_to_join();
    }
}

void GroupConsumer::close() {
    if (closed_) return;
    closed_ = true;
    if (!owned_.empty() && !member_.take_lost()) {
        const std::vector<TopicPartition> all = owned_;
        commit_before_revoking();
        if (events_.revoked) events_.revoked(all);
        drop(all);
    }
    member_.close(true);
}

}  // namespace sluice::client
