#pragma once

#include "core/base/random.h"
#include "storage/log/options.h"

namespace sluice::sim {

// Limits made tiny, so that a short run meets all of them.
storage::LogOptions draw_log_options(Random& draws);
void draw_journal_options(Random& draws, storage::LogOptions& options);

}  // namespace sluice::sim
