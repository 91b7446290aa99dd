#pragma once

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"

namespace sluice::broker {

// All of `pieces` in one, which is copied unless there is only one.
inline Bytes joined(const std::vector<Bytes>& pieces) {
    if (pieces.size() == 1) return pieces.front();
    std::size_t size = 0;
    for (const Bytes& piece : pieces) size += piece.size();
    Buffer all = Buffer::allocate(size);
    std::uint8_t* at = all.data();
    for (const Bytes& piece : pieces) at = std::ranges::copy(piece.view(), at).out;
    return Bytes(std::move(all));
}

}  // namespace sluice::broker
