#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/client/consumer.h"

namespace sluice::cmd {

// Where in a partition something begins, as a command line says it: `beginning`, `end`, an offset,
// `@MILLISECONDS` or `@2026-11-21T13:28:52` (UTC) for the first record at or after a time.
class StartPoint {
public:
    // The message names the option.
    static Result<StartPoint, std::string> parse(std::string_view option, std::string_view text);

    // An offset, or Consumer::earliest or Consumer::latest.
    Result<Offset, client::Refusal> offset_in(client::Consumer& consumer,
                                              const client::TopicPartition& partition) const;

    const std::optional<Timestamp>& time() const { return time_; }

private:
    Offset offset_ = client::Consumer::earliest;
    std::optional<Timestamp> time_;
};

}  // namespace sluice::cmd
