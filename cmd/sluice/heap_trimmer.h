#pragma once

#include "core/env/event.h"

namespace sluice::cmd {

// Gives memory that was freed back to the system, once it is worth the work: the allocator keeps
// what lies between blocks that are in use, and with thousands of logs that is a lot.
class HeapTrimmer {
public:
    explicit HeapTrimmer(env::Scheduler& scheduler);
    // Must be called before it goes.
    void stop();
    HeapTrimmer(const HeapTrimmer&) = delete;
    HeapTrimmer& operator=(const HeapTrimmer&) = delete;

private:
    void run();

    env::Scheduler& scheduler_;
    env::Event stopping_;
    env::FiberGroup fibers_;
};

}  // namespace sluice::cmd
