#pragma once

#include <map>
#include <memory>

#include "core/posix/file_threads.h"
#include "core/posix/operation.h"

namespace sluice::posix {

// For kernels and containers that forbid io_uring: readiness for sockets, a few threads for files.
class EpollEngine final : public Engine {
public:
    explicit EpollEngine(env::Scheduler& scheduler);
    ~EpollEngine() override;

    void submit(Operation& operation) override;
    void cancel(Operation& operation) override;
    void forget(int fd) override;
    void poll(Duration timeout) override;
    void interrupt() override;
    const char* name() const override { return "epoll"; }

private:
    // Who waits for a socket: at most one in each direction.
    struct Waiting {
        Operation* in = nullptr;
        Operation* out = nullptr;
    };

    void wait_for(Operation& operation);
    void end(Operation& operation, int result);
    void retry(Operation*& slot);

    env::Scheduler& scheduler_;
    int epoll_fd_;
    int interrupt_fd_;
    std::map<int, Waiting> sockets_;
    std::unique_ptr<FileThreads> files_;
};

}  // namespace sluice::posix
