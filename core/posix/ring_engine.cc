#include "core/posix/ring_engine.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/assert.h"

namespace sluice::posix {
namespace {

constexpr unsigned submission_entries = 256;
constexpr unsigned completion_entries = 8192;
// A shard's journal makes one durable write at a time, and nobody else makes any.
constexpr unsigned durable_write_threads_max = 1;
// Of a durable write. Who writes so much at once keeps every processor busy and gains more from
// what a thread costs than from what it saves.
constexpr std::size_t durable_bytes_in_ring_min = 64 << 10;

// What completions carry that belong to no operation.
char interrupt_mark;
char cancel_mark;

std::size_t bytes_of(const Operation& op) {
    std::size_t sum = 0;
    for (unsigned i = 0; i < op.piece_count; ++i) sum += op.pieces[i].iov_len;
    return sum;
}

}  // namespace

RingEngine::RingEngine(env::Scheduler& scheduler)
    : scheduler_(scheduler),
      durable_writes_(
          std::make_unique<FileThreads>(durable_write_threads_max, [this] { interrupt(); })) {}

std::unique_ptr<RingEngine> RingEngine::make(env::Scheduler& scheduler) {
    std::unique_ptr<RingEngine> engine(new RingEngine(scheduler));
    io_uring_params params{};
    params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    params.cq_entries = completion_entries;
    int failed = io_uring_queue_init_params(submission_entries, &engine->ring_, &params);
    if (failed == -EINVAL) {  // Kernels before 6.1 do not know the last two flags.
        params = {};
        params.flags = IORING_SETUP_CQSIZE;
        params.cq_entries = completion_entries;
        failed = io_uring_queue_init_params(submission_entries, &engine->ring_, &params);
    }
    if (failed != 0) {
        engine->ring_.ring_fd = -1;
        return nullptr;
    }
    engine->interrupt_fd_ = eventfd(0, EFD_CLOEXEC);
    ASSERT(engine->interrupt_fd_ >= 0);
    engine->arm_interrupt();
    return engine;
}

RingEngine::~RingEngine() {
    durable_writes_.reset();  // Its threads may be about to interrupt.
    if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
    if (interrupt_fd_ >= 0) close(interrupt_fd_);
}

io_uring_sqe* RingEngine::next_entry() {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    if (entry == nullptr) {  // Full: send what is there.
        io_uring_submit(&ring_);
        entry = io_uring_get_sqe(&ring_);
    }
    ASSERT(entry != nullptr);
    return entry;
}

void RingEngine::submit(Operation& op) {
    if (op.kind == OperationKind::write_durable && bytes_of(op) < durable_bytes_in_ring_min)
        return durable_writes_->submit(op);
    io_uring_sqe* entry = next_entry();
    switch (op.kind) {
        case OperationKind::receive:
            io_uring_prep_recv(entry, op.fd, op.pieces->iov_base, op.pieces->iov_len, 0);
            break;
        case OperationKind::send:
            io_uring_prep_sendmsg(entry, op.fd, op.as_message(), MSG_NOSIGNAL);
            break;
        case OperationKind::accept:
            io_uring_prep_accept(entry, op.fd, nullptr, nullptr, SOCK_CLOEXEC);
            break;
        case OperationKind::connect:
            io_uring_prep_connect(entry, op.fd, reinterpret_cast<sockaddr*>(op.address),
                                  op.address_size);
            break;
        case OperationKind::read:
            io_uring_prep_readv(entry, op.fd, op.pieces, op.piece_count, op.offset);
            break;
        case OperationKind::write:
            io_uring_prep_writev(entry, op.fd, op.pieces, op.piece_count, op.offset);
            break;
        case OperationKind::sync:
            io_uring_prep_fsync(entry, op.fd, IORING_FSYNC_DATASYNC);
            break;
        case OperationKind::write_durable:
            io_uring_prep_writev2(entry, op.fd, op.pieces, op.piece_count, op.offset, RWF_DSYNC);
            break;
    }
    io_uring_sqe_set_data(entry, &op);
}

void RingEngine::cancel(Operation& operation) {
    io_uring_sqe* entry = next_entry();
    io_uring_prep_cancel(entry, &operation, 0);
    io_uring_sqe_set_data(entry, &cancel_mark);
}

void RingEngine::poll(Duration timeout) {
    io_uring_cqe* first = nullptr;
    if (timeout > Duration::zero() && !durable_writes_->falls_asleep()) timeout = Duration::zero();
    if (timeout <= Duration::zero()) {
        io_uring_submit_and_get_events(&ring_);
    } else {
        const auto whole = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        __kernel_timespec wait{.tv_sec = whole.count(),
                               .tv_nsec = (timeout - whole).count() * 1000};
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, &wait, nullptr);
    }
    durable_writes_->wakes_up();
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_for_each_cqe(&ring_, head, first) {
        completed(*first);
        ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
    for (const auto& [operation, result] : durable_writes_->take_ended()) end(*operation, result);
}

void RingEngine::completed(const io_uring_cqe& completion) {
    void* data = io_uring_cqe_get_data(&completion);
    if (data == &interrupt_mark) {
        if (!(completion.flags & IORING_CQE_F_MORE)) arm_interrupt();
        return;
    }
    if (data == &cancel_mark) return;
    end(*static_cast<Operation*>(data), completion.res);
}

void RingEngine::end(Operation& operation, int result) {
    operation.result = result;
    operation.ended = true;
    if (operation.waiter) scheduler_.wake(*operation.waiter, env::Wake::signalled);
}

// Tells of every interrupt from now on; the count itself nobody reads.
void RingEngine::arm_interrupt() {
    io_uring_sqe* entry = next_entry();
    io_uring_prep_poll_multishot(entry, interrupt_fd_, POLLIN);
    io_uring_sqe_set_data(entry, &interrupt_mark);
}

void RingEngine::interrupt() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(interrupt_fd_, &one, sizeof one);
}

}  // namespace sluice::posix
