#include "core/posix/blocking_pool.h"

namespace sluice::posix {

BlockingPool::~BlockingPool() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    given_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void BlockingPool::give(Work work) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
        if (idle_ < waiting_.size() && threads_.size() < threads_max_)
            threads_.emplace_back([this] { serve(); });
    }
    given_.notify_one();  // Outside, or who is woken waits once more: for the mutex.
}

void BlockingPool::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        given_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
        --idle_;
        if (waiting_.empty()) return;
        Work work = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        work.done(work.body());
        lock.lock();
    }
}

}  // namespace sluice::posix
