#include "core/base/crc32c.h"

#include <array>
#include <cstring>

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

#if defined(__x86_64__)

// Multiplies two polynomials modulo the CRC's, bits reversed: how CRCs of neighbours are joined.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (std::uint32_t m = 0x80000000u; m != 0; m >>= 1) {
        if (a & m) product ^= b;
        b = (b >> 1) ^ ((b & 1) ? polynomial : 0);
    }
    return product;
}

// x^(8 * bytes) modulo the polynomial: appending that many zero bytes multiplies a CRC by it.
constexpr std::uint32_t zeros_operator(std::size_t bytes) {
    std::uint32_t power = 0x80000000u;   // x^0
    std::uint32_t square = 0x00800000u;  // x^8
    for (; bytes != 0; bytes >>= 1) {
        if (bytes & 1) power = multiply(power, square);
        square = multiply(square, square);
    }
    return power;
}

using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr ShiftTable make_shift(std::size_t bytes) {
    ShiftTable shift{};
    const std::uint32_t by = zeros_operator(bytes);
    for (std::uint32_t n = 0; n < 256; ++n)
        for (std::uint32_t k = 0; k < 4; ++k) shift[k][n] = multiply(by, n << (8 * k));
    return shift;
}

std::uint32_t apply(const ShiftTable& shift, std::uint32_t crc) {
    return shift[0][crc & 255] ^ shift[1][(crc >> 8) & 255] ^ shift[2][(crc >> 16) & 255] ^
           shift[3][crc >> 24];
}

// The instruction has a latency of three and a throughput of one, so three lanes run side by side.
template <std::size_t Lane>
__attribute__((target("sse4.2"))) std::uint64_t three_lanes(const std::uint8_t*& at,
                                                            std::size_t& left, std::uint64_t crc) {
    static constexpr ShiftTable shift = make_shift(Lane);
    while (left >= 3 * Lane) {
        std::uint64_t second = 0;
        std::uint64_t third = 0;
        for (std::size_t i = 0; i < Lane; i += 8) {
            crc = __builtin_ia32_crc32di(crc, load64(at + i));
            second = __builtin_ia32_crc32di(second, load64(at + Lane + i));
            third = __builtin_ia32_crc32di(third, load64(at + 2 * Lane + i));
        }
        crc = apply(shift, static_cast<std::uint32_t>(crc)) ^ second;
        crc = apply(shift, static_cast<std::uint32_t>(crc)) ^ third;
        at += 3 * Lane;
        left -= 3 * Lane;
    }
    return crc;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(Slice bytes, std::uint32_t before) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t crc = ~before;
    crc = three_lanes<4096>(at, left, crc);
    crc = three_lanes<256>(at, left, crc);
    for (; left >= 8; left -= 8, at += 8) crc = __builtin_ia32_crc32di(crc, load64(at));
    for (; left > 0; --left, ++at)
        crc = __builtin_ia32_crc32qi(static_cast<std::uint32_t>(crc), *at);
    return ~static_cast<std::uint32_t>(crc);
}

#endif

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
#if defined(__x86_64__)
    static const bool fast = __builtin_cpu_supports("sse4.2");
    if (fast) return crc32c_sse42(bytes, before);
#endif
    return crc32c_portable(bytes, before);
}

}  // namespace sluice
