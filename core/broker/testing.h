#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/broker/data_directory.h"
#include "core/broker/log.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "core/protocol/record_batch.h"
#include "core/protocol/validate_batch.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"

namespace sluice::broker::testing {

// A world that stands still unless it is told to go on.
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

    // Runs `body` in a fiber, and others, until nothing is ready any more; true when it has ended.
    bool run(std::function<void()> body) {
        bool& ended = ended_.emplace_back(false);
        ASSERT(scheduler_.spawn("test", [&ended, body = std::move(body)] {
            body();
            ended = true;
        }));
        settle();
        return ended;
    }
    void pass_to(Time time) {
        clock_.time = time;
        scheduler_.fire_timers(time);
        settle();
    }
    void settle() {
        while (scheduler_.ready_count() > 0) scheduler_.resume(0);
    }

private:
    struct Clock final : env::Clock {
        Time now() const override { return time; }
        Timestamp wall() const override { return Timestamp(1'700'000'000'000); }
        Time time{};
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
    std::deque<bool> ended_;  // Of each that was run; it may end later.
    Network network_;
    Disk disk_;
    PageHeap pages_;
    Random random_{1};
    Logger logger_{clock_, {}};
    Shards shards_{scheduler_};

public:
    env::Env doors;
};

// A log in memory that does what it is told to do. Given a scheduler, who waits for the disk does,
// until it is synced.
class ToldLog final : public PartitionLog {
public:
    explicit ToldLog(env::Scheduler* scheduler = nullptr) {
        if (scheduler != nullptr) progressed_.emplace(*scheduler);
    }

    Result<AppendedBatch> append(Slice batch, const protocol::ValidatedBatch& facts,
                                 LeaderEpoch epoch) override {
        if (refuses) return *refuses;
        const AppendedBatch appended{offsets_.end, offsets_.end.plus(facts.record_count)};
        producers_.apply(replication::ProducerBatch::of(facts), appended.base);
        epochs_.assign(epoch, appended.base);
        offsets_.end = appended.next;
        batches.emplace_back(batch.begin(), batch.end());
        protocol::place_batch(batches.back(), appended.base, epoch);
        if (syncs_at_once) sync();
        return appended;
    }
    Result<void> wait_durable(Offset end) override {
        while (progressed_ && offsets_.durable < end && !offline_) CHECK_OK(progressed_->wait());
        if (offline_) return Error::io;
        return {};
    }
    Result<void> wait_for_room() override { return {}; }
    Result<LogRead> read(const ReadRange& range) override {
        LogRead found;
        for (const auto& each : batches) {
            const protocol::BatchView batch{Slice(each)};
            if (batch.next_offset() <= range.from || batch.base_offset() >= range.before) continue;
            found.pieces.push_back(Bytes::copy_of(Slice(each)));
            found.size += each.size();
        }
        return found;
    }
    Result<std::optional<TimestampOffset>> find_timestamp(std::optional<Timestamp>,
                                                          Offset) override {
        return std::optional<TimestampOffset>();
    }
    Result<void> advance_start(Offset start) override {
        offsets_.start = start;
        return {};
    }
    void begin_epoch(LeaderEpoch epoch) override { epochs_.assign(epoch, offsets_.end); }
    void forget_unwritten_epochs() override { epochs_.truncate_from_end(offsets_.end); }
    void configure(const LogConfig& config) override { configured = config; }
    Result<void> maintain(Offset, Timestamp) override {
        if (maintain_refused) return *maintain_refused;
        ++maintained;
        return {};
    }
    const replication::LeaderEpochs& epochs() const override { return epochs_; }
    const replication::ProducerStates& producers() const override { return producers_; }

    // Everything appended is durable.
    void sync() {
        offsets_.durable = offsets_.end;
        progressed();
    }
    void go_offline() {
        offline_ = true;
        progressed();
    }

    // Loses everything from `end` on, or all there is.
    void lose(Offset end, bool all) {
        std::erase_if(batches, [&](const auto& each) {
            return all || protocol::BatchView{Slice(each)}.next_offset() > end;
        });
        offsets_.end = batches.empty() ? (all ? end : offsets_.start)
                                       : protocol::BatchView{Slice(batches.back())}.next_offset();
        if (all) offsets_.start = end;
        offsets_.durable = offsets_.end;
        if (all) epochs_.clear();
        epochs_.truncate_from_end(offsets_.end);
    }
    // Holds what another one held.
    void take_from(ToldLog& other) {
        offsets_ = other.offsets_;
        batches = std::move(other.batches);
        epochs_ = std::move(other.epochs_);
        producers_ = std::move(other.producers_);
    }

