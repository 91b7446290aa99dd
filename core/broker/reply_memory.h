#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::broker {

// What the answers of one shard hold between their making and the moment their clients took them.
// Nobody waits for it: when it is used up, fetches bring little, so that clients who do not read
// cannot hold much and everybody else still gets on.
class ReplyMemory {
public:
    explicit ReplyMemory(std::size_t bytes_max) : bytes_max_(bytes_max) {}
    ReplyMemory(const ReplyMemory&) = delete;
    ReplyMemory& operator=(const ReplyMemory&) = delete;

    // Counted as long as it lives.
    class Share {
    public:
        Share(ReplyMemory& memory, std::size_t bytes) : memory_(memory), bytes_(bytes) {
            memory_.bytes_ += bytes_;
        }
        ~Share() { memory_.bytes_ -= bytes_; }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        std::size_t bytes() const { return bytes_; }

    private:
        ReplyMemory& memory_;
        const std::size_t bytes_;
    };

    // An answer that is made of many parts, each of which may have to be waited for: counted as it
    // grows, for while one waits many others may be made. `at_least` is granted whatever others
    // hold.
    class Growing {
    public:
        Growing(ReplyMemory& memory, std::size_t at_least) : memory_(memory), at_least_(at_least) {}
        ~Growing() { memory_.bytes_ -= bytes_; }
        Growing(const Growing&) = delete;
        Growing& operator=(const Growing&) = delete;

        // False when there is no memory for so much more: what is made is of no use, since the
        // request will be refused.
        [[nodiscard]] bool grow(std::size_t bytes) {
            fits_ = fits_ && (bytes_ + bytes <= at_least_ || bytes <= memory_.left());
            bytes_ += bytes;
            memory_.bytes_ += bytes;
            return fits_;
        }
        bool fits() const { return fits_; }
        std::size_t bytes() const { return bytes_; }

    private:
        ReplyMemory& memory_;
        const std::size_t at_least_;
        std::size_t bytes_ = 0;
        bool fits_ = true;
    };

    std::size_t held() const { return bytes_; }
    std::size_t left() const { return bytes_max_ - std::min(bytes_, bytes_max_); }
    // If it were not for `answer`.
    std::size_t left_beside(const Growing& answer) const {
        return bytes_max_ - std::min(bytes_ - answer.bytes(), bytes_max_);
    }

private:
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
};

}  // namespace sluice::broker
