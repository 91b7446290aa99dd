#include "core/posix/epoll_engine.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/assert.h"

namespace sluice::posix {
namespace {

constexpr unsigned file_threads_max = 4;

bool is_input(OperationKind kind) {
    return kind == OperationKind::receive || kind == OperationKind::accept;
}

bool is_of_file(OperationKind kind) {
    return kind == OperationKind::read || kind == OperationKind::write ||
           kind == OperationKind::write_durable || kind == OperationKind::sync;
}

int answer(ssize_t result) {
    return result >= 0 ? static_cast<int>(result) : -errno;
}

// Tries a socket operation without waiting.
int attempt(Operation& op) {
    switch (op.kind) {
        case OperationKind::receive:
            return answer(recv(op.fd, op.pieces->iov_base, op.pieces->iov_len, MSG_DONTWAIT));
        case OperationKind::send:
            return answer(sendmsg(op.fd, op.as_message(), MSG_DONTWAIT | MSG_NOSIGNAL));
        case OperationKind::accept:
            return answer(accept4(op.fd, nullptr, nullptr, SOCK_CLOEXEC));
        case OperationKind::connect: {
            const int failed =
                answer(connect(op.fd, reinterpret_cast<sockaddr*>(op.address), op.address_size));
            return failed == -EINPROGRESS || failed == -EALREADY ? -EAGAIN
                   : failed == -EISCONN                          ? 0
                                                                 : failed;
        }
        case OperationKind::read:
        case OperationKind::write:
        case OperationKind::write_durable:
        case OperationKind::sync:
            break;
    }
    return -EINVAL;
}

}  // namespace

EpollEngine::EpollEngine(env::Scheduler& scheduler)
    : scheduler_(scheduler),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      interrupt_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      files_(std::make_unique<FileThreads>(file_threads_max, [this] { interrupt(); })) {
    ASSERT(epoll_fd_ >= 0);
    ASSERT(interrupt_fd_ >= 0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = interrupt_fd_;
    ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, interrupt_fd_, &event) == 0);
}

EpollEngine::~EpollEngine() {
    files_.reset();  // Its threads may be about to interrupt.
    close(epoll_fd_);
    close(interrupt_fd_);
}

void EpollEngine::submit(Operation& op) {
    if (is_of_file(op.kind)) {
        files_->submit(op);
        return;
    }
    // accept and connect have no flag that keeps a single call from blocking.
    if (op.kind == OperationKind::accept || op.kind == OperationKind::connect)
        fcntl(op.fd, F_SETFL, O_NONBLOCK);
    const int result = attempt(op);
    if (result == -EAGAIN) return wait_for(op);
    end(op, result);
}

void EpollEngine::wait_for(Operation& op) {
    auto [found, is_new] = sockets_.try_emplace(op.fd);
    Operation*& slot = is_input(op.kind) ? found->second.in : found->second.out;
    ASSERT(slot == nullptr);
    slot = &op;
    if (is_new) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.fd = op.fd;
        ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, op.fd, &event) == 0);
    } else {
        retry(slot);  // The edge may have passed before we began to wait.
    }
}

void EpollEngine::end(Operation& op, int result) {
    op.result = result;
    op.ended = true;
    if (op.waiter) scheduler_.wake(*op.waiter, env::Wake::signalled);
}

void EpollEngine::retry(Operation*& slot) {
    if (slot == nullptr) return;
    const int result = attempt(*slot);
    if (result == -EAGAIN) return;
    end(*std::exchange(slot, nullptr), result);
}

void EpollEngine::cancel(Operation& op) {
    const auto found = sockets_.find(op.fd);
    if (found == sockets_.end()) return;
    for (Operation** slot : {&found->second.in, &found->second.out})
        if (*slot == &op) end(*std::exchange(*slot, nullptr), -ECANCELED);
}

void EpollEngine::forget(int fd) {
    if (sockets_.erase(fd) > 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EpollEngine::poll(Duration timeout) {
    epoll_event events[256];
    if (timeout > Duration(0) && !files_->falls_asleep()) timeout = Duration(0);
    const auto rounded_up = to_milliseconds(timeout + Duration(999));
    const int count = epoll_wait(epoll_fd_, events, 256,
                                 static_cast<int>(std::clamp<std::int64_t>(rounded_up, 0, 60'000)));
    files_->wakes_up();
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[i];
        if (event.data.fd == interrupt_fd_) {
            std::uint64_t ignored = 0;
            [[maybe_unused]] const auto taken = read(interrupt_fd_, &ignored, sizeof ignored);
            continue;
        }
        const auto found = sockets_.find(event.data.fd);
        if (found == sockets_.end()) continue;
        if (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) retry(found->second.in);
        if (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) retry(found->second.out);
    }
    for (const auto& [op, result] : files_->take_ended()) end(*op, result);
}

void EpollEngine::interrupt() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(interrupt_fd_, &one, sizeof one);
}

}  // namespace sluice::posix
