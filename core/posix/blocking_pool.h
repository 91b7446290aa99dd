#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::posix {

// A few threads for system calls that have no asynchronous form. They start with the first work.
class BlockingPool {
public:
    struct Work {
        std::function<int()> body;
        std::function<void(int)> done;  // Called on the pool's thread with what body returned.
    };

    explicit BlockingPool(unsigned threads_max) : threads_max_(threads_max) {}
    ~BlockingPool();  // Ends everything that was given first.
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    void give(Work work);

private:
    void serve();

    const unsigned threads_max_;
    std::mutex mutex_;
    std::condition_variable given_;
    std::deque<Work> waiting_;
    unsigned idle_ = 0;
    bool closing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace sluice::posix
