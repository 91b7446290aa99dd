#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace sluice {

// CRC-32C (Castagnoli, RFC 3720 B.4) of `bytes`; pass an earlier result to go on from it.
std::uint32_t crc32c(Slice bytes, std::uint32_t before = 0);

// The same by table, for machines without the instruction and to check the fast one against.
std::uint32_t crc32c_portable(Slice bytes, std::uint32_t before = 0);

}  // namespace sluice
