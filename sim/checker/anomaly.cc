#include "sim/checker/anomaly.h"

namespace sluice::checker {

std::string_view name_of(AnomalyKind kind) {
    switch (kind) {
        case AnomalyKind::inconsistent_offset:
            return "inconsistent offset";
        case AnomalyKind::duplicate:
            return "duplicate";
        case AnomalyKind::lost:
            return "lost";
        case AnomalyKind::unseen:
            return "unseen";
        case AnomalyKind::aborted_read:
            return "aborted read";
        case AnomalyKind::never_written:
            return "never written";
        case AnomalyKind::own_read:
            return "own read";
        case AnomalyKind::internal_skip:
            return "internal skip";
        case AnomalyKind::internal_nonmonotonic_poll:
            return "internal nonmonotonic poll";
        case AnomalyKind::external_skip:
            return "external skip";
        case AnomalyKind::external_nonmonotonic_poll:
            return "external nonmonotonic poll";
        case AnomalyKind::internal_nonmonotonic_send:
            return "internal nonmonotonic send";
        case AnomalyKind::external_nonmonotonic_send:
            return "external nonmonotonic send";
        case AnomalyKind::write_cycle:
            return "write cycle";
        case AnomalyKind::write_cycle_process:
            return "write cycle with process order";
        case AnomalyKind::write_cycle_real_time:
            return "write cycle with real time";
        case AnomalyKind::read_cycle:
            return "read cycle";
        case AnomalyKind::read_cycle_process:
            return "read cycle with process order";
        case AnomalyKind::read_cycle_real_time:
            return "read cycle with real time";
        case AnomalyKind::commit_lost:
            return "commit lost";
        case AnomalyKind::two_owners:
            return "two owners";
    }
    return "?";
}

}  // namespace sluice::checker
