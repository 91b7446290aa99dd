#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/cluster.h"
#include "sim/plan.h"

namespace sluice::sim {

struct OperationCount {
    std::uint64_t asked = 0;
    std::uint64_t acknowledged = 0;
};

// What a seed simulates: machines, what runs on them, what is owed and who judges. It lives outside
// of the simulated machines and as long as the run: histories and models are kept here. Nothing
// here waits. The life of a run (sim/run.h):
//
//     build - start - until ready() - faults, for the horizon - finish() - until converged() -
//     begin_audit() - until audited() - judge
class Scenario {
public:
    virtual ~Scenario() = default;

    // Adds the machines, servers first, and says how they may be hurt.
    virtual PlanOptions build(Cluster& cluster) = 0;
    // Set-up is over and faults may begin.
    virtual bool ready() const = 0;
    // The faults have ended: bring everything that is owed to its end.
    virtual void finish() = 0;
    // Everything owed has happened.
    virtual bool converged() const = 0;
    // Then servers may be looked at, started again, and lose their disks if the plan says so.
    virtual void begin_audit(const Plan& plan) { static_cast<void>(plan); }
    virtual bool audited() const { return true; }
    // What has not yet, by name.
    virtual std::string pending() const = 0;
    // What went wrong, if anything; called once at the end, and also when liveness failed.
    virtual std::optional<Failure> judge(Cluster& cluster) = 0;

    virtual OperationCount operations() const = 0;
    // What kind of scenario was drawn, where one is.
    virtual std::string kind() const { return ""; }
    // Which files of a server damage at rest may hit.
    virtual bool may_damage(const std::string& path) const {
        static_cast<void>(path);
        return true;
    }
    // Virtual time that set-up and convergence may take.
    virtual Duration set_up_limit() const { return seconds(60); }
    virtual Duration convergence_limit() const { return seconds(60); }
};

// Made for a world: what a scenario draws comes from the world's streams.
using MakeScenario = std::function<std::unique_ptr<Scenario>(World&)>;

}  // namespace sluice::sim
