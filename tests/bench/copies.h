#pragma once

#include <cstdint>

namespace sluice {

// How many bytes this program has moved in pieces large enough to be payload.
std::uint64_t bytes_copied();

}  // namespace sluice
