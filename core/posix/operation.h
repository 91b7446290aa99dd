#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>

#include "core/base/time.h"
#include "core/env/scheduler.h"

namespace sluice::posix {

enum class OperationKind { receive, send, accept, connect, read, write, write_durable, sync };

// One request to the kernel. It lives in the frame of the fiber that waits for it, and so do the
// buffers it names, until it has ended.
struct Operation {
    OperationKind kind;
    int fd = -1;
    iovec* pieces = nullptr;  // receive, send, read, write, write_durable
    unsigned piece_count = 0;
    std::uint64_t offset = 0;             // read, write, write_durable
    sockaddr_storage* address = nullptr;  // connect: where to
    socklen_t address_size = 0;
    msghdr message = {};  // send: filled in by the engine

    // As a system call answers: bytes or a descriptor, or minus errno.
    int result = 0;
    bool ended = false;
    env::Fiber* waiter = nullptr;

    // For send: `pieces` as the kernel's message calls want them.
    const msghdr* as_message() {
        message.msg_iov = pieces;
        message.msg_iovlen = piece_count;
        return &message;
    }
};

// Carries operations to the kernel and back, for one thread. Nothing here waits but poll().
class Engine {
public:
    virtual ~Engine() = default;

    // Begins `operation`; it ends in a later poll(), or at once.
    virtual void submit(Operation& operation) = 0;
    // Makes an operation end soon, with -ECANCELED if nothing happened yet.
    virtual void cancel(Operation& operation) = 0;
    // A descriptor is about to be closed: forget what is kept about it. None of its operations is
    // under way.
    virtual void forget(int fd) = 0;
    // Sends what was submitted and waits for something to end, at most `timeout`; marks what ended
    // and wakes its fibers.
    virtual void poll(Duration timeout) = 0;
    // Makes the current or next poll() return. From any thread.
    virtual void interrupt() = 0;
    virtual const char* name() const = 0;
};

}  // namespace sluice::posix
