#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/probe.h"
#include "core/env/event.h"

namespace sluice::net {

// Bytes that requests of one shard may hold between their first byte and their answer.
//
// What a request says it will be costs nothing, only what has come of it: who announces much and
// sends nothing takes nothing from others. Small requests have a part to themselves. Large ones
// wait for memory in their order, but one of them never waits, so that there is always one that
// can come to its end when all memory is held by others that have begun.
class MemoryBudget {
public:
    MemoryBudget(env::Scheduler& scheduler, std::size_t bytes)
        : turn_(scheduler),
          freed_(scheduler),
          total_(static_cast<std::int64_t>(bytes)),
          small_total_(total_ / small_part),
          small_left_(small_total_),
          large_left_(total_ - small_total_) {}

    // The part of one request, given back when it goes.
    class Share {
    public:
        // Of a request that says it will be so long.
        Share(MemoryBudget& budget, std::size_t request_bytes)
            : budget_(&budget), is_small_(request_bytes <= small_bytes_max) {}
        Share(Share&& other) noexcept
            : budget_(std::exchange(other.budget_, nullptr)),
              is_small_(other.is_small_),
              bytes_(other.bytes_),
              never_waits_(other.never_waits_) {}
        Share& operator=(Share&& other) noexcept {
            std::swap(budget_, other.budget_);
            std::swap(is_small_, other.is_small_);
            std::swap(bytes_, other.bytes_);
            std::swap(never_waits_, other.never_waits_);
            return *this;
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() {
            if (budget_) budget_->give_back(*this);
        }

    private:
        friend class MemoryBudget;

        MemoryBudget* budget_;
        bool is_small_;
        std::int64_t bytes_ = 0;
        bool never_waits_ = false;
    };

    // A request of at most so many bytes is a small one.
    static constexpr std::size_t small_bytes_max = std::size_t{64} << 10;

    // Waits until the share may be `bytes` in all.
    Result<void> extend(Share& share, std::size_t bytes) {
        const auto more = static_cast<std::int64_t>(bytes) - share.bytes_;
        if (more <= 0) return {};
        if (share.is_small_)
            while (small_left_ < std::min(more, small_total_)) CHECK_OK(freed_.wait());
        else
            CHECK_OK(wait_in_turn(share, more));
        left_for(share) -= more;
        share.bytes_ += more;
        return {};
    }
    // Less than nothing while the one that never waits has more than there is.
    std::int64_t left() const { return small_left_ + large_left_; }
    // Nothing once every share is gone.
    std::size_t held() const { return static_cast<std::size_t>(total_ - left()); }

private:
    // Of the budget, for small requests.
    static constexpr std::int64_t small_part = 4;

    Result<void> wait_in_turn(Share& share, std::int64_t more) {
        if (share.never_waits_) return {};
        TRY(const env::Mutex::Guard turn, turn_.lock());
        while (large_left_ < more && one_never_waits_) CHECK_OK(freed_.wait());
        if (large_left_ < more) one_never_waits_ = share.never_waits_ = true;
        return {};
    }
    std::int64_t& left_for(const Share& share) {
        return share.is_small_ ? small_left_ : large_left_;
    }
    void give_back(const Share& share) {
        if (!PLANT("connection.request_memory_kept")) left_for(share) += share.bytes_;
        if (share.never_waits_) one_never_waits_ = false;
        freed_.notify_all();
    }

    env::Mutex turn_;
    env::Signal freed_;
    const std::int64_t total_;
    const std::int64_t small_total_;
    std::int64_t small_left_;
    std::int64_t large_left_;
    bool one_never_waits_ = false;
};

}  // namespace sluice::net
