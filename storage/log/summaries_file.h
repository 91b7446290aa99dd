#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/broker/log.h"

namespace sluice::storage {

// sluice-log-summaries (ours): what is known of every log as of the last checkpoint.
// docs/formats.md has it. Pure.
inline constexpr std::string_view summaries_file = "sluice-log-summaries";

// Of one log.
struct KnownLog {
    broker::SyncedLog synced;
    Bytes summary;  // A LogSummary, or nothing.
    std::vector<broker::JournalMark> outdated = {};

    friend bool operator==(const KnownLog&, const KnownLog&) = default;
};
using KnownLogs = std::map<std::string, KnownLog>;

std::vector<std::uint8_t> summaries_bytes(const KnownLogs& logs);
// Nothing when it is damaged. The summaries are slices of `file`.
std::optional<KnownLogs> parse_summaries(const Bytes& file);

}  // namespace sluice::storage
