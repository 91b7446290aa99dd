#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"

namespace sluice {

// Protocol-buffer style variable-length integers, as Kafka uses them: unsigned in flexible
// messages, zigzag signed inside records.

inline constexpr std::size_t varint_size_max = 5;
inline constexpr std::size_t varlong_size_max = 10;

constexpr std::uint64_t zigzag(std::int64_t n) {
    return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t n) {
    return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
}

constexpr std::size_t unsigned_varint_size(std::uint64_t n) {
    std::size_t size = 1;
    for (; n >= 0x80; n >>= 7) ++size;
    return size;
}

// Writes at most varlong_size_max bytes at `at` and returns how many.
inline std::size_t put_unsigned_varint(std::uint8_t* at, std::uint64_t n) {
    std::size_t size = 0;
    for (; n >= 0x80; n >>= 7) at[size++] = static_cast<std::uint8_t>(n | 0x80);
    at[size++] = static_cast<std::uint8_t>(n);
    return size;
}

// Reads an unsigned number of at most `size_max` bytes and moves `from` behind it; nothing when the
// bytes end too soon or the number does not fit.
inline std::optional<std::uint64_t> take_unsigned_varint(Slice& from, std::size_t size_max) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < size_max && i < from.size(); ++i) {
        const std::uint8_t byte = from[i];
        n |= std::uint64_t{byte & 0x7Fu} << (7 * i);
        if (byte & 0x80) continue;
        from = from.subspan(i + 1);
        return n;
    }
    return std::nullopt;
}

}  // namespace sluice
