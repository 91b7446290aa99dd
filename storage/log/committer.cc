#include "storage/log/committer.h"

#include <algorithm>

#include "storage/log/log.h"

namespace sluice::storage {

void Committer::commit(Log& log) {
    const auto served = std::ranges::find(serving_, &log, &Serving::log);
    if (served != serving_.end()) {
        served->again = true;
        return;
    }
    if (!is_queued(log)) queue_.push_back(&log);
    if (fibers_.running() < flushes_max_) spawn();
}

void Committer::kick() {
    if (!queue_.empty() && fibers_.running() == 0) spawn();
}

void Committer::spawn() {
    // When no fiber can be had now, one that runs takes the log, or a kick.
    (void)fibers_.spawn("log-commit", [this] { run(); });
}

void Committer::run() {
    while (Log* const log = take()) {
        serving_.push_back({log});
        const bool more = log->commit_once();
        const auto served = std::ranges::find(serving_, log, &Serving::log);
        const Serving service = *served;
        serving_.erase(served);
        if (service.left)
            service.left->set();
        else if (more || service.again)
            queue_.push_back(log);
    }
}

Log* Committer::take() {
    if (queue_.empty()) return nullptr;
    Log* const log = queue_.front();
    queue_.pop_front();
    return log;
}

bool Committer::is_queued(const Log& log) const {
    return std::ranges::find(queue_, &log) != queue_.end();
}

void Committer::leave(Log& log) {
    std::erase(queue_, &log);
    const auto served = std::ranges::find(serving_, &log, &Serving::log);
    if (served == serving_.end()) return;
    env::Completion left(scheduler_);
    served->left = &left;
    left.wait();
}

}  // namespace sluice::storage
