#pragma once

#include <cstddef>

namespace sluice::broker {

// What a node holds for its clients at a moment, over all shards: nothing once all of them have
// gone.
struct Holdings {
    std::size_t admitted = 0;     // Connections, as they count towards the limits,
    std::size_t connections = 0;  // and as they are served.
    std::size_t request_bytes = 0;
    std::size_t reply_bytes = 0;
    std::size_t watches = 0;  // Of partitions, by fetches that wait for news.

    bool operator==(const Holdings&) const = default;
};

}  // namespace sluice::broker
