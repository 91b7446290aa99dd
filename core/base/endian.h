#pragma once

#include <concepts>
#include <cstring>

#include "core/base/bytes.h"

namespace sluice {

// Kafka's integers are big-endian on the wire and on disk. The caller has checked the size.
template <std::integral Int>
constexpr Int swap_to_big(Int value) {
    if constexpr (sizeof(Int) == 2)
        return static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    else if constexpr (sizeof(Int) == 4)
        return static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    else if constexpr (sizeof(Int) == 8)
        return static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    else
        return value;
}
template <std::integral Int>
Int load_big(const std::uint8_t* at) {
    Int value;
    std::memcpy(&value, at, sizeof value);
    return swap_to_big(value);
}
template <std::integral Int>
void store_big(std::uint8_t* at, Int value) {
    value = swap_to_big(value);
    std::memcpy(at, &value, sizeof value);
}

}  // namespace sluice
