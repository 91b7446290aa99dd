#pragma once

#include <memory>

#include "core/base/page_heap.h"

namespace sluice::posix {

// Address space in huge pages where the system has them (Linux: transparent_hugepage not `never`).
// Takes no memory before it is used. None when the system allows no more address
// space, and under AddressSanitizer.
std::unique_ptr<PageSpace> huge_pages(std::size_t bytes);

}  // namespace sluice::posix
