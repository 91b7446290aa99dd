// What a fetch reads, on the shards where its partitions are.

#include <algorithm>
#include <iterator>
#include <set>

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/fetch_operation.h"
#include "core/broker/joined.h"
#include "core/replication/leader_epochs.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr Version by_id_since{13};
constexpr Version replica_state_since{15};
constexpr Version racks_since{11};

// The records of a read in one piece. A large first piece goes out as it is and the rest with the
// next fetch: that costs nothing, while joining copies.
Bytes one_piece_of(const LogRead& read) {
    if (read.pieces.empty()) return {};
    if (read.pieces.front().size() >= read.size / 4) return read.pieces.front();
    return joined(read.pieces);
}

// Behind the last of the batches.
Offset end_of(const LogRead& read) {
    Offset end{-1};
    if (read.pieces.empty()) return end;
    BatchSplitter splitter(read.pieces.back().view());
    while (const auto batch = splitter.next()) end = batch->next_offset();
    return end;
}

}  // namespace

const metadata::TopicState* fetched_topic(const metadata::MetadataImage& image,
                                          const FetchRequest::Topic& topic, Version version) {
    return version >= by_id_since ? image.topic(topic.topic_id) : image.topic(topic.topic);
}

void FetchOperation::resolve() {
    const Shared<const metadata::MetadataImage> image = broker_.shared_image();
    const bool by_id = version_ >= by_id_since;
    std::set<PartitionId> named;  // Each is read and watched once.
    for (const auto& topic : request_.topics) {
        const metadata::TopicState* found = fetched_topic(*image, topic, version_);
        for (const auto& partition : topic.partitions) {
            FetchItem item;
            item.topic = &topic;
            item.wanted = &partition;
            if (found == nullptr)
                item.error =
                    by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
            else if (found->partition(partition.partition) == nullptr)
                item.error = ErrorCode::unknown_topic_or_partition;
            else
                item.id = {found->id, partition.partition};
            if (item.error == ErrorCode::none && !named.insert(item.id).second) continue;
            items_.push_back(std::move(item));
        }
    }
    for (FetchItem& item : items_)
        if (item.error == ErrorCode::none) groups_[broker_.home_of(item.id)].push_back(&item);
}

// -1 for a consumer.
BrokerId FetchOperation::follower() const {
    return version_ >= replica_state_since ? request_.replica_state.replica_id
                                           : request_.replica_id;
}

// What is served to a consumer, and from where on: a follower of a partition does too (KIP-392).
ErrorCode FetchOperation::look_for_consumer(const Partition& partition, FetchItem& item) const {
    const FetchRequest::Partition& wanted = *item.wanted;
    const ReplicaDriver* const replica = partition.replica();
    const bool may_be_nearer = replica != nullptr && version_ >= racks_since;
    const ErrorCode complaint = may_be_nearer
                                    ? replica->complaint_about_reader(wanted.current_leader_epoch)
                                    : partition.check_epoch(wanted.current_leader_epoch);
    if (complaint != ErrorCode::none) return complaint;
    const Offset from = wanted.fetch_offset;
    const Offset log_start = partition.log().offsets().start;
    item.high_watermark = partition.high_watermark();
    item.log_start = log_start;
    if (may_be_nearer && replica->follows()) return replica->complaint_about_read(from);
    const bool at_start = from == log_start && from > Offset(0);
    if ((from < log_start && !PLANT("fetch.before_the_log_start")) ||
        (at_start && PLANT("fetch.start_is_out_of_range")) ||
        (from > partition.log().offsets().end && !PLANT("fetch.behind_the_end_is_empty")))
        return ErrorCode::offset_out_of_range;
    return find_divergence(partition, item);
}

// The rules hear once what it has; while it waits for more that is no newer.
ErrorCode FetchOperation::look_for_follower(Partition& partition, FetchItem& item) const {
    const FetchRequest::Partition& wanted = *item.wanted;
    ReplicaDriver* const replica = partition.replica();
    if (replica == nullptr || replica->leading() == nullptr)
        return wanted.current_leader_epoch == no_leader_epoch ? ErrorCode::not_leader_or_follower
               : replica == nullptr                           ? ErrorCode::unknown_leader_epoch
                                    : replica->complaint_about_epoch(wanted.current_leader_epoch);
    const LogOffsets& offsets = partition.log().offsets();
    item.seen_end = offsets.end;
    const bool was_told = item.told_in == replica->epoch() && wanted.fetch_offset >= offsets.start;
    if (was_told) {
        item.high_watermark = replica->high_watermark();
        item.log_start = offsets.start;
        return ErrorCode::none;
    }
    const replication::FetchReply reply = replica->fetched(
        {.follower = follower(),
         .broker_epoch = version_ >= replica_state_since ? request_.replica_state.replica_epoch
                                                         : BrokerEpoch(-1),
         .leader_epoch = wanted.current_leader_epoch,
         .offset = wanted.fetch_offset,
         .last_fetched_epoch = wanted.last_fetched_epoch,
         .log_start = wanted.log_start_offset});
    if (reply.error != ErrorCode::none) return reply.error;
    item.high_watermark = reply.high_watermark;
    item.log_start = reply.log_start;
    if (reply.diverging)
        item.diverging = {reply.diverging->epoch, reply.diverging->offset};
    else
        item.told_in = replica->epoch();
    return ErrorCode::none;
}

