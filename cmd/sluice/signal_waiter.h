#pragma once

#include <thread>

#include "core/env/event.h"
#include "core/posix/reactor.h"

namespace sluice::cmd {

// SIGTERM, SIGINT and SIGHUP as an event on the first shard.
class SignalWaiter {
public:
    // In the first thread, before there are others: they must be blocked in every one.
    static void block();

    explicit SignalWaiter(posix::Reactor& reactor)
        : reactor_(reactor), letter_(reactor.scheduler()), thread_([this] { wait_for_signal(); }) {}
    ~SignalWaiter();
    SignalWaiter(const SignalWaiter&) = delete;
    SignalWaiter& operator=(const SignalWaiter&) = delete;

    void wait() { static_cast<void>(letter_.arrived.wait().failed()); }
    // As if a signal had come.
    void pretend() { letter_.arrived.set(); }

private:
    struct Arrival final : env::Letter {
        explicit Arrival(env::Scheduler& scheduler) : arrived(scheduler) {}
        void deliver() override {
            delivered = true;
            arrived.set();
        }
        env::Event arrived;
        bool delivered = false;
    };

    void wait_for_signal();

    posix::Reactor& reactor_;
    Arrival letter_;
    std::thread thread_;
};

}  // namespace sluice::cmd
