#pragma once

#include "core/broker/log.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"

namespace sluice::broker {

// Stands where a log was while that is cut: tells its offsets, and that nothing can be had. After a
// cut that failed it stays, offline.
class AbsentLog final : public PartitionLog {
public:
    AbsentLog(const LogOffsets& offsets, replication::LeaderEpochs epochs)
        : epochs_(std::move(epochs)) {
        offsets_ = offsets;
    }
    void go_offline() { offline_ = true; }

    Result<AppendedBatch> append(Slice, const protocol::ValidatedBatch&, LeaderEpoch) override {
        return why();
    }
    Result<void> wait_durable(Offset) override { return why(); }
    Result<void> wait_for_room() override { return why(); }
    Result<LogRead> read(const ReadRange&) override { return why(); }
    Result<std::optional<TimestampOffset>> find_timestamp(std::optional<Timestamp>,
                                                          Offset) override {
        return why();
    }
    Result<void> advance_start(Offset) override { return why(); }
    void begin_epoch(LeaderEpoch) override {}
    void forget_unwritten_epochs() override {}
    void configure(const LogConfig&) override {}
    Result<void> maintain(Offset, Timestamp) override { return why(); }
    const replication::LeaderEpochs& epochs() const override { return epochs_; }
    const replication::ProducerStates& producers() const override { return producers_; }

private:
    Error why() const { return offline_ ? Error::io : Error::stopped; }

    replication::LeaderEpochs epochs_;
    replication::ProducerStates producers_;
};

}  // namespace sluice::broker
