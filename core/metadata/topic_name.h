#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::metadata {

inline constexpr std::size_t topic_name_length_max = 249;

// Why `name` cannot be a topic's, in Kafka's words, or nothing when it can.
std::optional<std::string> complaint_about_topic_name(std::string_view name);

// Nobody may make a topic of that name: its directory would be one that the broker has already, or
// it would say that there is what this broker does not serve (served.h).
bool is_reserved_topic(std::string_view name);

// Metric names turn dots into underscores, so names that differ only there collide.
std::string collision_form(std::string_view name);

// The topics a broker keeps for itself: clients may read them, and not produce into them.
bool is_internal_topic(std::string_view name);

inline constexpr std::string_view consumer_offsets_topic = "__consumer_offsets";
inline constexpr std::string_view cluster_metadata_topic = "__cluster_metadata";
inline constexpr std::string_view transaction_state_topic = "__transaction_state";
inline constexpr std::string_view share_group_state_topic = "__share_group_state";

}  // namespace sluice::metadata
