#include "cmd/sluice/partitions.h"

#include <fmt/format.h>

#include "cmd/sluice/output.h"

namespace sluice::cmd {

Result<std::optional<PartitionIndex>, std::string> partition_option(const Arguments& arguments) {
    const auto text = arguments.get("partition");
    if (!text) return std::optional<PartitionIndex>();
    const auto index = whole_number(*text);
    if (!index || *index > INT32_MAX)
        return fmt::format("--partition {}: not a partition's number", *text);
    return std::optional(PartitionIndex(static_cast<std::int32_t>(*index)));
}

Result<std::vector<client::TopicPartition>, int> partitions_of(ClientSession& session,
                                                               std::string_view what,
                                                               const std::string& topic,
                                                               std::optional<PartitionIndex> only,
                                                               bool create) {
    const auto known = session.cluster.topic(topic, create, true);
    if (known.failed()) return failed_topic(session, what, topic, client::refusal(known.error()));
    if (known->error != protocol::ErrorCode::none) {
        const client::Refusal why = client::refusal(known->error);
        return create ? failed_new_topic(session, what, topic, why)
                      : failed_topic(session, what, topic, why);
    }
    std::vector<client::TopicPartition> partitions;
    for (const auto& [index, leader] : known->leaders)
        if (!only || *only == index) partitions.push_back({topic, index});
    if (!partitions.empty()) return partitions;
    print_error("sluice: {}: there is no partition {}; it has {}\n", what, only->value,
                known->leaders.size() == 1
                    ? "partition 0"
                    : fmt::format("partitions 0 to {}", known->leaders.size() - 1));
    return exit_failed;
}

Result<OffsetRange, client::Refusal> offset_range(client::Consumer& reader,
                                                  const client::TopicPartition& partition) {
    TRY(const auto first, reader.offset_at(partition, Timestamp(client::Consumer::earliest.value)));
    TRY(const auto end, reader.offset_at(partition, Timestamp(client::Consumer::latest.value)));
    if (!first || !end) return client::refusal(Error::not_found);
    return OffsetRange{*first, *end};
}

}  // namespace sluice::cmd
