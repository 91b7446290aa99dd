#include "core/base/crc32c.h"

#include <array>
#include <cstring>

#include "core/base/crc32c_x86.h"

namespace sluice {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // Castagnoli, bits reversed.

using Table = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Table make_table() {
    Table table{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t crc = n;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
        table[0][n] = crc;
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (std::size_t n = 0; n < 256; ++n)
            table[k][n] = (table[k - 1][n] >> 8) ^ table[0][table[k - 1][n] & 255];
    return table;
}

constexpr Table table = make_table();

std::uint64_t load64(const std::uint8_t* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

using Crc = std::uint32_t (*)(Slice bytes, std::uint32_t before);

Crc fastest() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq"))
        return crc32c_avx512;
    if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42;
#endif
    return crc32c_portable;
}

}  // namespace

std::uint32_t crc32c_portable(Slice bytes, std::uint32_t before) {
    std::uint32_t crc = ~before;
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        const std::uint64_t word = load64(at) ^ crc;
        crc = 0;
        for (std::size_t k = 0; k < 8; ++k) crc ^= table[7 - k][(word >> (8 * k)) & 255];
    }
    for (; left > 0; --left, ++at) crc = (crc >> 8) ^ table[0][(crc ^ *at) & 255];
    return ~crc;
}

std::uint32_t crc32c(Slice bytes, std::uint32_t before) {
    static const Crc crc = fastest();
    return crc(bytes, before);
}

}  // namespace sluice
