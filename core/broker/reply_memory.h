#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::broker {

// What the answers of one shard hold between their making and the moment their clients took them.
// Nobody waits for it: when it is used up, fetches bring little, so that clients who do not read
// cannot hold much and everybody else still gets on. What everybody is granted all the same is
// ample at first; once a quarter more than there is was granted so, or a few ample answers, it is
// little.
class ReplyMemory {
public:
    struct Options {
        std::size_t bytes_max = 64 << 20;
        std::size_t granted_bytes = 1 << 20;             // To each answer, whatever others hold,
        std::size_t granted_bytes_overdrawn = 64 << 10;  // and then.
    };
    explicit ReplyMemory(const Options& options) : options_(options) {}
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
    // grows, for while one waits many others may be made.
    class Growing {
    public:
        explicit Growing(ReplyMemory& memory) : memory_(memory) {}
        ~Growing() { memory_.bytes_ -= bytes_; }
        Growing(const Growing&) = delete;
        Growing& operator=(const Growing&) = delete;

        // False when there is no memory for so much more: what is made is of no use, since the
        // request will be refused.
        [[nodiscard]] bool grow(std::size_t bytes) {
            fits_ = fits_ && (bytes_ + bytes <= memory_.granted(bytes_) || bytes <= memory_.left());
            bytes_ += bytes;
            memory_.bytes_ += bytes;
            return fits_;
        }
        bool fits() const { return fits_; }
        std::size_t bytes() const { return bytes_; }

    private:
        ReplyMemory& memory_;
        std::size_t bytes_ = 0;
        bool fits_ = true;
    };

    std::size_t held() const { return bytes_; }
    std::size_t left() const { return options_.bytes_max - std::min(bytes_, options_.bytes_max); }
    // If it were not for `answer`.
    std::size_t left_beside(const Growing& answer) const {
        return options_.bytes_max - std::min(bytes_ - answer.bytes(), options_.bytes_max);
    }
    // By others than an answer that holds `own` bytes.
    bool is_overdrawn(std::size_t own = 0) const {
        const std::size_t overdraft = std::max(options_.bytes_max / 4, 4 * options_.granted_bytes);
        return bytes_ - own >= options_.bytes_max + overdraft;
    }
    // What an answer that holds `own` bytes may hold in all, whatever others hold.
    std::size_t granted(std::size_t own = 0) const {
        return is_overdrawn(own) ? options_.granted_bytes_overdrawn : options_.granted_bytes;
    }

private:
    const Options options_;
    std::size_t bytes_ = 0;
};

}  // namespace sluice::broker
