#include "core/metadata/topic_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::metadata {

std::optional<std::string> complaint_about_topic_name(std::string_view name) {
    if (name.empty()) return "Topic name is invalid: the empty string is not allowed";
    if (name == "." || name == "..") return "Topic name is invalid: '.' or '..' is not allowed";
    if (name.size() > topic_name_length_max)
        return fmt::format(
            "Topic name is invalid: the length of '{}' is longer than the max allowed length {}",
            name, topic_name_length_max);
    const bool legal = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
    if (!legal)
        return fmt::format(
            "Topic name is invalid: '{}' contains one or more characters other than ASCII "
            "alphanumerics, '.', '_' and '-'",
            name);
    return std::nullopt;
}

bool is_reserved_topic(std::string_view name) {
    return name == cluster_metadata_topic || name == "sluice-journal" ||
           name == transaction_state_topic || name == share_group_state_topic;
}

std::string collision_form(std::string_view name) {
    std::string form(name);
    std::ranges::replace(form, '.', '_');
    return form;
}

bool is_internal_topic(std::string_view name) {
    return name == consumer_offsets_topic || name == transaction_state_topic ||
           name == share_group_state_topic;
}

}  // namespace sluice::metadata