// A reader that says of which epoch its last record is learns whether that epoch ended before.
ErrorCode FetchOperation::find_divergence(const Partition& partition, FetchItem& item) {
    const LeaderEpoch last = item.wanted->last_fetched_epoch;
    if (last == no_leader_epoch) return ErrorCode::none;
    const Offset log_end = partition.log().offsets().end;
    auto end = partition.log().epochs().end_offset_for(last, log_end);
    if (last == partition.leader_epoch()) end = {last, log_end};
    if (!end) return ErrorCode::offset_out_of_range;
    if (end->epoch < last || end->offset < item.wanted->fetch_offset)
        item.diverging = {end->epoch, end->offset};
    return ErrorCode::none;
}

void FetchOperation::read_one(Broker& there, FetchItem& item) {
    const Partition::Use partition = there.find(item.id);
    if (!partition) {
        item.error = there.error_for_missing(item.id);
        return;
    }
    item.counted = partition->committed_bytes();
    const bool is_follower = follower() >= BrokerId(0);
    item.error =
        is_follower ? look_for_follower(*partition, item) : look_for_consumer(*partition, item);
    if (item.error != ErrorCode::none) return;
    if (item.diverging.epoch != no_leader_epoch || item.diverging.end_offset >= Offset(0)) return;
    const bool reads_all = is_follower || PLANT("fetch.beyond_the_high_watermark");
    read_records(there, *partition, item,
                 reads_all ? partition->log().offsets().end : item.high_watermark);
}

void FetchOperation::read_records(Broker& there, Partition& partition, FetchItem& item,
                                  Offset before) {
    const Offset from = item.wanted->fetch_offset;
    const auto response_max =
        std::min({broker_.config().fetch_bytes_max,
                  static_cast<std::size_t>(std::max(request_.max_bytes, 0)), memory_left_});
    if (from >= before || (bytes_ > 0 && bytes_ >= response_max)) return;
    PartitionLog::ReadRange range;
    range.from = from;
    range.before = before;
    // While it is read, others must not count on the same memory.
    ReplyMemory& memory = there.reply_memory();
    range.bytes_max =
        std::min({static_cast<std::size_t>(std::max(item.wanted->partition_max_bytes, 0)),
                  PLANT("fetch.max_bytes_ignored") ? fetch_response_bytes_min
                                                   : response_max - std::min(bytes_, response_max),
                  std::max(memory.left(), fetch_response_bytes_min)});
    // KIP-74: the first batch of a response is given whole whatever its size, so that a consumer
    // with small limits gets past it.
    range.at_least_one = bytes_ == 0 && !PLANT("fetch.first_batch_not_whole");
    const ReplyMemory::Share reading(memory, range.bytes_max);
    auto read = partition.read(range);
    if (read.failed()) {
        item.error = read_error(read.error());
        return;
    }
    LogRead found = std::move(*read);
    // A large one comes once others hold less.
    if (found.size > first_batch_bytes_max_) return;
    // A log's read ends where its segment does, or what is in memory begins.
    while (available_ + found.size < wanted_bytes() && found.size < range.bytes_max) {
        range.from = end_of(found);
        if (found.pieces.empty() || range.from >= range.before) break;
        auto more = partition.read({.from = range.from,
                                    .before = range.before,
                                    .bytes_max = range.bytes_max - found.size,
                                    .at_least_one = false});
        if (more.failed() || more->pieces.empty()) break;  // The next fetch begins there.
        SOMETIMES("fetch.read_on", true);
        std::ranges::move(more->pieces, std::back_inserter(found.pieces));
        found.size += more->size;
    }
    available_ += found.size;
    item.records = one_piece_of(found);
    bytes_ += item.records.size();
}

void FetchOperation::read_group(Broker& there, Group& group) {
    for (FetchItem* item : group) {
        item->error = ErrorCode::none;
        item->high_watermark = item->log_start = Offset(-1);
        item->diverging = {};
        item->records = Bytes();
        read_one(there, *item);
    }
}

void FetchOperation::begin_reading() {
    bytes_ = available_ = 0;
}

void FetchOperation::look_at_memory() {
    const ReplyMemory& memory = broker_.reply_memory();
    memory_left_ = std::max(memory.left(), fetch_response_bytes_min);
    first_batch_bytes_max_ = memory.is_overdrawn() ? fetch_response_bytes_min : SIZE_MAX;
    SOMETIMES("fetch.memory_short", memory_left_ == fetch_response_bytes_min);
}

void FetchOperation::read_all() {
    begin_reading();
    look_at_memory();
    auto next = std::next(groups_.begin(), static_cast<std::ptrdiff_t>(first_group()));
    for (std::size_t i = 0; i < groups_.size(); ++i, ++next) {
        if (next == groups_.end()) next = groups_.begin();
        auto& [home, group] = *next;
        Broker& there = broker_.on(home);
        const auto called = env::call(broker_.env().shards, home,
                                      [this, &there, &to = group] { read_group(there, to); });
        if (called.failed()) refuse(group);
    }
}

// That shard has no fiber to spare.
void FetchOperation::refuse(const Group& group) {
    for (FetchItem* item : group) item->error = ErrorCode::request_timed_out;
}

// The shard that is read first may fill the answer, and the partitions of the others would never
// have their turn: so every epoch of a session begins with another one. Who has no session says by
// the order of his partitions which of them is first.
std::size_t FetchOperation::first_group() const {
    if (PLANT("fetch.one_shard_first_always")) return 0;
    if (request_.session_epoch > 0)
        return static_cast<std::size_t>(request_.session_epoch) % groups_.size();
    const auto first = std::ranges::find(items_, ErrorCode::none, &FetchItem::error);
    if (first == items_.end()) return 0;
    const auto group = groups_.find(broker_.home_of(first->id));
    return static_cast<std::size_t>(std::distance(groups_.begin(), group));
}

}  // namespace sluice::broker
