#pragma once

#include <cstdint>
#include <optional>

namespace sluice {

// Counts the system calls of the thread that makes it and of all threads it starts from then on.
// The kernel does the counting, so nothing is missed; whether it may be asked to is its
// administrator's.
class SystemCalls {
public:
    SystemCalls();
    ~SystemCalls();
    SystemCalls(const SystemCalls&) = delete;
    SystemCalls& operator=(const SystemCalls&) = delete;

    // Nothing when they are not counted. From any thread.
    std::optional<std::uint64_t> count() const;

private:
    int fd_ = -1;
};

}  // namespace sluice
