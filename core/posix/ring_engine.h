#pragma once

#include <liburing.h>

#include <memory>

#include "core/posix/file_threads.h"
#include "core/posix/operation.h"

namespace sluice::posix {

// io_uring (Linux 5.19 and later): everything submitted in a turn goes to the kernel in one call.
//
// But small durable writes: where the device has no write-through, the kernel ends those that the
// ring carries in a worker that is bound to one processor, and behind whoever keeps that one busy
// they wait for milliseconds. A thread that waits inside the call is woken where there is room.
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
    explicit RingEngine(env::Scheduler& scheduler);

    io_uring_sqe* next_entry();
    void arm_interrupt();
    void completed(const io_uring_cqe& completion);
    void end(Operation& operation, int result);

    env::Scheduler& scheduler_;
    io_uring ring_{};
    int interrupt_fd_ = -1;
    std::unique_ptr<FileThreads> durable_writes_;
};

}  // namespace sluice::posix
