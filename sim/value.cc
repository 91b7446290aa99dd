#include "sim/value.h"

#include <algorithm>

#include "core/base/endian.h"

namespace sluice::sim {
namespace {

std::uint8_t filler(std::uint64_t number, std::size_t at) {
    return static_cast<std::uint8_t>((number * 0x9E3779B97F4A7C15u) >> (8 * (at % 7)));
}

}  // namespace

std::vector<std::uint8_t> make_value(std::uint64_t number, std::size_t bytes) {
    std::vector<std::uint8_t> value(std::max(bytes, sizeof number));
    store_big(value.data(), static_cast<std::int64_t>(number));
    for (std::size_t i = sizeof number; i < value.size(); ++i) value[i] = filler(number, i);
    return value;
}

std::uint64_t number_of(Slice value) {
    if (value.size() < sizeof(std::uint64_t)) return 0;
    const auto number = static_cast<std::uint64_t>(load_big<std::int64_t>(value.data()));
    for (std::size_t i = sizeof number; i < value.size(); ++i)
        if (value[i] != filler(number, i)) return 0;
    return number;
}

}  // namespace sluice::sim