    std::optional<Error> refuses;
    std::optional<Error> maintain_refused;
    int maintained = 0;
    bool syncs_at_once = false;
    std::vector<std::vector<std::uint8_t>> batches;
    LogConfig configured;

private:
    void progressed() {
        if (progressed_) progressed_->notify_all();
        tell_owner();
    }

    replication::LeaderEpochs epochs_;
    replication::ProducerStates producers_;
    std::optional<env::Signal> progressed_;
};

// Logs that do what they are told, and until they are told otherwise sync at once. One that was
// closed is opened again as it was.
class ToldStore final : public LogStore {
public:
    explicit ToldStore(env::Scheduler& scheduler) : scheduler_(scheduler) {}

    Result<void> start() override { return {}; }
    Result<std::unique_ptr<PartitionLog>> open(const std::string& name, const TopicId&,
                                               const LogConfig&, const LogHints&) override {
        auto made = std::make_unique<ToldLog>(&scheduler_);
        made->syncs_at_once = true;
        if (const auto kept = kept_.find(name); kept != kept_.end()) made->take_from(*kept->second);
        logs[name] = made.get();
        while_opening();
        return std::unique_ptr<PartitionLog>(std::move(made));
    }
    Result<void> close(PartitionLog& log) override {
        for (const auto& [name, open] : logs) {
            if (open != &log) continue;
            auto& kept = kept_[name] = std::make_unique<ToldLog>();
            kept->take_from(*open);
        }
        return {};
    }
    Result<std::unique_ptr<PartitionLog>> cut(
        std::unique_ptr<PartitionLog> log, const Cut& what,
        const std::function<Result<void>()>& checkpoint) override {
        const auto noted = checkpoint();
        if (noted.failed() || cut_fails) {
            std::erase_if(logs, [&](const auto& each) { return each.second == log.get(); });
            return noted.failed() ? noted.error() : *cut_fails;
        }
        for (auto& [name, open] : logs)
            if (open == log.get()) open->lose(what.end, what.all);
        return log;
    }
    Result<void> remove(std::unique_ptr<PartitionLog>) override { return {}; }
    Result<void> remove_unopened(const std::string&, Duration) override { return {}; }
    std::vector<Checkpoint> checkpoints() override { return {}; }
    std::uint64_t bytes_appended() const override { return 0; }
    bool failed() const override { return false; }
    void stop() override {}

    std::function<void()> while_opening = [] {};
    std::map<std::string, ToldLog*> logs;  // Those that were opened, while they are there.
    std::optional<Error> cut_fails;

private:
    env::Scheduler& scheduler_;
    std::map<std::string, std::unique_ptr<ToldLog>> kept_;
};

// A directory in memory that keeps one snapshot, and the state of the quorum.
class ToldDirectory final : public DataDirectory {
public:
    Result<std::optional<DirectoryIdentity>> open() override {
        return std::optional<DirectoryIdentity>();
    }
    Result<void> format(const DirectoryIdentity&) override { return {}; }
    Result<std::map<std::string, LogHints>> begin() override {
        return std::map<std::string, LogHints>();
    }
    bool is_foreign() const override { return false; }
    Result<void> checkpoint(const std::vector<LogStore::Checkpoint>&) override { return {}; }
    Result<void> mark_clean() override { return {}; }
    Result<std::optional<BrokerLife>> last_life() override { return life; }
    Result<void> keep_life(const BrokerLife& kept) override {
        life = kept;
        return {};
    }
    Result<std::optional<metadata::Snapshot>> newest_snapshot() override { return snapshot; }
    Result<void> keep_snapshot(const metadata::Snapshot& taken) override {
        snapshot = taken;
        return {};
    }

    Result<std::optional<raft::QuorumState>> quorum_state() override { return state; }
    Result<std::vector<BrokerId>> quorum_voters() override { return voters; }
    Result<void> keep_quorum_state(const raft::QuorumState& kept,
                                   const std::vector<BrokerId>& configured) override {
        state = kept;
        voters = configured;
        return {};
    }

    std::optional<metadata::Snapshot> snapshot;
    std::optional<BrokerLife> life;
    std::optional<raft::QuorumState> state;
    std::vector<BrokerId> voters;
};

}  // namespace sluice::broker::testing
