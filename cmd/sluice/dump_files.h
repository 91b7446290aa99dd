#pragma once

#include <map>
#include <string>

#include "cmd/sluice/dump_report.h"
#include "cmd/sluice/journal_shelf.h"
#include "core/base/strong.h"

namespace sluice::cmd {

// Where the batches of a segment begin, and their base offsets.
using BatchPositions = std::map<std::uint64_t, Offset>;

// Each says what is in one kind of file, and what is wrong with it. `base` is the offset that the
// file's name says.

// A segment, or a snapshot of the metadata log, which has its form. What is wrong from `proven` on
// is not damage but unfinished. Gives the offset behind the last whole batch.
Offset dump_segment(DumpReport& report, const std::string& path, Slice bytes,
                    std::optional<Offset> base, std::optional<Offset> proven);
BatchPositions positions_of(Slice segment);
// What the journals have of the segment at `path` from offset `next` on: nothing is said when it is
// nothing.
void dump_journal_pieces(DumpReport& report, const std::string& path,
                         const std::vector<JournalShelf::Piece>& pieces, Offset next);
void dump_journal(DumpReport& report, Slice bytes);

void dump_offset_index(DumpReport& report, Slice bytes, Offset base, const BatchPositions& segment,
                       std::optional<Offset> proven);
void dump_time_index(DumpReport& report, Slice bytes, Offset base);
void dump_transaction_index(DumpReport& report, Slice bytes);
void dump_producer_snapshot(DumpReport& report, Slice bytes);
void dump_leader_epochs(DumpReport& report, Slice bytes);
void dump_offset_checkpoint(DumpReport& report, Slice bytes);
void dump_summaries(DumpReport& report, Slice bytes);
// Small files of lines of text.
void dump_text(DumpReport& report, Slice bytes);

}  // namespace sluice::cmd
