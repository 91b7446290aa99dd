#pragma once

#include <csignal>
#include <optional>
#include <span>
#include <string>

#include "core/posix/reactor.h"

namespace sluice::cmd {

// Lines of a file descriptor, read on the reactor's pool so that the shard never blocks.
class LineReader {
public:
    // Its end comes early once `interrupted` is not 0, also while nothing comes.
    LineReader(posix::Reactor& reactor, int fd, const volatile std::sig_atomic_t& interrupted)
        : reactor_(reactor), fd_(fd), interrupted_(interrupted) {}

    // The next line without its newline; nothing at the end. The last line may lack its newline.
    std::optional<std::string> next();

    // All that is left, as it is.
    std::string everything();

private:
    bool fill();
    int read_some(std::span<char> to) const;

    posix::Reactor& reactor_;
    int fd_;
    const volatile std::sig_atomic_t& interrupted_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool ended_ = false;
};

}  // namespace sluice::cmd
