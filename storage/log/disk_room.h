#pragma once

#include <cstdint>
#include <limits>
#include <utility>

namespace sluice::storage {

// How much may still be appended before the disk counts as full, as far as one shard can tell:
// looked at now and then, and counted down in between, so that no burst fills the disk to its last
// byte.
class DiskRoom {
public:
    // So much can be written; so much must stay free; so much was appended and is not written yet.
    void looked(std::uint64_t usable, std::uint64_t kept_free, std::uint64_t unwritten) {
        const std::uint64_t taken = kept_free + caution * unwritten;
        left_ = usable > taken ? usable - taken : 0;
    }
    void appended(std::uint64_t bytes) {
        left_ -= left_ > caution * bytes ? caution * bytes : left_;
    }
    bool takes(std::uint64_t bytes) {
        if (left_ >= caution * bytes) return true;
        refused();
        return false;
    }
    // Somebody was, by the disk itself.
    void refused() { refused_ = true; }
    // Somebody was refused since the last call.
    bool take_refusal() { return std::exchange(refused_, false); }

private:
    // Every byte goes to a journal and to a segment, and other shards append as well.
    static constexpr std::uint64_t caution = 4;

    std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
    bool refused_ = false;
};

}  // namespace sluice::storage
