#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/env/env.h"

namespace sluice::sim {

// What runs in a simulated process: a broker, a client, a workload. How to put one into a node:
// docs/simulation.md.
class Program {
public:
    virtual ~Program() = default;

    // Runs in a fiber of each shard, as in a real process, all at once. The process has ended when
    // every fiber of every shard has. After a crash the doors answer Error::stopped; it returns
    // along its normal path then. It owns whatever it makes: destroyed when the process has ended.
    virtual void run(env::Env& env) = 0;

    // A clean stop is asked for, as by SIGTERM: begin it and return. Called outside every fiber;
    // run() must return before long.
    virtual void stop() = 0;
};

// The process a program is made for.
struct ProcessFacts {
    std::string node;
    std::uint32_t shards = 1;
    std::uint64_t incarnation = 1;  // Starts of this node so far, this one included.
};

using MakeProgram = std::function<std::unique_ptr<Program>(const ProcessFacts&)>;

}  // namespace sluice::sim
