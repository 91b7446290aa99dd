#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "sim/checker/history.h"

namespace sluice::checker {

// A history as text, one operation a line, so that clients in any language can record one
// (docs/formats.md, "Histories"):
//
//     PROCESS INVOKED-COMPLETED OUTCOME STEP [; STEP]...
//     0 10-25 ok send words-0 17@42
//     1 12-30 ok poll words-0 41=16 42=17
//     1 31-33 ok commit readers words-0 43
//
// Times are microseconds of one clock; an operation that was not answered has no second one ("10-")
// and is `unknown`. Empty lines, and lines that begin with #, say nothing.
struct HistoryFault {
    std::size_t line = 0;  // From 1.
    std::string what;
};
Result<History, HistoryFault> parse_history(std::string_view text);

// The same history again as text; parse_history() reads it.
std::string to_text(const History& history);
std::string to_text(const History& history, const Operation& operation);

}  // namespace sluice::checker
