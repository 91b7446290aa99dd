#include "cmd/sluice/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <array>

namespace sluice::cmd {
namespace {

constexpr int look_interval_ms = 100;

}  // namespace

// On a thread of its own, which no signal wakes.
int LineReader::read_some(std::span<char> to) const {
    pollfd input{fd_, POLLIN, 0};
    while (interrupted_ == 0 && ::poll(&input, 1, look_interval_ms) == 0) {
    }
    return interrupted_ == 0 ? static_cast<int>(::read(fd_, to.data(), to.size())) : 0;
}

bool LineReader::fill() {
    std::array<char, 64 << 10> chunk;
    const int count = reactor_.run_blocking([&] { return read_some(chunk); });
    if (count <= 0) {
        ended_ = true;
        return false;
    }
    buffer_.erase(0, at_);
    at_ = 0;
    buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    return true;
}

std::optional<std::string> LineReader::next() {
    for (;;) {
        const auto newline = buffer_.find('\n', at_);
        if (newline != std::string::npos) {
            std::string line = buffer_.substr(at_, newline - at_);
            at_ = newline + 1;
            return line;
        }
        if (!ended_ && fill()) continue;
        if (at_ == buffer_.size()) return std::nullopt;
        std::string line = buffer_.substr(at_);
        at_ = buffer_.size();
        return line;
    }
}

std::string LineReader::everything() {
    while (!ended_ && fill()) {
    }
    std::string rest = buffer_.substr(at_);
    at_ = buffer_.size();
    return rest;
}

}  // namespace sluice::cmd
