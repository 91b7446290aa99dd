#pragma once

#include <cstddef>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/random.h"

namespace sluice::sim {

// Which bit of a stream's bytes a flip on the wire hits: one that the checksum of a record batch
// covers, when a whole batch lies in them, and else none. A flip that TCP's own checksum lets
// through elsewhere changes what a request means, and Kafka's protocol has nothing that would
// show it: no oracle could demand anything. What a batch's checksum covers must never be stored,
// nor given to an application.
std::optional<std::size_t> choose_flip_in_batch(Slice bytes, Random& random);

}  // namespace sluice::sim
