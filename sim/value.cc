#include "sim/value.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/endian.h"

namespace sluice::sim {
namespace {

constexpr std::size_t number_bytes = sizeof(std::uint64_t);

// What stands behind the number, again and again.
std::array<std::uint8_t, number_bytes> filler_of(std::uint64_t number) {
    std::array<std::uint8_t, number_bytes> filler;
    store_big(filler.data(), static_cast<std::int64_t>(number * 0x9E3779B97F4A7C15u));
    return filler;
}

}  // namespace

std::vector<std::uint8_t> make_value(std::uint64_t number, std::size_t bytes) {
    std::vector<std::uint8_t> value(std::max(bytes, number_bytes));
    store_big(value.data(), static_cast<std::int64_t>(number));
    const auto filler = filler_of(number);
    for (std::size_t at = number_bytes; at < value.size(); at += number_bytes)
        std::memcpy(value.data() + at, filler.data(), std::min(number_bytes, value.size() - at));
    return value;
}

std::uint64_t number_of(Slice value) {
    if (value.size() < number_bytes) return 0;
    const auto number = static_cast<std::uint64_t>(load_big<std::int64_t>(value.data()));
    const auto filler = filler_of(number);
    for (std::size_t at = number_bytes; at < value.size(); at += number_bytes)
        if (std::memcmp(value.data() + at, filler.data(),
                        std::min(number_bytes, value.size() - at)) != 0)
            return 0;
    return number;
}

}  // namespace sluice::sim
