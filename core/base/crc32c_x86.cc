#if defined(__x86_64__)

#include "core/base/crc32c_x86.h"

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace sluice {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // Castagnoli, bits reversed.

std::uint64_t load64(const std::uint8_t* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// Multiplies two polynomials modulo the CRC's, bits reversed: how CRCs of neighbours are joined.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (std::uint32_t m = 0x80000000u; m != 0; m >>= 1) {
        if (a & m) product ^= b;
        b = (b >> 1) ^ ((b & 1) ? polynomial : 0);
    }
    return product;
}

// x^n modulo the polynomial.
constexpr std::uint32_t power_of_x(std::size_t n) {
    std::uint32_t power = 0x80000000u;   // x^0
    std::uint32_t square = 0x40000000u;  // x^1
    for (; n != 0; n >>= 1) {
        if (n & 1) power = multiply(power, square);
        square = multiply(square, square);
    }
    return power;
}

using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr ShiftTable make_shift(std::size_t bytes) {
    ShiftTable shift{};
    // Appending a zero byte multiplies a CRC by x^8.
    const std::uint32_t by = power_of_x(8 * bytes);
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

#define SLUICE_WIDE __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.2")))

// Bytes are folded onto those that stand `Bits` behind them: a product without carries with x^Bits
// leaves the CRC of all of them what it was. The first 8 bytes of 16 stand 64 bits further away,
// and a product of reversed factors comes out 33 bits off (Gopal et al., "Fast CRC Computation for
// Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009).
template <int Bits>
struct Factors {
    static constexpr std::uint32_t first = power_of_x(Bits + 64 - 33);
    static constexpr std::uint32_t second = power_of_x(Bits - 33);
};

template <int Bits>
SLUICE_WIDE __m512i fold(__m512i bytes, __m512i onto) {
    constexpr Factors<Bits> by;
    const __m512i factors = _mm512_set_epi64(by.second, by.first, by.second, by.first, by.second,
                                             by.first, by.second, by.first);
    constexpr int xor_of_three = 0x96;
    return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(bytes, factors, 0x00),
                                     _mm512_clmulepi64_epi128(bytes, factors, 0x11), onto,
                                     xor_of_three);
}

template <int Bits>
SLUICE_WIDE __m128i fold(__m128i bytes, __m128i onto) {
    constexpr Factors<Bits> by;
    const __m128i factors = _mm_set_epi64x(by.second, by.first);
    return _mm_xor_si128(onto, _mm_xor_si128(_mm_clmulepi64_si128(bytes, factors, 0x00),
                                             _mm_clmulepi64_si128(bytes, factors, 0x11)));
}

}  // namespace

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

SLUICE_WIDE std::uint32_t crc32c_avx512(Slice bytes, std::uint32_t before) {
    constexpr std::size_t step = 4 * sizeof(__m512i);
    if (bytes.size() < step) return crc32c_sse42(bytes, before);
    const auto load = [&](std::size_t at)
                          SLUICE_WIDE { return _mm512_loadu_si512(bytes.data() + at); };
    const __m512i start = _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(~before)));
    __m512i a = _mm512_xor_si512(load(0), start);
    __m512i b = load(64);
    __m512i c = load(128);
    __m512i d = load(192);
    std::size_t at = step;
    for (; bytes.size() - at >= step; at += step) {
        a = fold<8 * step>(a, load(at));
        b = fold<8 * step>(b, load(at + 64));
        c = fold<8 * step>(c, load(at + 128));
        d = fold<8 * step>(d, load(at + 192));
    }
    d = fold<512>(fold<512>(fold<512>(a, b), c), d);
    alignas(__m512i) __m128i parts[4];
    _mm512_store_si512(parts, d);
    const __m128i last = fold<128>(fold<128>(fold<128>(parts[0], parts[1]), parts[2]), parts[3]);
    std::uint64_t crc = _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_extract_epi64(last, 0)));
    crc = _mm_crc32_u64(crc, static_cast<std::uint64_t>(_mm_extract_epi64(last, 1)));
    return crc32c_sse42(bytes.subspan(at), ~static_cast<std::uint32_t>(crc));
}

#undef SLUICE_WIDE

}  // namespace sluice

#endif
