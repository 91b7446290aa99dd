// How long a fetch waits, and for what.

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/handlers/fetch_operation.h"

namespace sluice::broker {

using namespace protocol;

// With so many bytes the client is answered at once. More than an answer can hold is not waited
// for.
std::size_t FetchOperation::wanted_bytes() const {
    const auto said = std::max(std::min(request_.min_bytes, request_.max_bytes), 0);
    return std::min(
        {static_cast<std::size_t>(said), broker_.config().fetch_bytes_max, memory_left_});
}

// How many bytes must come before the client is answered early; none when it has to be told
// something at once.
std::uint64_t FetchOperation::missing() const {
    const bool is_told = std::ranges::any_of(items_, [](const FetchItem& item) {
        return item.error != ErrorCode::none || item.diverging.epoch != no_leader_epoch;
    });
    if (is_told) return 0;
    return wanted_bytes() - std::min(wanted_bytes(), available_);
}

bool FetchOperation::is_over(Broker& there, Time deadline) const {
    if (missing() == 0 || there.env().clock.now() >= deadline) return true;
    if (there.env().scheduler.stopped()) return true;
    // A follower would ask again at once, and does not wait for long.
    return there.stopping() && follower() < BrokerId(0);
}

void FetchOperation::begin_watch(Broker& there, const Group& group, Watch& watch) const {
    ASSERT(watch.wanted > 0);
    watch.of_follower = follower() >= BrokerId(0);
    // Who stops has perhaps woken everybody already.
    if (there.stopping() && !watch.of_follower) watch.change();
    for (FetchItem* item : group) {
        const Partition::Use partition = there.find(item->id);
        if (!partition) {
            watch.change();
            continue;
        }
        // What came between the read and now would otherwise be news to nobody.
        const std::uint64_t committed = partition->committed_bytes();
        if (watch.of_follower && partition->log().offsets().end != item->seen_end) watch.change();
        if (committed > item->counted) watch.add(committed - item->counted);
        partition->watchers().add(watch);
    }
}

void FetchOperation::end_watch(Broker& there, const Group& group, Watch& watch) {
    for (FetchItem* item : group) {
        const Partition::Use partition = there.find(item->id);
        if (!partition) continue;
        item->counted = partition->committed_bytes();
        partition->watchers().remove(watch);
    }
}

// All on one shard: waits there too, so that news costs one message, to us. False after a wait:
// how much the answer may hold is to be seen at home once more.
bool FetchOperation::serve_there(Broker& there, Group& group, Time deadline) {
    begin_reading();
    read_group(there, group);
    if (is_enough_ || is_over(there, deadline)) return true;
    for (FetchItem* item : group) item->records = Bytes();
    env::Event news(there.env().scheduler);
    Watch watch{news, missing()};
    begin_watch(there, group, watch);
    static_cast<void>(news.wait_until(deadline).failed());
    end_watch(there, group, watch);
    is_enough_ = watch.came >= watch.wanted;
    return false;
}

void FetchOperation::serve_one(Time deadline) {
    auto& [home, group] = *groups_.begin();
    Broker& there = broker_.on(home);
    for (bool is_served = false; !is_served;) {
        look_at_memory();
        const auto called = env::call(broker_.env().shards, home,
                                      [this, &there, &to = group, &is_served, deadline] {
                                          is_served = serve_there(there, to, deadline);
                                      });
        if (called.failed()) return refuse(group);
    }
}

void FetchOperation::serve_many(Time deadline) {
    for (;;) {
        read_all();
        if (is_enough_ || is_over(broker_, deadline)) return;
        std::uint64_t wanted = missing();
        for (FetchItem& item : items_) item.records = Bytes();
        while (wait_for_bytes(wanted, deadline)) {
        }
        is_enough_ = wanted == 0;
    }
}

// Every shard waits for its part of what is wanted: when all of it is there, one of them has it.
// Takes what came from `wanted`; false when there is something to tell.
bool FetchOperation::wait_for_bytes(std::uint64_t& wanted, Time deadline) {
    env::Shards& shards = broker_.env().shards;
    env::Event woken(broker_.env().scheduler);
    const std::uint64_t part = PLANT("fetch.every_shard_waits_for_all")
                                   ? wanted
                                   : (wanted + groups_.size() - 1) / groups_.size();
    Watch here{woken, part};
    std::vector<std::unique_ptr<RemoteWait>> waits;
    for (auto& [home, group] : groups_) {
        Broker& there = broker_.on(home);
        if (home == shards.self()) {
            begin_watch(there, group, here);
            continue;
        }
        waits.push_back(std::make_unique<RemoteWait>(shards, home, part));
        RemoteWait& wait = *waits.back();
        wait.call.notify(woken);
        wait.call.start(home, Task(), [this, &there, &to = group, &wait, deadline] {
            begin_watch(there, to, wait.watch);
            static_cast<void>(wait.event.wait_until(deadline).failed());
            end_watch(there, to, wait.watch);
        });
    }
    static_cast<void>(woken.wait_until(deadline).failed());
    if (const auto own = groups_.find(shards.self()); own != groups_.end())
        end_watch(broker_, own->second, here);
    for (const auto& wait : waits)
        if (!wait->call.has_ended())
            wait->cancel.emplace(shards).start(
                wait->home, [&event = wait->event] { event.set(); }, Task());
    std::uint64_t came = here.came;
    bool changed = here.changed;
    for (const auto& wait : waits) {
        if (wait->cancel) static_cast<void>(wait->cancel->wait().failed());
        // A shard without a fiber to spare is asked again, and then says so.
        changed |= wait->call.wait().failed() || wait->watch.changed;
        came += wait->watch.came;
    }
    SOMETIMES("fetch.parts_are_not_enough", came > 0 && came < wanted);
    wanted -= std::min(wanted, came);
    return wanted > 0 && !changed && !is_over(broker_, deadline);
}

FetchResponse FetchOperation::run() {
    // A client that went away while it waits is noticed only afterwards.
    const Duration wait = std::min<Duration>(milliseconds(std::max(request_.max_wait_ms, 0)),
                                             broker_.config().fetch_wait_max);
    const Time deadline = PLANT("fetch.waits_for_ever") ? never : broker_.env().clock.now() + wait;
    resolve();
    if (groups_.size() == 1) serve_one(deadline);
    if (groups_.size() > 1) serve_many(deadline);
    return response();
}

}  // namespace sluice::broker
