#include "storage/log/log.h"

namespace sluice::storage {

Result<std::optional<broker::TimestampOffset>> Log::find_timestamp(std::optional<Timestamp>,
                                                                   Offset) {
    return std::optional<broker::TimestampOffset>();
}

}  // namespace sluice::storage
