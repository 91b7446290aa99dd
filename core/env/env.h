#pragma once

#include "core/base/page_heap.h"
#include "core/base/random.h"
#include "core/env/clock.h"
#include "core/env/disk.h"
#include "core/env/logger.h"
#include "core/env/network.h"
#include "core/env/scheduler.h"
#include "core/env/shards.h"

namespace sluice::env {

// One shard's doors to the world. Everything in it outlives whoever holds it.
struct Env {
    Scheduler& scheduler;
    const Clock& clock;
    Network& network;
    Disk& disk;
    PageHeap& pages;  // For what the disk and the network carry in large pieces.
    Random& random;
    Logger& logger;
    Shards& shards;
};

}  // namespace sluice::env
