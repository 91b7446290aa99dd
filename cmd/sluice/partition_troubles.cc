#include "cmd/sluice/partition_troubles.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::cmd {

using protocol::ErrorCode;

std::optional<std::string> PartitionTroubles::note(const client::TopicPartition& partition,
                                                   std::optional<ErrorCode> why, Time now) {
    if (!why) {
        troubles_.erase(partition);
        return std::nullopt;
    }
    const auto [found, is_new] = troubles_.try_emplace(partition, Trouble{*why, now});
    Trouble& trouble = found->second;
    if (trouble.why != *why) trouble = {*why, trouble.since};
    if (trouble.said || now - trouble.since < patience) return std::nullopt;
    trouble.said = true;
    return sentence(partition, *why);
}

std::string PartitionTroubles::sentence(const client::TopicPartition& partition, ErrorCode why) {
    const std::string_view remedy =
        why == ErrorCode::kafka_storage_error ? "; the log of its broker says why" : "";
    return fmt::format("partition {} of {} cannot be read: {}{}", partition.partition.value,
                       partition.topic, name_of(why), remedy);
}

bool PartitionTroubles::lasts(const client::TopicPartition& partition) const {
    const auto found = troubles_.find(partition);
    return found != troubles_.end() && found->second.said;
}

bool PartitionTroubles::any_lasts() const {
    return std::ranges::any_of(troubles_, [](const auto& each) { return each.second.said; });
}

std::set<std::string> PartitionTroubles::deleted_topics() const {
    std::set<std::string> topics;
    for (const auto& [partition, trouble] : troubles_)
        if (trouble.said && trouble.why == ErrorCode::unknown_topic_or_partition)
            topics.insert(partition.topic);
    return topics;
}

void PartitionTroubles::keep_only(const std::vector<client::TopicPartition>& partitions) {
    std::erase_if(troubles_, [&](const auto& each) {
        return std::ranges::find(partitions, each.first) == partitions.end();
    });
}

}  // namespace sluice::cmd
