#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/broker/log.h"
#include "core/env/env.h"
#include "core/protocol/validate_batch.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"

namespace sluice::broker::testing {

// A world that stands still, for what the broker does between two waits.
class StillEnv {
public:
    StillEnv()
        : doors{.scheduler = scheduler_,
                .clock = clock_,
                .network = network_,
                .disk = disk_,
                .pages = pages_,
                .random = random_,
                .logger = logger_,
                .shards = shards_} {}

private:
    struct Clock final : env::Clock {
        Time now() const override { return {}; }
        Timestamp wall() const override { return Timestamp(1'700'000'000'000); }
    };
    struct Network final : env::Network {
        Result<std::unique_ptr<env::Listener>> listen(const env::Address&) override {
            return Error::refused;
        }
        std::unique_ptr<env::Connection> adopt(std::unique_ptr<env::Accepted>) override {
            return nullptr;
        }
        Result<std::unique_ptr<env::Connection>> connect(const env::Address&, Time) override {
            return Error::refused;
        }
    };
    struct Disk final : env::Disk {
        Result<std::unique_ptr<env::File>> open(const std::string&, env::OpenMode) override {
            return Error::io;
        }
        Result<void> make_directory(const std::string&) override { return Error::io; }
        Result<void> remove(const std::string&) override { return Error::io; }
        Result<void> rename(const std::string&, const std::string&) override { return Error::io; }
        Result<std::vector<env::DirectoryEntry>> list(const std::string&) override {
            return Error::io;
        }
        Result<void> sync_directory(const std::string&) override { return Error::io; }
        Result<env::DiskSpace> space(const std::string&) override { return Error::io; }
        Result<std::unique_ptr<env::DiskLock>> lock(const std::string&) override {
            return Error::io;
        }
    };
    struct Logger final : env::Logger {
        using env::Logger::Logger;
        void write_line(std::string_view) override {}
    };
    struct Shards final : env::Shards {
        explicit Shards(env::Scheduler& s) : scheduler(s) {}
        ShardId self() const override { return ShardId(0); }
        std::uint32_t count() const override { return 1; }
        env::Scheduler& scheduler_of(ShardId) override { return scheduler; }
        void post(ShardId, env::Letter&) override {}
        env::Scheduler& scheduler;
    };

    Clock clock_;
    env::Scheduler scheduler_{clock_, {}};
    Network network_;
    Disk disk_;
    PageHeap pages_;
    Random random_{1};
    Logger logger_{clock_, {}};
    Shards shards_{scheduler_};

public:
    env::Env doors;
};

// A log in memory that does what it is told to do. Everything appended is durable at once.
class ToldLog final : public PartitionLog {
public:
    Result<AppendedBatch> append(Slice batch, const protocol::ValidatedBatch& facts,
                                 LeaderEpoch epoch) override {
        if (refuses) return *refuses;
        const AppendedBatch appended{offsets_.end, offsets_.end.plus(facts.record_count)};
        producers_.apply(replication::ProducerBatch::of(facts), appended.base);
        epochs_.assign(epoch, appended.base);
        offsets_.end = offsets_.durable = appended.next;
        batches.emplace_back(batch.begin(), batch.end());
        return appended;
    }
    Result<void> wait_durable(Offset) override { return {}; }
    Result<void> wait_for_room() override { return {}; }
    Result<LogRead> read(const ReadRange&) override { return LogRead{}; }
    Result<std::optional<TimestampOffset>> find_timestamp(std::optional<Timestamp>,
                                                          Offset) override {
        return std::optional<TimestampOffset>();
    }
    Result<void> advance_start(Offset start) override {
        offsets_.start = start;
        return {};
    }
    void configure(const LogConfig& config) override { configured = config; }
    Result<void> maintain(Offset, Timestamp) override { return {}; }
    const replication::LeaderEpochs& epochs() const override { return epochs_; }
    const replication::ProducerStates& producers() const override { return producers_; }

    void go_offline() { offline_ = true; }

    std::optional<Error> refuses;
    std::vector<std::vector<std::uint8_t>> batches;
    LogConfig configured;

private:
    replication::LeaderEpochs epochs_;
    replication::ProducerStates producers_;
};

}  // namespace sluice::broker::testing
