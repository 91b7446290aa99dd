#include "cmd/sluice/heap_trimmer.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

namespace sluice::cmd {
namespace {

// Less than this is left to be used again: to fetch it back costs page faults.
constexpr std::size_t unused_bytes_max = std::size_t{8} << 20;
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

// What was trimmed counts as unused further on. What was in use at one of the last two looks is
// likely to be used again.
void HeapTrimmer::run() {
    std::size_t trimmed = 0;
    std::size_t unused_before = 0;
    for (;;) {
        const auto stopped = stopping_.wait_until(scheduler_.now() + interval);
        if (stopped || stopped.error() != Error::timed_out) return;
        const std::size_t unused_now = mallinfo2().fordblks;
        const std::size_t unused = std::min(unused_now, std::exchange(unused_before, unused_now));
        trimmed = std::min(trimmed, unused_now);
        if (unused < trimmed + unused_bytes_max) continue;
        malloc_trim(0);
        trimmed = mallinfo2().fordblks;
        unused_before = trimmed;
    }
}

}  // namespace sluice::cmd
