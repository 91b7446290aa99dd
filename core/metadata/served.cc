#include "core/metadata/served.h"

#include <fmt/format.h>

#include "core/metadata/topic_name.h"

namespace sluice::metadata {

std::optional<std::string> complaint_about(const MetadataImage& image) {
    for (const auto& [name, topic] : image.topics_by_name) {
        // Who has never used a transaction or a share group does not have these topics.
        if (name == transaction_state_topic)
            return "it holds transactions. Let every producer finish, delete the topic "
                   "__transaction_state with the broker that made it, and start again.";
        if (name == share_group_state_topic)
            return "it holds share groups. Delete them and the topic __share_group_state with the "
                   "broker that made them, and start again.";
        if (is_internal_topic(name)) continue;
        const ConfigValues& values = image.config({ResourceType::topic, name});
        const auto policy = values.find("cleanup.policy");
        if (policy != values.end() && policy->second.find("compact") != std::string::npos)
            return fmt::format(
                "its topic '{}' is compacted (cleanup.policy={}). Set cleanup.policy=delete with "
                "the broker that made it, or copy the topic, and start again.",
                name, policy->second);
    }
    return std::nullopt;
}

}  // namespace sluice::metadata
