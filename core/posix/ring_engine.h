#pragma once

#include <liburing.h>

#include <memory>

#include "core/posix/operation.h"

namespace sluice::posix {

// io_uring (Linux 5.19 and later): everything submitted in a turn goes to the kernel in one call.
class RingEngine final : public Engine {
public:
    // Nothing when the kernel has no io_uring or forbids it.
    static std::unique_ptr<RingEngine> make(env::Scheduler& scheduler);
    ~RingEngine() override;

    void submit(Operation& operation) override;
    void cancel(Operation& operation) override;
    void forget(int) override {}
    void poll(Duration timeout) override;
    void interrupt() override;
    const char* name() const override { return "io_uring"; }

private:
    explicit RingEngine(env::Scheduler& scheduler) : scheduler_(scheduler) {}

    io_uring_sqe* next_entry();
    void arm_interrupt();
    void end(const io_uring_cqe& completion);

    env::Scheduler& scheduler_;
    io_uring ring_{};
    int interrupt_fd_ = -1;
    std::uint64_t interrupt_count_ = 0;
};

}  // namespace sluice::posix
