#pragma once

#include <optional>
#include <string>

#include "core/posix/reactor.h"

namespace sluice::cmd {

// Lines of a file descriptor, read on the reactor's pool so that the shard never blocks.
class LineReader {
public:
    LineReader(posix::Reactor& reactor, int fd) : reactor_(reactor), fd_(fd) {}

    // The next line without its newline; nothing at the end. The last line may lack its newline.
    std::optional<std::string> next();

    // All that is left, as it is.
    std::string everything();

private:
    bool fill();

    posix::Reactor& reactor_;
    int fd_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool ended_ = false;
};

}  // namespace sluice::cmd
