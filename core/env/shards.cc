#include "core/env/shards.h"

#include <memory>
#include <vector>

namespace sluice::env {

void RemoteCall::start(ShardId home, Task begin, Task finish) {
    ASSERT(state_ == State::idle);
    state_ = State::under_way;
    caller_ = shards_.self();
    home_ = home;
    begin_ = std::move(begin);
    finish_ = std::move(finish);
    if (home == caller_) {
        if (begin_) begin_();
    } else {
        shards_.post(home, there_);
    }
}

void RemoteCall::There::deliver() {
    if (call.begin_) call.begin_();
    if (call.finish_) {
        const auto spawned =
            call.shards_.scheduler_of(call.home_).spawn("remote-call", [&c = call] {
                c.finish_();
                c.shards_.post(c.caller_, c.back_);
            });
        if (spawned) return;
        call.refused_ = true;
    }
    call.shards_.post(call.caller_, call.back_);
}

Result<void> RemoteCall::wait() {
    ASSERT(state_ == State::under_way);
    if (home_ == caller_) {
        if (finish_) finish_();
    } else {
        answered_.wait();
    }
    state_ = State::ended;
    if (refused_) return Error::limit;
    return {};
}

Result<void> call(Shards& shards, ShardId home, Task body) {
    RemoteCall remote(shards);
    remote.start(home, Task(), std::move(body));
    return remote.wait();
}

Result<void> call_at_last(Scheduler& scheduler, Shards& shards, ShardId home,
                          const std::function<void()>& body) {
    for (;;) {
        const auto called = call(shards, home, [&body] { body(); });
        if (!called.failed() || called.error() != Error::limit) return called;
        CHECK_OK(sleep_for(scheduler, milliseconds(1)));
    }
}

Result<void> call_all(Shards& shards, const std::function<void(ShardId)>& body) {
    std::vector<std::unique_ptr<RemoteCall>> calls;
    for (std::uint32_t shard = 0; shard < shards.count(); ++shard) {
        calls.push_back(std::make_unique<RemoteCall>(shards));
        calls.back()->start(ShardId(shard), Task(), [&body, shard] { body(ShardId(shard)); });
    }
    Result<void> outcome;
    for (const auto& call : calls)
        if (const auto ended = call->wait(); ended.failed()) outcome = ended;
    return outcome;
}

Result<void> call_all_at_last(Scheduler& scheduler, Shards& shards,
                              const std::function<void(ShardId)>& body) {
    std::vector<char> done(shards.count());
    const auto once = [&body, &done](ShardId shard) {
        body(shard);
        done[shard.value] = 1;
    };
    const auto called = call_all(shards, once);
    if (called.failed() && called.error() != Error::limit) return called;
    for (std::uint32_t shard = 0; shard < shards.count(); ++shard)
        if (done[shard] == 0)
            CHECK_OK(call_at_last(scheduler, shards, ShardId(shard),
                                  [&once, shard] { once(ShardId(shard)); }));
    return {};
}

}  // namespace sluice::env
