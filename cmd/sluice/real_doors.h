#pragma once

#include <string>

#include "core/base/random.h"
#include "core/env/env.h"
#include "core/posix/seed.h"
#include "core/posix/shard_group.h"
#include "core/posix/stderr_logger.h"
#include "net/posix/network.h"
#include "storage/posix/disk.h"

namespace sluice::cmd {

// The real doors of one shard: made, used and destroyed on its thread. What it gives as an
// environment may be given on with other doors before it.
struct RealDoors {
    RealDoors(posix::ShardGroup::Shard& shard, const std::string& directory)
        : network(shard.reactor),
          disk(shard.reactor, directory),
          random(posix::system_seed()),
          logger(shard.reactor.clock(), {}),
          env{.scheduler = shard.reactor.scheduler(),
              .clock = shard.reactor.clock(),
              .network = network,
              .disk = disk,
              .random = random,
              .logger = logger,
              .shards = shard.shards} {}
    RealDoors(const RealDoors&) = delete;
    RealDoors& operator=(const RealDoors&) = delete;

    posix::PosixNetwork network;
    posix::PosixDisk disk;  // Below the directory.
    Random random;
    posix::StderrLogger logger;
    env::Env env;
};

}  // namespace sluice::cmd
