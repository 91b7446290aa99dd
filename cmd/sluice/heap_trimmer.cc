#include "cmd/sluice/heap_trimmer.h"

#include <malloc.h>

namespace sluice::cmd {
namespace {

// Less than this is left to be used again: to fetch it back costs page faults.
constexpr std::size_t unused_bytes_max = std::size_t{32} << 20;
constexpr Duration interval = seconds(2);

}  // namespace

HeapTrimmer::HeapTrimmer(env::Scheduler& scheduler)
    : scheduler_(scheduler), stopping_(scheduler), fibers_(scheduler) {
    // Without the fiber memory is kept, and that is all.
    static_cast<void>(fibers_.spawn("heap-trimmer", [this] { run(); }).failed());
}

void HeapTrimmer::stop() {
    stopping_.set();
    fibers_.join();
}

// What was trimmed counts as unused further on.
void HeapTrimmer::run() {
    std::size_t trimmed = 0;
    for (;;) {
        const auto stopped = stopping_.wait_until(scheduler_.now() + interval);
        if (stopped || stopped.error() != Error::timed_out) return;
        const std::size_t unused = mallinfo2().fordblks;
        if (unused < trimmed) trimmed = unused;
        if (unused - trimmed < unused_bytes_max) continue;
        malloc_trim(0);
        trimmed = mallinfo2().fordblks;
    }
}

}  // namespace sluice::cmd
