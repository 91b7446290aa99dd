#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/record_format.h"
#include "cmd/sluice/start_point.h"
#include "core/client/group_consumer.h"

namespace sluice::cmd {

// What `sluice consume` was asked for. The message says what makes no sense.
struct ConsumeWishes {
    std::vector<std::string> topics;
    std::optional<PartitionIndex> partition;
    StartPoint from;
    bool says_from = false;  // And does not leave it to the default.
    std::optional<client::GroupOptions> group;
    client::OffsetReset reset = client::OffsetReset::earliest;
    std::int64_t count = std::numeric_limits<std::int64_t>::max();
    std::optional<StartPoint> until;
    bool follow = false;
    std::optional<Duration> timeout;
    bool json = false;
    RecordFormat format;

    static Result<ConsumeWishes, std::string> of(const Arguments& arguments);
};

}  // namespace sluice::cmd
