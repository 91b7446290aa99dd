// Fetch: reads what is there on the shards it lies on, and waits for more when that is too little.

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/leader_hints.h"
#include "core/replication/leader_epochs.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// What a response may hold however much others hold.
constexpr std::size_t response_bytes_min = 64 << 10;

constexpr Version by_id_since{13};
constexpr Version replica_state_since{15};
constexpr Version hints_since{16};

const metadata::TopicState* topic_of(const metadata::MetadataImage& image,
                                     const FetchRequest::Topic& topic, Version version) {
    return version >= by_id_since ? image.topic(topic.topic_id) : image.topic(topic.topic);
}

// One partition of a fetch on its way to its home shard and back.
struct Item {
    const FetchRequest::Topic* topic = nullptr;
    const FetchRequest::Partition* wanted = nullptr;
    PartitionId id;
    ErrorCode error = ErrorCode::none;
    Offset high_watermark{-1};
    Offset log_start{-1};
    FetchResponse::EpochEndOffset diverging;
    Bytes records;
    // What there is to read, as far as that was looked at.
    std::size_t available = 0;
    Offset seen{-1};
};

class FetchOperation {
public:
    FetchOperation(Broker& broker, const FetchRequest& request, Version version)
        : broker_(broker), request_(request), version_(version), woken_(broker.env().scheduler) {}

    FetchResponse run();

private:
    // A wait for news on another shard, which that shard's partitions or our cancelling end.
    struct RemoteWait {
        RemoteWait(env::Shards& shards, ShardId there)
            : home(there), event(shards.scheduler_of(there)), call(shards) {}
        ShardId home;
        env::Event event;  // Of the other shard.
        env::RemoteCall call;
    };

    void resolve();
    void read_all();
    std::size_t first_group() const;
    void read_group(Broker& there, std::vector<Item*>& group);
    ErrorCode check_reader(const Partition& partition, const FetchRequest::Partition& wanted) const;
    static ErrorCode find_divergence(const Partition& partition, Item& item);
    void read_one(Broker& there, Item& item);
    bool is_enough() const;
    bool is_over(Time deadline) const;
    bool wait_until_enough(Time deadline);
    void put_down();
    void wait_for_news(Time deadline);
    void count_news();
    void count_group(Broker& there, const std::vector<Item*>& group);
    ErrorCode count_one(Broker& there, Item& item);
    static void watch(Broker& there, const std::vector<Item*>& group, env::Event& event,
                      bool begin);
    FetchResponse response();

    Broker& broker_;
    const FetchRequest& request_;
    Version version_;
    env::Event woken_;
    std::vector<Item> items_;
    std::map<ShardId, std::vector<Item*>> groups_;
    std::size_t bytes_ = 0;
    std::size_t available_ = 0;
    std::size_t memory_left_ = 0;  // For what this response may hold.
};

// The records of a read in one piece. A large first piece goes out as it is and the rest with the
// next fetch: that costs nothing, while joining copies.
Bytes joined(const LogRead& read) {
    if (read.pieces.empty()) return {};
    if (read.pieces.size() == 1 || read.pieces.front().size() >= read.size / 4)
        return read.pieces.front();
    Buffer whole = Buffer::allocate(read.size);
    std::size_t at = 0;
    for (const Bytes& piece : read.pieces) {
        std::memcpy(whole.data() + at, piece.data(), piece.size());
        at += piece.size();
    }
    return Bytes(std::move(whole));
}

Offset end_of(const Bytes& batches) {
    Offset end{-1};
    BatchSplitter splitter(batches.view());
    while (const auto batch = splitter.next()) end = batch->next_offset();
    return end;
}

