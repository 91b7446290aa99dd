#pragma once

#include <cstddef>

#include "core/base/probe.h"
#include "core/env/event.h"
#include "net/kafka/chunk_pool.h"

namespace sluice::net {

// Bytes that requests of one shard may hold between their first byte and their answer. Whoever asks
// for more than is left waits, first come first served, so that no client can starve another.
class MemoryBudget {
public:
    MemoryBudget(env::Scheduler& scheduler, std::size_t bytes)
        : turn_(scheduler), freed_(scheduler), total_(bytes), left_(bytes) {}

    // Part of the budget, given back when it goes.
    class Share {
    public:
        Share() = default;
        Share(MemoryBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
        Share(Share&& other) noexcept
            : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
        Share& operator=(Share&& other) noexcept {
            std::swap(budget_, other.budget_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() {
            if (budget_) budget_->give_back(bytes_);
        }

    private:
        MemoryBudget* budget_ = nullptr;
        std::size_t bytes_ = 0;
    };

    // One request larger than the whole budget gets all of it.
    Result<Share> take(std::size_t bytes) {
        const std::size_t wanted = bytes < total_ ? bytes : total_;
        TRY(const env::Mutex::Guard guard, turn_.lock());
        while (left_ < wanted) CHECK_OK(freed_.wait());
        left_ -= wanted;
        return Share(*this, wanted);
    }
    std::size_t left() const { return left_; }
    std::size_t held() const { return total_ - left_; }
    ChunkPool& chunks() { return chunks_; }

private:
    static constexpr std::size_t chunk_bytes_kept_max = std::size_t{4} << 20;

    void give_back(std::size_t bytes) {
        if (!PLANT("connection.request_memory_kept")) left_ += bytes;
        freed_.notify_all();
    }

    env::Mutex turn_;
    env::Signal freed_;
    const std::size_t total_;
    std::size_t left_;
    ChunkPool chunks_{chunk_bytes_kept_max};
};

}  // namespace sluice::net
