#include "sim/world.h"

#include "sim/shard.h"

namespace sluice::sim {

bool World::step() {
    while (!queue_.empty() && !failure_) {
        const EventQueue::Next next = queue_.pop();
        EventQueue::Slot& slot = queue_.slot(next.slot);
        const ShardRef ref = slot.shard;
        Shard* shard = resolve(ref);
        if (slot.cancelled || (!ref.is_none() && !shard)) {
            queue_.free_slot(next.slot);
            continue;
        }
        advance_to(next.time);
        fiber_ = 0;
        note_place(shard ? shard->node() : 0, shard ? shard->id().value : 0);
        detail_.clear();
        const EventKind kind = slot.kind;
        const std::uint64_t digest = slot.action();
        record(kind, digest);
        queue_.free_slot(next.slot);
        if (Shard* still = resolve(ref)) still->after_event(kind);
        return !failure_;
    }
    return false;
}

bool World::run_until(Time time) {
    while (!failure_ && !queue_.empty() && queue_.top().time <= time) step();
    if (!failure_ && now_ < time) advance_to(time);
    return !failure_;
}

void World::advance_to(Time time) {
    ASSERT(now_ <= time);
    if (now_ == time) {
        if (++events_this_moment_ > options_.events_per_moment_max)
            fail({FailureKind::liveness, "virtual time does not advance",
                  fmt::format("more than {} events at {} us", options_.events_per_moment_max,
                              now_.since_start.count())});
        return;
    }
    events_this_moment_ = 0;
    now_ = time;
}

void World::record(EventKind kind, std::uint64_t digest) {
    TraceEvent event{.sequence = ++events_,
                     .time = now_,
                     .node = place_node_,
                     .shard = place_shard_,
                     .fiber = fiber_,
                     .kind = kind,
                     .digest = digest,
                     .node_name = {},
                     .fiber_name = {},
                     .detail = {}};
    hash_.fold(event);
    if (events_ % checkpoint_interval == 0) checkpoints_.push_back(hash_.value());
    if (events_ > options_.events_max)
        fail({FailureKind::liveness, "event budget used up",
              fmt::format("more than {} events", options_.events_max)});
    if (!tracing()) return;
    event.node_name = node_names_[event.node];
    event.fiber_name = fiber_name_;
    event.detail = detail_;
    options_.trace->event(event);
}

void World::note(std::uint64_t digest) {
    at(now_, ShardRef{}, EventKind::note, [digest] { return digest; });
}

void World::fail(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
}

ShardRef World::add_shard(Shard& shard) {
    std::uint32_t index = 0;
    if (free_shards_.empty()) {
        index = static_cast<std::uint32_t>(shards_.size());
        shards_.emplace_back();
    } else {
        index = free_shards_.back();
        free_shards_.pop_back();
    }
    shards_[index].shard = &shard;
    return {index, shards_[index].generation};
}

void World::remove_shard(ShardRef ref) {
    ASSERT(resolve(ref) != nullptr);
    shards_[ref.index].shard = nullptr;
    ++shards_[ref.index].generation;
    free_shards_.push_back(ref.index);
}

}  // namespace sluice::sim
