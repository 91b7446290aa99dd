#pragma once

#include <string>

#include "core/base/random.h"
#include "core/env/env.h"
#include "core/posix/huge_pages.h"
#include "core/posix/seed.h"
#include "core/posix/shard_group.h"
#include "core/posix/stderr_logger.h"
#include "net/posix/network.h"
#include "storage/posix/disk.h"

namespace sluice::cmd {

// The real doors of one shard: made, used and destroyed on its thread. What it gives as an
// environment may be given on with other doors before it.
struct RealDoors {
    // More large buffers than fit in here are allocated one by one.
    static constexpr std::size_t address_space_bytes = std::size_t{1} << 30;

    RealDoors(posix::ShardGroup::Shard& shard, const std::string& directory)
        : network(shard.reactor),
          disk(shard.reactor, directory),
          pages(posix::huge_pages(address_space_bytes)),
          random(posix::system_seed()),
          logger(shard.reactor.clock(), {}),
          env{.scheduler = shard.reactor.scheduler(),
              .clock = shard.reactor.clock(),
              .network = network,
              .disk = disk,
              .pages = pages,
              .random = random,
              .logger = logger,
              .shards = shard.shards} {}
    RealDoors(const RealDoors&) = delete;
    RealDoors& operator=(const RealDoors&) = delete;

    posix::PosixNetwork network;
    posix::PosixDisk disk;  // Below the directory.
    PageHeap pages;
    Random random;
    posix::StderrLogger logger;
    env::Env env;
};

}  // namespace sluice::cmd
