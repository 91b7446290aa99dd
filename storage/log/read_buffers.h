#pragma once

#include <cstddef>
#include <vector>

#include "core/base/bytes.h"

namespace sluice::storage {

// Memory that a shard reads segments into, in whole pages. It goes out with the answers, and once
// nobody has it any more it is read into again: fresh memory costs the system more than the read.
class ReadBuffers {
public:
    // Keeps so much for the next time.
    explicit ReadBuffers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // At least so many bytes, nobody else's.
    Buffer take(std::size_t bytes);
    // Lets go what was not used since the last call.
    void trim();

private:
    struct Kept {
        Buffer buffer;
        bool used = true;
    };

    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::vector<Kept> kept_;
};

}  // namespace sluice::storage