void FetchOperation::resolve() {
    const Shared<const metadata::MetadataImage> image = broker_.shared_image();
    const bool by_id = version_ >= by_id_since;
    std::set<PartitionId> named;  // Each is read and watched once.
    for (const auto& topic : request_.topics) {
        const metadata::TopicState* found = topic_of(*image, topic, version_);
        for (const auto& partition : topic.partitions) {
            Item item;
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
    for (Item& item : items_)
        if (item.error == ErrorCode::none) groups_[broker_.home_of(item.id)].push_back(&item);
}

ErrorCode FetchOperation::check_reader(const Partition& partition,
                                       const FetchRequest::Partition& wanted) const {
    const bool knows_epoch = wanted.current_leader_epoch != no_leader_epoch;
    const BrokerId replica =
        version_ >= replica_state_since ? request_.replica_state.replica_id : request_.replica_id;
    // Nobody follows yet: whoever says so is told what an unassigned replica is.
    if (replica >= BrokerId(0))
        return knows_epoch ? ErrorCode::unknown_leader_epoch : ErrorCode::not_leader_or_follower;
    return partition.check_epoch(wanted.current_leader_epoch);
}

// A reader that says of which epoch its last record is learns whether that epoch ended before.
ErrorCode FetchOperation::find_divergence(const Partition& partition, Item& item) {
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

void FetchOperation::read_one(Broker& there, Item& item) {
    const Partition::Use partition = there.find(item.id);
    if (!partition) {
        item.error = there.error_for_missing(item.id);
        return;
    }
    item.error = check_reader(*partition, *item.wanted);
    if (item.error != ErrorCode::none) return;
    const Offset from = item.wanted->fetch_offset;
    const Offset log_start = partition->log().offsets().start;
    item.high_watermark = partition->high_watermark();
    item.log_start = log_start;
    const bool at_start = from == log_start && from > Offset(0);
    if ((from < log_start && !PLANT("fetch.before_the_log_start")) ||
        (at_start && PLANT("fetch.start_is_out_of_range")) ||
        (from > partition->log().offsets().end && !PLANT("fetch.behind_the_end_is_empty"))) {
        item.error = ErrorCode::offset_out_of_range;
        return;
    }
    item.error = find_divergence(*partition, item);
    if (item.error != ErrorCode::none) return;
    if (item.diverging.epoch != no_leader_epoch) return;
    const auto response_max =
        std::min({broker_.config().fetch_bytes_max,
                  static_cast<std::size_t>(std::max(request_.max_bytes, 0)), memory_left_});
    const bool is_news = from < item.high_watermark || PLANT("fetch.beyond_the_high_watermark");
    if (!is_news || (bytes_ > 0 && bytes_ >= response_max)) return;
    PartitionLog::ReadRange range;
    range.from = from;
    range.before = item.high_watermark;
    if (PLANT("fetch.beyond_the_high_watermark")) range.before = partition->log().offsets().end;
    // While it is read, others must not count on the same memory.
    ReplyMemory& memory = there.reply_memory();
    range.bytes_max =
        std::min({static_cast<std::size_t>(std::max(item.wanted->partition_max_bytes, 0)),
                  PLANT("fetch.max_bytes_ignored") ? response_bytes_min
                                                   : response_max - std::min(bytes_, response_max),
                  std::max(memory.left(), response_bytes_min)});
    const ReplyMemory::Share reading(memory, range.bytes_max);
    // KIP-74: the first batch of a response is given whole whatever its size, so that a consumer
    // with small limits gets past it.
    range.at_least_one = bytes_ == 0 && !PLANT("fetch.first_batch_not_whole");
    const auto read = partition->read(range);
    if (read.failed()) {
        item.error = read_error(read.error());
        return;
    }
    item.available = read->size;
    item.records = joined(*read);
    bytes_ += item.records.size();
}

void FetchOperation::read_group(Broker& there, std::vector<Item*>& group) {
    for (Item* item : group) {
        item->error = ErrorCode::none;
        item->high_watermark = item->log_start = Offset(-1);
        item->diverging = {};
        item->records = Bytes();
        item->available = 0;
        read_one(there, *item);
        item->seen = std::max(item->wanted->fetch_offset, item->high_watermark);
        available_ += item->available;
    }
}

void FetchOperation::read_all() {
    bytes_ = available_ = 0;
    memory_left_ = std::max(broker_.reply_memory().left(), response_bytes_min);
    SOMETIMES("fetch.memory_short", memory_left_ == response_bytes_min);
    if (groups_.empty()) return;
    auto next = std::next(groups_.begin(), static_cast<std::ptrdiff_t>(first_group()));
    for (std::size_t i = 0; i < groups_.size(); ++i, ++next) {
        if (next == groups_.end()) next = groups_.begin();
        auto& [home, group] = *next;
        Broker& there = broker_.on(home);
        const auto called = env::call(broker_.env().shards, home,
                                      [this, &there, &to = group] { read_group(there, to); });
        if (called) continue;
        for (Item* item : group) item->error = ErrorCode::request_timed_out;
    }
}

// The shard that is read first may fill the answer, and the partitions of the others would never
// have their turn: so every epoch of a session begins with another one. Who has no session says by
// the order of his partitions which of them is first.
std::size_t FetchOperation::first_group() const {
    if (PLANT("fetch.one_shard_first_always")) return 0;
    if (request_.session_epoch > 0)
        return static_cast<std::size_t>(request_.session_epoch) % groups_.size();
    const auto first = std::ranges::find(items_, ErrorCode::none, &Item::error);
    if (first == items_.end()) return 0;
    const auto group = groups_.find(broker_.home_of(first->id));
    return static_cast<std::size_t>(std::distance(groups_.begin(), group));
}

bool FetchOperation::is_enough() const {
    if (available_ >= static_cast<std::size_t>(std::max(request_.min_bytes, 0))) return true;
    return std::ranges::any_of(items_, [](const Item& item) {
        return item.error != ErrorCode::none || item.diverging.epoch != no_leader_epoch;
    });
}

bool FetchOperation::is_over(Time deadline) const {
    const env::Env& env = broker_.env();
    return env.clock.now() >= deadline || env.scheduler.stopped() || broker_.stopping();
}

// Looks only at what is new each time, not again at what is not enough: a reader that waits for a
// megabyte would have every small batch read it all.
bool FetchOperation::wait_until_enough(Time deadline) {
    put_down();
    while (!is_over(deadline)) {
        wait_for_news(deadline);
        // Whatever comes is enough for most: that is read at once.
        if (request_.min_bytes <= 1) return false;
        count_news();
        if (is_enough()) return true;
    }
    return false;
}

// What was read holds no memory meanwhile. Behind it there may be more, in another segment.
void FetchOperation::put_down() {
    available_ = 0;
    for (Item& item : items_) {
        item.available = item.records.size();
        available_ += item.available;
        if (!item.records.empty()) item.seen = end_of(item.records);
        item.records = Bytes();
    }
}

void FetchOperation::count_news() {
    for (auto& [home, group] : groups_) {
        Broker& there = broker_.on(home);
        const auto called = env::call(broker_.env().shards, home,
                                      [this, &there, &to = group] { count_group(there, to); });
        if (called) continue;
        for (Item* item : group) item->error = ErrorCode::request_timed_out;
    }
}

void FetchOperation::count_group(Broker& there, const std::vector<Item*>& group) {
    for (Item* item : group) {
        const std::size_t before = item->available;
        item->error = count_one(there, *item);
        available_ += item->available - before;
    }
}

ErrorCode FetchOperation::count_one(Broker& there, Item& item) {
    const Partition::Use partition = there.find(item.id);
    if (!partition) return there.error_for_missing(item.id);
    if (const ErrorCode error = check_reader(*partition, *item.wanted); error != ErrorCode::none)
        return error;
    const Offset from = item.wanted->fetch_offset;
    if (from < partition->log().offsets().start) return ErrorCode::offset_out_of_range;
    const auto wanted_max = static_cast<std::size_t>(std::max(item.wanted->partition_max_bytes, 0));
    const Offset end = partition->high_watermark();
    if (end <= item.seen || is_enough()) return ErrorCode::none;
    const Offset seen = std::exchange(item.seen, end);
    if (item.available >= wanted_max || PLANT("fetch.news_not_counted")) return ErrorCode::none;
    const auto missing = static_cast<std::size_t>(request_.min_bytes) - available_;
    ReplyMemory& memory = there.reply_memory();
    const std::size_t bytes_max = std::min(missing, std::max(memory.left(), response_bytes_min));
    const ReplyMemory::Share reading(memory, bytes_max);
    const auto news = partition->read({.from = seen, .before = end, .bytes_max = bytes_max});
    if (news.failed()) return read_error(news.error());
    if (!news->pieces.empty()) item.seen = end_of(news->pieces.back());
    item.available = std::min(item.available + news->size, wanted_max);
    SOMETIMES("fetch.news_is_not_enough", news->size > 0 && news->size < missing);
    return ErrorCode::none;
}

void FetchOperation::watch(Broker& there, const std::vector<Item*>& group, env::Event& event,
                           bool begin) {
    for (const Item* item : group) {
        const Partition::Use partition = there.find(item->id);
        if (!partition) {
            if (begin) event.set();
            continue;
        }
        if (!begin) {
            partition->watchers().remove(event);
            continue;
        }
        partition->watchers().add(event);
        // What came between the read and now would otherwise be news to nobody.
        if (partition->high_watermark() > item->seen) event.set();
    }
}

void FetchOperation::wait_for_news(Time deadline) {
    env::Shards& shards = broker_.env().shards;
    std::vector<std::unique_ptr<RemoteWait>> waits;
    for (auto& [home, group] : groups_) {
        Broker& there = broker_.on(home);
        if (home == shards.self()) {
            watch(there, group, woken_, true);
            continue;
        }
        waits.push_back(std::make_unique<RemoteWait>(shards, home));
        RemoteWait& wait = *waits.back();
        wait.call.notify(woken_);
        wait.call.start(home, Task(), [&there, &to = group, &wait, deadline] {
            watch(there, to, wait.event, true);
            static_cast<void>(wait.event.wait_until(deadline).failed());
            watch(there, to, wait.event, false);
        });
    }
    static_cast<void>(woken_.wait_until(deadline).failed());
    for (const auto& wait : waits) {
        env::RemoteCall cancel(shards);
        cancel.start(
            wait->home, [&event = wait->event] { event.set(); }, Task());
        static_cast<void>(cancel.wait().failed());
        static_cast<void>(wait->call.wait().failed());
    }
    if (const auto here = groups_.find(shards.self()); here != groups_.end())
        watch(broker_, here->second, woken_, false);
}

FetchResponse FetchOperation::run() {
    // A client that went away while it waits is noticed only afterwards.
    const Duration wait = std::min<Duration>(milliseconds(std::max(request_.max_wait_ms, 0)),
                                             broker_.config().fetch_wait_max);
    const Time deadline = PLANT("fetch.waits_for_ever") ? never : broker_.env().clock.now() + wait;
    resolve();
    read_all();
    for (bool done = is_enough() || groups_.empty(); !done && !is_over(deadline);) {
        done = wait_until_enough(deadline);
        read_all();
        done = done || is_enough();
    }
    return response();
}

FetchResponse FetchOperation::response() {
    FetchResponse response;
    LeaderHints hints(broker_.image());
    for (Item& item : items_) {
        if (response.responses.empty() || response.responses.back().topic != item.topic->topic ||
            response.responses.back().topic_id != item.topic->topic_id) {
            response.responses.emplace_back();
            response.responses.back().topic = item.topic->topic;
            response.responses.back().topic_id = item.topic->topic_id;
        }
        FetchResponse::Partition answer;
        answer.partition_index = item.wanted->partition;
        answer.error_code = item.error;
        answer.high_watermark = item.high_watermark;
        answer.last_stable_offset = item.high_watermark;
        answer.log_start_offset = item.log_start;
        // Kafka's errors tell nothing about the log.
        if (item.error != ErrorCode::none && !PLANT("fetch.error_tells_offsets"))
            answer.high_watermark = answer.last_stable_offset = answer.log_start_offset =
                Offset(-1);
        answer.aborted_transactions.reset();
        answer.diverging_epoch = item.diverging;
        if (version_ >= hints_since)
            if (const auto* state = hints.hint(item.id, item.error))
                answer.current_leader = {state->leader, state->leader_epoch};
        answer.records = std::move(item.records);
        response.responses.back().partitions.push_back(std::move(answer));
    }
    response.node_endpoints = hints.endpoints<FetchResponse::NodeEndpoint>();
    return response;
}

}  // namespace

FetchResponse handle(const RequestContext& context, FetchRequest request) {
    Broker& broker = context.broker;
    FetchSessions& sessions = broker.fetch_sessions();
    const auto fresh = FetchSessionId(static_cast<std::int32_t>(
        broker.env().random.between(1, std::numeric_limits<std::int32_t>::max())));
    const auto exists = [&](const FetchRequest::Topic& topic, PartitionIndex index) {
        const metadata::TopicState* found = topic_of(broker.image(), topic, context.version);
        return found != nullptr && found->partition(index) != nullptr;
    };
    const FetchSessions::Plan plan =
        sessions.begin(request, context.version, fresh, broker.env().clock.now(), exists);
    if (plan.error != ErrorCode::none) {
        FetchResponse refused;
        refused.error_code = plan.error;
        return refused;
    }
    FetchResponse response = FetchOperation(broker, request, context.version).run();
    sessions.finish(plan, response);
    return response;
}

}  // namespace sluice::broker
