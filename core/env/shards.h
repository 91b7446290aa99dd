#pragma once

#include <functional>

#include "core/base/result.h"
#include "core/base/strong.h"
#include "core/base/task.h"
#include "core/env/event.h"
#include "core/env/scheduler.h"

namespace sluice::env {

// Something for another shard to do. The sender owns it and keeps it alive until it is delivered.
class Letter {
public:
    virtual ~Letter() = default;
    // Runs on the shard it was posted to, outside every fiber, in the order of posting from one
    // sender. Must not wait.
    virtual void deliver() = 0;
};

// The one seam between shards: a mailbox each. Every letter is delivered, also while a node stops.
class Shards {
public:
    virtual ~Shards() = default;

    virtual ShardId self() const = 0;
    virtual std::uint32_t count() const = 0;
    // Another shard's scheduler: only for a letter that is being delivered there.
    virtual Scheduler& scheduler_of(ShardId shard) = 0;
    virtual void post(ShardId to, Letter& letter) = 0;
};

// Calls into another shard, in two stages. `begin` runs there in the order of the calls from here
// and must not wait; `finish` runs after it in a fiber of its own there and may. Both use the
// caller's memory, so the caller always waits for the end.
class RemoteCall {
public:
    explicit RemoteCall(Shards& shards)
        : shards_(shards), answered_(shards.scheduler_of(shards.self())) {}
    RemoteCall(const RemoteCall&) = delete;
    RemoteCall& operator=(const RemoteCall&) = delete;
    ~RemoteCall() { ASSERT(state_ != State::under_way); }

    void start(ShardId home, Task begin, Task finish);
    // Error::limit when there was no fiber left for `finish`; it has not run then, `begin` has.
    Result<void> wait();
    // wait() would not wait; never of a call that stays on this shard, which ends inside wait().
    bool has_ended() const { return answered_.is_set(); }
    // `event`, of this shard, is set as well when the call ends. Said before start(); no use for a
    // call that stays on this shard.
    void notify(Event& event) { also_ = &event; }

private:
    enum class State { idle, under_way, ended };
    struct There final : Letter {
        explicit There(RemoteCall& c) : call(c) {}
        void deliver() override;
        RemoteCall& call;
    };
    struct Back final : Letter {
        explicit Back(RemoteCall& c) : call(c) {}
        void deliver() override {
            if (call.also_) call.also_->set();
            call.answered_.set();
        }
        RemoteCall& call;
    };

    Shards& shards_;
    Completion answered_;
    Event* also_ = nullptr;
    There there_{*this};
    Back back_{*this};
    ShardId caller_;
    ShardId home_;
    Task begin_;
    Task finish_;
    State state_ = State::idle;
    bool refused_ = false;
};

// Runs `body` in a fiber of shard `home` (here and now when that is this shard) and waits for it.
Result<void> call(Shards& shards, ShardId home, Task body);
// The same, tried again as long as that shard has no fiber to spare.
Result<void> call_at_last(Scheduler& scheduler, Shards& shards, ShardId home,
                          const std::function<void()>& body);
// As call() on every shard at once, and waits for all of them.
Result<void> call_all(Shards& shards, const std::function<void(ShardId)>& body);
// The same, and where a shard has no free fiber, again until it has.
Result<void> call_all_at_last(Scheduler& scheduler, Shards& shards,
                              const std::function<void(ShardId)>& body);

}  // namespace sluice::env
