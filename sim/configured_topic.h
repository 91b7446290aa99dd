#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/client/admin.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/produce.h"
#include "core/protocol/record_batch.h"
#include "sim/workload.h"

namespace sluice::sim {

// A topic whose configuration changes while it is written to. From the moment a change was granted
// it holds for every batch: how large one may be, how it is compressed, whose timestamps it bears;
// and retention takes what it must take, and nothing else. All in one fiber, so that what an answer
// must be is known exactly; another topic is taken when something's fate is unknown.
class ConfiguredTopic final : public Workload {
public:
    explicit ConfiguredTopic(const WorkloadContext& context)
        : context_(context), draws_(context.world.stream("configured")) {}

    std::string_view name() const override { return "configured"; }
    Result<void> set_up(env::Env&) override { return {}; }
    Result<void> run(env::Env& env) override;
    // What is to be deleted is deleted in the end.
    Result<void> check(env::Env& env) override;
    std::string pending() const override { return pending_; }
    std::optional<Failure> judge() override { return failure_; }
    OperationCount operations() const override { return {asked_, answered_}; }

private:
    // As it was stored.
    struct Batch {
        std::int64_t base = 0;
        std::int64_t next = 0;
        std::uint64_t first_value = 0;
        protocol::CompressionType compression = protocol::CompressionType::none;
        protocol::TimestampType type = protocol::TimestampType::create_time;
        std::int64_t timestamp = 0;
        bool is_old = false;  // Older than any age that is kept.
    };
    struct Log {
        std::string topic;
        bool by_age = false;  // How it is kept short: by this or by its size, never by both.
        std::map<std::string, std::string, std::less<>> configs = {};
        // What retention may ever have been told, for it may be under way when it is told another.
        bool ages = false;
        std::optional<std::uint64_t> bytes_kept_least = {};
        std::vector<Batch> batches = {};
        std::int64_t start = 0;
        std::uint64_t bytes = 0;         // From its start on, as last seen.
        std::uint64_t bytes_stored = 0;  // All that was.

        std::int64_t end() const { return batches.empty() ? 0 : batches.back().next; }
        std::string_view config(std::string_view name) const;
    };
    // A batch on its way.
    struct Draft {
        Batch batch;
        Bytes bytes;
        bool is_early = false;  // Its timestamps lie too far in the future.
    };

    void step(env::Env& env, client::Admin& admin);
    void create(client::Admin& admin);
    void configure(client::Admin& admin);
    bool change(client::Admin& admin, const std::string& name, std::optional<std::string> value);
    Result<void> verify_configs(client::Admin& admin);

    void write(env::Env& env, client::Admin& admin);
    void send(client::Admin& admin, const Draft& next);
    Draft draft(env::Env& env);
    bool is_recompressed(const Draft& draft) const;
    protocol::ErrorCode expected(const Draft& draft) const;
    void take_answer(const Draft& draft, const protocol::ProduceResponse::Partition& answer);
    void stored(const Draft& draft, const protocol::ProduceResponse::Partition& answer);

    Result<void> look(client::Admin& admin);
    Result<void> look_beyond(client::Admin& admin);
    Result<std::int64_t> earliest(client::Admin& admin);
    void judge_start(std::int64_t start);
    Result<protocol::FetchResponse::Partition> fetch(client::Admin& admin, std::int64_t from,
                                                     std::int32_t bytes_max);
    Result<void> read(client::Admin& admin);
    Result<void> lengthen(env::Env& env, client::Admin& admin);
    Result<void> judge_batch(const protocol::BatchView& batch, const Bytes& bytes);
    bool is_short_enough() const;
    void fail(const std::string& signature, std::string text);

    const WorkloadContext& context_;
    Random draws_;
    std::optional<Log> log_;
    bool shortened_ = false;
    std::uint64_t names_ = 0;
    std::uint64_t values_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::string pending_ = "nobody answers";
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
