#pragma once

#include "cmd/sluice/dump_report.h"
#include "core/protocol/record.h"
#include "core/protocol/record_batch.h"

namespace sluice::cmd {

// What the records of a log mean: those of the broker's own topics are put into words.
enum class RecordWords { plain, consumer_offsets, cluster_metadata };

// By the name of the folder a segment stands in.
RecordWords words_for(const std::string& path);

// The key and value of a record, as facts.
void add_words(Facts& facts, RecordWords words, const protocol::BatchView& batch,
               const protocol::RecordView& record);

}  // namespace sluice::cmd
