#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace sluice::sim {

// A value that a workload writes: its number and bytes that follow from it, so that damage shows.
std::vector<std::uint8_t> make_value(std::uint64_t number, std::size_t bytes);
// The number; 0 when the bytes are not what they should be.
std::uint64_t number_of(Slice value);

}  // namespace sluice::sim
