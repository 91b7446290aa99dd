#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/env/env.h"
#include "sim/scenario.h"

namespace sluice::sim {

// What a workload may know of the run around it; outlives it.
struct WorkloadContext {
    World& world;
    std::vector<env::Address> servers;
    // Of every topic: a batch that is larger is refused.
    std::size_t segment_bytes = 0;
    // The fault phase is over: run() ends soon, check() follows.
    const bool& faults_over;
    // Of the servers' disks; for oracles.
    std::function<std::vector<Damage>()> damages;
};

// One kind of use of the system from the outside, and what must hold for it. It runs in fibers of a
// client machine of its own, on the native client; what it remembers outlives that machine.
// Everything returns Error::stopped when the doors do; run() and check() are called again after
// another error, until the run's time is up.
class Workload {
public:
    virtual ~Workload() = default;

    virtual std::string_view name() const = 0;
    // Before the faults.
    virtual Result<void> set_up(env::Env& env) = 0;
    // Goes on until the faults are over.
    virtual Result<void> run(env::Env& env) = 0;
    // After the faults: what was begun comes to its end, and everything is read back.
    virtual Result<void> check(env::Env& env) = 0;

    // What is still missing, in a few words.
    virtual std::string pending() const = 0;
    virtual std::optional<Failure> judge() = 0;
    virtual OperationCount operations() const = 0;
    // Whether a server's file is this workload's, and it knows what is owed when that is damaged.
    virtual bool may_damage(const std::string& path) const {
        static_cast<void>(path);
        return false;
    }
    // Hears what servers log.
    virtual void logged(std::string_view line) { static_cast<void>(line); }
};

using MakeWorkload = std::function<std::unique_ptr<Workload>(const WorkloadContext&)>;

}  // namespace sluice::sim
