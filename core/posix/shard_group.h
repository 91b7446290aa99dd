#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/env/shards.h"
#include "core/posix/reactor.h"

namespace sluice::posix {

// The shards of a process: one thread and one reactor each.
class ShardGroup {
public:
    struct Options {
        std::uint32_t count = 1;
        Reactor::Options reactor = {};
    };
    // One shard as its body sees it; lives until every shard has ended.
    struct Shard {
        Reactor& reactor;
        env::Shards& shards;
    };

    // Runs `body` in a fiber of each shard, on count - 1 new threads and this one, until all fibers
    // of all shards have ended. Error::invalid when the engine is not to be had.
    static Result<void> run(const Options& options, const std::function<void(Shard&)>& body);
};

// The number of processors this process may use.
std::uint32_t processor_count();

}  // namespace sluice::posix
