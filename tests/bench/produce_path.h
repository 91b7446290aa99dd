#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/posix/reactor.h"

namespace sluice {

// Requests of one batch each, to one partition of a broker of one shard on the real doors.
struct ProduceLoad {
    posix::EngineChoice engine = posix::EngineChoice::automatic;
    int records = 1;
    std::size_t value_bytes = 1000;
    int under_way = 1;  // Requests that were sent and are not answered.
    int requests = 2000;
};

// What one of them asked of the broker, from the socket to the acknowledgement. The client is in
// the same process, and takes nothing.
struct ProduceCounts {
    double allocations = 0;
    double allocated_per_byte = 0;  // Bytes, for each byte of batch.
    double copied_per_byte = 0;
    std::optional<double> system_calls;
    double seconds = 0;
};

inline constexpr const char* engine_not_allowed = "this kernel does not allow the engine";

// Nothing when a broker cannot be started here; `why` says why.
std::optional<ProduceCounts> count_produce(const ProduceLoad& load, std::string& why);

}  // namespace sluice
