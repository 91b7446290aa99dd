#pragma once

#include <map>
#include <string>

#include "core/client/admin.h"
#include "core/client/producer.h"
#include "sim/workload.h"

namespace sluice::sim {

// Looks up where a log begins and ends, its first record at or after a time, the one with the
// greatest timestamp, and the end of an epoch; in logs whose timestamps go up and down and whose
// beginning is cut off now and then. All in one fiber: what an answer must be is known exactly.
class OffsetLookup final : public Workload {
public:
    explicit OffsetLookup(const WorkloadContext& context)
        : context_(context), draws_(context.world.stream("lookups")) {}

    std::string_view name() const override { return "lookups"; }
    Result<void> set_up(env::Env&) override { return {}; }
    Result<void> run(env::Env& env) override;
    Result<void> check(env::Env& env) override;
    std::string pending() const override { return "a lookup is not answered"; }
    std::optional<Failure> judge() override { return failure_; }
    OperationCount operations() const override { return {asked_, answered_}; }

private:
    // What the log in use holds; another one is taken when something's fate is unknown.
    struct Log {
        std::string topic;
        std::map<std::int64_t, std::int64_t> timestamps = {};  // By offset.
        std::int64_t start = 0;

        std::int64_t end() const {
            return timestamps.empty() ? start : timestamps.rbegin()->first + 1;
        }
    };
    // As ListOffsets answers; -1 for none.
    struct Place {
        std::int64_t offset = -1;
        std::int64_t timestamp = -1;
    };

    void step(env::Env& env, client::Admin& admin);
    void create(client::Admin& admin);
    void write(env::Env& env, client::Admin& admin);
    void cut(client::Admin& admin);
    void cut_behind_the_end(client::Admin& admin);
    Result<void> look_up_all(client::Admin& admin);
    Result<void> look_up(client::Admin& admin, Timestamp wanted, const Place& expected);
    Result<void> ask_in_another_epoch(client::Admin& admin);
    Result<void> look_up_epoch(client::Admin& admin, LeaderEpoch epoch, std::int64_t end);
    Place first_at_or_after(std::int64_t time) const;
    Place greatest() const;

    const WorkloadContext& context_;
    Random draws_;
    std::optional<Log> log_;
    std::uint64_t names_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
