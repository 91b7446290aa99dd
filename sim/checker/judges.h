#pragma once

// The parts of check(), each of which looks for some of the anomalies.

#include <vector>

#include "sim/checker/anomaly.h"
#include "sim/checker/log_view.h"

namespace sluice::checker {

// What each log holds, and what of it was polled.
void judge_logs(const History& history, const std::vector<LogView>& logs, Findings& findings);
// The order in which each process polled and sent.
void judge_processes(const History& history, const std::vector<LogView>& logs, Findings& findings);
// Circles in what must have come before what (Adya's G0 and G1c).
void judge_cycles(const History& history, const std::vector<LogView>& logs, Findings& findings);
// Committed offsets and ownership in consumer groups.
void judge_groups(const History& history, Findings& findings);

}  // namespace sluice::checker
