#pragma once

#include <map>
#include <string>

#include "core/client/admin.h"
#include "sim/workload.h"

namespace sluice::sim {

// Commits offsets in the name of a group without members, deletes some of them, deletes the group,
// and looks: what is committed is what was last asked for. All in one fiber; after a request whose
// fate is unknown another group is used.
class OffsetAdmin final : public Workload {
public:
    struct Options {
        // The broker keeps those of a group without members for seconds only.
        bool offsets_expire = false;
    };

    OffsetAdmin(const WorkloadContext& context, Options options)
        : context_(context), options_(options), draws_(context.world.stream("offset-admin")) {}

    std::string_view name() const override { return "offset-admin"; }
    Result<void> set_up(env::Env& env) override;
    Result<void> run(env::Env& env) override;
    Result<void> check(env::Env& env) override;
    std::string pending() const override { return pending_; }
    std::optional<Failure> judge() override { return failure_; }
    OperationCount operations() const override { return {asked_, answered_}; }

private:
    using Offsets = std::map<std::int32_t, std::int64_t>;  // By partition.

    std::string group() const;
    std::string topic() const;
    void commit(client::Admin& admin);
    void remove_one(client::Admin& admin);
    void remove_group(client::Admin& admin);
    Result<void> make_topic(client::Admin& admin);
    void remove_topic(env::Env& env, client::Admin& admin);
    void commit_for_nothing(client::Admin& admin);
    Result<Offsets> fetch(client::Admin& admin);
    Result<bool> look(client::Admin& admin);
    void begin_another();

    const WorkloadContext& context_;
    const Options options_;
    Random draws_;
    std::uint64_t groups_ = 0;
    std::uint64_t topics_ = 0;
    Offsets committed_;
    // Committed for a topic that was deleted since, and about to be forgotten.
    Offsets orphans_;
    std::int64_t next_offset_ = 1;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::string pending_ = "its offsets are not shown";
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
