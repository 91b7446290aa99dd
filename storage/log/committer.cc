#include "storage/log/committer.h"

#include <utility>

#include "storage/log/log.h"

namespace sluice::storage {

void Committer::commit(Log& log) {
    CommitPlace& place = log.commit_place();
    if (place.served) {
        place.again = true;
        return;
    }
    if (!place.queued) queue(log);
    if (!first_.is_awake())
        first_.wake();
    else if (others_.running() + 1 < flushes_max_)
        // Where there is none to be had, those that run take the log in its turn.
        static_cast<void>(others_.spawn("log-commit", [this] { run(); }).failed());
}

void Committer::queue(Log& log) {
    log.commit_place().queued = true;
    queue_.push_back(&log);
}

void Committer::run() {
    while (Log* const log = take()) {
        CommitPlace& place = log->commit_place();
        place.served = true;
        const bool more = log->commit_once();
        place.served = false;
        const bool again = std::exchange(place.again, false);
        if (place.left != nullptr)
            place.left->set();
        else if (more || again)
            queue(*log);
    }
}

Log* Committer::take() {
    if (queue_.empty()) return nullptr;
    Log* const log = queue_.front();
    queue_.pop_front();
    log->commit_place().queued = false;
    return log;
}

void Committer::leave(Log& log) {
    CommitPlace& place = log.commit_place();
    if (std::exchange(place.queued, false)) std::erase(queue_, &log);
    if (!place.served) return;
    env::Completion left(scheduler_);
    place.left = &left;
    left.wait();
    place.left = nullptr;
}

}  // namespace sluice::storage
