#pragma once

#include <cstdint>

#include "sim/world.h"

namespace sluice::sim {

// Whether a process lives; its doors ask before everything they do. The doors of a dead process are
// inert and answer Error::stopped, so that its fibers return without any effect on the world.
class Life {
public:
    // Hears that the process has made the door call at which it is to crash.
    class Watcher {
    public:
        virtual ~Watcher() = default;
        virtual void reached_crash_point() = 0;
    };

    bool dead() const { return dead_; }
    void end() { dead_ = true; }

    // A door call begins; false when the process is dead. It crashes at a call before that call
    // ends.
    bool call() {
        if (dead_) return false;
        ++calls_;
        if (calls_ == crash_at_) watcher_->reached_crash_point();
        return true;
    }
    // Whether the call that just began must wait, because the process crashes in it.
    bool crashing() const { return calls_ == crash_at_; }
    std::uint64_t calls() const { return calls_; }
    void crash_at(std::uint64_t call, Watcher& watcher) {
        crash_at_ = call;
        watcher_ = &watcher;
    }

private:
    bool dead_ = false;
    std::uint64_t calls_ = 0;
    std::uint64_t crash_at_ = UINT64_MAX;
    Watcher* watcher_ = nullptr;
};

}  // namespace sluice::sim
