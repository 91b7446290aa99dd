#include "sim/cluster_scenario.h"

#include <algorithm>

#include "core/env/event.h"
#include "sim/group_members.h"
#include "sim/rotten_topic.h"

namespace sluice::sim {

// Takes one workload through its phases.
class ClusterScenario::ClientProgram final : public Program {
public:
    ClientProgram(Client& client, const bool& faults_over)
        : client_(client), faults_over_(faults_over) {}

    void run(env::Env& env) override {
        if (env.shards.self() != ShardId(0)) return;
        Workload& workload = *client_.workload;
        if (!until_done(env, [&] { return workload.set_up(env); })) return;
        client_.phase = Phase::running;
        if (!until_done(env, [&] { return workload.run(env); })) return;
        while (!faults_over_)
            if (env::sleep_for(env.scheduler, milliseconds(10)).failed()) return;
        if (!until_done(env, [&] { return workload.check(env); })) return;
        client_.phase = Phase::done;
    }
    void stop() override {}

private:
    template <class Step>
    static bool until_done(env::Env& env, Step step) {
        for (;;) {
            const Result<void> result = step();
            if (result) return true;
            if (result.error() == Error::stopped || env.scheduler.stopped()) return false;
            if (env::sleep_for(env.scheduler, milliseconds(100)).failed()) return false;
        }
    }

    Client& client_;
    const bool& faults_over_;
};

// Waits for its time.
class ClusterScenario::AuditProgram final : public Program {
public:
    explicit AuditProgram(ClusterScenario& scenario) : scenario_(scenario) {}

    void run(env::Env& env) override {
        if (env.shards.self() != ShardId(0)) return;
        while (scenario_.audit_ == Audit::later)
            if (env::sleep_for(env.scheduler, milliseconds(100)).failed()) return;
        Node& server = scenario_.cluster_->node(0);
        static_cast<void>(
            scenario_.auditor_.run(env, server, scenario_.audit_ == Audit::and_wipe).failed());
    }
    void stop() override {}

private:
    ClusterScenario& scenario_;
};

ClusterScenario::ClusterScenario(World& world, ClusterParts parts)
    : parts_(std::move(parts)),
      auditor_(world, parts_.servers.front().address, *parts_.holdings,
               {std::string(RottenTopic::prefix), std::string(GroupMembers::fleeting)}),
      context_{.world = world,
               .servers = {},
               .segment_bytes = parts_.segment_bytes,
               .faults_over = faults_over_,
               .damages = [this] { return damages(); }} {
    world.listen_to_logs([this](std::string_view, std::string_view line) {
        for (const Client& client : clients_) client.workload->logged(line);
    });
    for (const auto& server : parts_.servers) context_.servers.push_back(server.address);
    for (const MakeWorkload& make : parts_.workloads)
        clients_.push_back({.workload = make(context_)});
}

ClusterScenario::~ClusterScenario() = default;

PlanOptions ClusterScenario::build(Cluster& cluster) {
    cluster_ = &cluster;
    for (const auto& server : parts_.servers) cluster.add(server.node, server.make_program);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        Client& client = clients_[i];
        cluster.add({.name = fmt::format("client-{}", i)}, [this, &client](const ProcessFacts&) {
            return std::make_unique<ClientProgram>(client, faults_over_);
        });
    }
    PlanOptions faults = parts_.faults;
    faults.servers = static_cast<std::uint32_t>(parts_.servers.size());
    faults.nodes = static_cast<std::uint32_t>(cluster.size());
    cluster.add({.name = "auditor"},
                [this](const ProcessFacts&) { return std::make_unique<AuditProgram>(*this); });
    return faults;
}

void ClusterScenario::begin_audit(const Plan& plan) {
    const bool wipe = std::ranges::any_of(
        plan.faults, [&](const Fault& fault) { return is_last_act(fault, plan.horizon); });
    audit_ = wipe ? Audit::and_wipe : Audit::now;
}

bool ClusterScenario::may_damage(const std::string& path) const {
    return std::ranges::any_of(
        clients_, [&](const Client& client) { return client.workload->may_damage(path); });
}

std::vector<Damage> ClusterScenario::damages() const {
    std::vector<Damage> all;
    for (std::size_t i = 0; i < parts_.servers.size(); ++i)
        std::ranges::copy(cluster_->node(i).disk().damages(), std::back_inserter(all));
    return all;
}

bool ClusterScenario::ready() const {
    return std::ranges::all_of(
        clients_, [](const Client& client) { return client.phase != Phase::setting_up; });
}

bool ClusterScenario::converged() const {
    return std::ranges::all_of(clients_,
                               [](const Client& client) { return client.phase == Phase::done; });
}

std::string ClusterScenario::pending() const {
    std::string text;
    for (const Client& client : clients_)
        if (client.phase != Phase::done)
            text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", client.workload->name(),
                                client.workload->pending());
    return text.empty() ? "the audit: " + auditor_.obstacle() : text;
}

std::optional<Failure> ClusterScenario::judge(Cluster&) {
    for (const Client& client : clients_)
        if (auto failure = client.workload->judge()) return failure;
    return auditor_.failure();
}

OperationCount ClusterScenario::operations() const {
    OperationCount total;
    for (const Client& client : clients_) {
        const OperationCount one = client.workload->operations();
        total.asked += one.asked;
        total.acknowledged += one.acknowledged;
    }
    return total;
}

}  // namespace sluice::sim
