#pragma once

#include "core/base/bytes.h"

namespace sluice {

// CRC32C (RFC 3720, Castagnoli) with the processor's instructions for it, which the caller has
// found to be there: SSE 4.2; for the second also AVX-512 and VPCLMULQDQ.
std::uint32_t crc32c_sse42(Slice bytes, std::uint32_t before);
std::uint32_t crc32c_avx512(Slice bytes, std::uint32_t before);

}  // namespace sluice
