#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/raft/quorum.h"

namespace sluice::storage {

// quorum-state, beside the metadata log: what its replica must never forget, as Apache Kafka writes
// it, which is one JSON object. Version 0 is that of voters in the configuration, whom it names;
// version 1 that of voters in the log, of whom it knows the directories. Pure: text in, text out.

inline constexpr std::string_view quorum_state_file = "quorum-state";

// Version 0 with `configured` voters, version 1 when there are none.
std::string quorum_state_text(const raft::QuorumState& state,
                              const std::vector<BrokerId>& configured);
// Either version; members that are not known are passed over. Nothing when it is no such file.
std::optional<raft::QuorumState> parse_quorum_state(std::string_view text);

// The voters that version 0 names, in their order; none in version 1, and in what is no such file.
std::vector<BrokerId> quorum_state_voters(std::string_view text);

}  // namespace sluice::storage
