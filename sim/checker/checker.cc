#include "sim/checker/checker.h"

#include "sim/checker/judges.h"
#include "sim/checker/log_view.h"

namespace sluice::checker {

Findings check(const History& history, const CheckOptions& options) {
    Findings findings(options.described_max);
    const std::vector<LogView> logs = view_logs(history);
    judge_logs(history, logs, findings);
    judge_processes(history, logs, findings);
    judge_cycles(history, logs, findings);
    judge_groups(history, findings);
    return findings;
}

}  // namespace sluice::checker
