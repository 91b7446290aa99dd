#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "sim/run.h"

namespace sluice::sim {

// A result as one line, so that one process may run a seed and another count it. What is only for
// looking at a single run stays behind: the checkpoints of its hash.
std::string to_text(const RunResult& result);
// Of the same program: it lists the same probes.
Result<RunResult, std::string> parse_result(std::string_view line);

}  // namespace sluice::sim
