#include "core/env/shards.h"

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

}  // namespace sluice::env
