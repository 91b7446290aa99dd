#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/broker/log.h"
#include "core/broker/partition_id.h"
#include "core/broker/replica/replica_driver.h"
#include "core/broker/topic_settings.h"
#include "core/broker/watchers.h"
#include "core/env/env.h"
#include "core/metadata/image.h"
#include "core/protocol/error_code.h"
#include "core/protocol/messages/produce.h"

namespace sluice::broker {

// What became of one batch.
struct ProduceOutcome {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    std::string message;
    std::vector<protocol::ProduceResponse::RecordError> record_errors;
    Offset base{-1};
    Offset next{-1};  // The client may be told once everything before it is committed.
    Timestamp log_append_time = no_timestamp;
    Offset log_start{-1};
    LeaderEpoch epoch = no_leader_epoch;  // In which it was appended.
    // Of who is told when every in-sync replica has it; 0 when nobody else is waited for.
    replication::AppendId append{0};
};

// Who appends, and what that changes.
struct AppendOrigin {
    Version produce_version;
    bool is_client = true;  // Coordinators and the controller write what clients may not.
    bool in_sync = true;    // Every in-sync replica must have it: acks=all.
    std::size_t decompressed_bytes_max = 64 << 20;
};

// One partition on its home shard: carries batches between requests and the log, and tells who
// waits.
class Partition final : private LogOwner {
public:
    Partition(env::Env& env, PartitionId id, std::string topic, std::unique_ptr<PartitionLog> log);
    ~Partition() { ASSERT(users_ == 0); }
    Partition(const Partition&) = delete;
    Partition& operator=(const Partition&) = delete;

    // While one is alive the partition is not destroyed, though it may be retired.
    class Use {
    public:
        Use() = default;
        explicit Use(Partition& partition) : partition_(&partition) { ++partition.users_; }
        Use(Use&& other) noexcept : partition_(std::exchange(other.partition_, nullptr)) {}
        Use& operator=(Use&& other) noexcept {
            std::swap(partition_, other.partition_);
            return *this;
        }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        ~Use() {
            if (partition_) partition_->release();
        }
        explicit operator bool() const { return partition_ != nullptr; }
        Partition* operator->() const { return partition_; }
        Partition& operator*() const { return *partition_; }

    private:
        Partition* partition_ = nullptr;
    };

    // Checks and orders one batch; never waits. What a client appended is waited for below, or
    // given up.
    ProduceOutcome append(Slice batch, const AppendOrigin& origin);
    // Waits until it may be answered: committed, or durable here where no more was asked for.
    // REQUEST_TIMED_OUT at `deadline`, which counts only where others must have it too.
    protocol::ErrorCode wait_committed(const ProduceOutcome& outcome, Time deadline);
    bool is_committed(const ProduceOutcome& outcome) const;
    void give_up(const ProduceOutcome& outcome);
    // Waits until everything before `end` is committed, and may be answered and read.
    protocol::ErrorCode wait_committed(Offset end);
    Result<LogRead> read(const PartitionLog::ReadRange& range) { return log_->read(range); }

    // FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH when the client knows another epoch than ours
    // (KIP-320).
    protocol::ErrorCode check_epoch(LeaderEpoch clients) const;

    // The image says something new about it.
    void update(const metadata::PartitionState& state, const TopicSettings& settings);
    // Others hold it as well from now on, or somebody else leads it.
    ReplicaDriver& replicate(ReplicaHost& host,
                             const replication::PartitionReplica::Options& options);
    // Null while this broker alone holds it and leads.
    ReplicaDriver* replica() { return replica_.get(); }
    const ReplicaDriver* replica() const { return replica_.get(); }
    // What was committed when the last run ended, as far as that is known,
    void restore_high_watermark(Offset high_watermark) { restored_ = high_watermark; }
    // and that nobody else needs to have it now.
    void be_alone() {
        if (!alone_since_) alone_since_ = state_.leader_epoch;
    }
    // For the replica: a batch of the leader's, whole and where it belongs; what was committed has
    // moved; a part of the log goes.
    Result<void> append_replicated(const protocol::BatchView& batch,
                                   const protocol::ValidatedBatch& facts);
    void committed();
    Result<void> cut(ReplicaHost& host, const LogStore::Cut& what);
    // The topic is deleted: whoever waits gives up. Returns when nobody uses it any more.
    void retire();
    std::unique_ptr<PartitionLog> take_log();
    // A cut failed: there is none, though there are files.
    bool has_log() const { return !lost_log_; }

    const PartitionId& id() const { return id_; }
    const std::string& topic() const { return topic_; }
    std::string log_name() const { return broker::log_name(topic_, id_.index); }
    PartitionLog& log() { return *log_; }
    const PartitionLog& log() const { return *log_; }
    // Consumers read below it. With one replica whatever is durable is committed.
    Offset high_watermark() const {
        return replica_ ? replica_->high_watermark() : log_->offsets().durable;
    }
    LeaderEpoch leader_epoch() const { return replica_ ? replica_->epoch() : state_.leader_epoch; }
    const TopicSettings& settings() const { return settings_; }
    bool retired() const { return retired_; }
    Watchers& watchers() { return watchers_; }
    // Bytes of all the batches that became readable while this was open. Who watches knows of them.
    std::uint64_t committed_bytes() const { return committed_bytes_; }

private:
    struct Appended {
        Offset next;
        std::uint64_t bytes;
    };

    void release();
    void progressed() override;
    ProduceOutcome refuse(protocol::ErrorCode code, std::string message) const;
    protocol::ErrorCode complaint_about_append(const AppendOrigin& origin) const;
    void expect(ProduceOutcome& outcome, const AppendOrigin& origin);
    Result<Bytes, ProduceOutcome> repacked(Slice batch, const protocol::ValidatedBatch& facts,
                                           const AppendOrigin& origin) const;

    env::Env& env_;
    PartitionId id_;
    std::string topic_;
    std::unique_ptr<PartitionLog> log_;
    bool lost_log_ = false;
    std::unique_ptr<ReplicaDriver> replica_;
    Offset restored_{0};
    std::optional<LeaderEpoch> alone_since_;  // And it has led since.
    metadata::PartitionState state_;
    TopicSettings settings_;
    Watchers watchers_;
    std::deque<Appended> uncommitted_;  // As far as the watchers know.
    std::uint64_t committed_bytes_ = 0;
    std::size_t users_ = 0;
    env::Completion* unused_ = nullptr;  // Of whoever retires it.
    bool retired_ = false;
};

}  // namespace sluice::broker
