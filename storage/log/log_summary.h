#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/protocol/record_batch.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"
#include "storage/log/journal_record.h"
#include "storage/log/segment.h"

namespace sluice::storage {

// What recovery would find out by reading a log up to `end`: where that is, what the index files of
// its segments lack, its epochs and producers. Written down, it spares the reading. Facts only.
struct LogSummary {
    Offset end;
    // The one that ends there, before it those whose index files lack something.
    Segments::List segments;
    replication::LeaderEpochs epochs;
    replication::ProducerStates producers;
    bool epochs_on_disk = false;  // In their own file.
    std::uint64_t bytes_since_checkpoint = 0;
    std::uint32_t index_interval_bytes = 4096;

    // Nothing when it is none. `producers_max` as for a log.
    static std::optional<LogSummary> parse(Slice bytes, std::size_t producers_max);

    // Goes on with what a journal has of the log, if that follows.
    void follow(const JournalEntry& entry, Slice batches);

private:
    void took(const protocol::BatchView& batch);
};

// What a summary is made from, as it is at this moment.
struct SummaryFacts {
    Offset end;
    const Segments::List& segments;  // All of the log's.
    const replication::LeaderEpochs& epochs;
    const replication::ProducerStates& producers;
    bool epochs_on_disk = false;
    std::uint64_t bytes_since_checkpoint = 0;
    std::uint32_t index_interval_bytes = 4096;
};
// docs/formats.md has it.
Bytes summary_bytes(const SummaryFacts& facts);
Bytes summary_bytes(const LogSummary& summary);

}  // namespace sluice::storage
