#include "storage/log/checkpoint_files.h"

#include <fmt/format.h>

#include <charconv>
#include <concepts>

namespace sluice::storage {
namespace {

template <std::integral Int>
bool parse_number(std::string_view text, Int& number) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end;
}

// Takes the text up to `separator`, or all of it, and moves `from` behind.
std::string_view take(std::string_view& from, char separator) {
    const std::size_t at = from.find(separator);
    const std::string_view taken = from.substr(0, at);
    from.remove_prefix(at == std::string_view::npos ? from.size() : at + 1);
    return taken;
}

// Reads "0\n<count>\n", the head of Kafka's checkpoint files.
std::optional<std::size_t> take_count(std::string_view& text) {
    std::size_t count = 0;
    if (take(text, '\n') != "0") return std::nullopt;
    if (!parse_number(take(text, '\n'), count)) return std::nullopt;
    return count;
}

// The value of `key` in Java's properties format, as far as Kafka uses it here: a line ends at
// either of the two characters.
std::optional<std::string_view> property(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (take(line, '=') == key) return line;
    }
    return std::nullopt;
}

}  // namespace

std::string epochs_text(const replication::LeaderEpochs& epochs) {
    std::string text = fmt::format("0\n{}\n", epochs.entries().size());
    for (const auto& entry : epochs.entries())
        text += fmt::format("{} {}\n", entry.epoch.value, entry.start.value);
    return text;
}

std::optional<replication::LeaderEpochs> parse_epochs(std::string_view text) {
    const auto count = take_count(text);
    if (!count) return std::nullopt;
    std::vector<replication::LeaderEpochs::Entry> entries;
    for (std::size_t i = 0; i < *count; ++i) {
        std::string_view line = take(text, '\n');
        replication::LeaderEpochs::Entry entry;
        if (!parse_number(take(line, ' '), entry.epoch.value)) return std::nullopt;
        if (!parse_number(line, entry.start.value)) return std::nullopt;
        entries.push_back(entry);
    }
    if (!text.empty()) return std::nullopt;
    return replication::LeaderEpochs(entries);
}

std::string offsets_text(const std::map<std::string, Offset>& offsets) {
    std::string lines;
    std::size_t count = 0;
    for (const auto& [name, offset] : offsets) {
        const auto log = parse_log_name(name);
        if (!log) continue;
        lines += fmt::format("{} {} {}\n", log->first, log->second.value, offset.value);
        ++count;
    }
    return fmt::format("0\n{}\n", count) + lines;
}

std::optional<std::map<std::string, Offset>> parse_offsets(std::string_view text) {
    std::map<std::string, Offset> offsets;
    // Kafka makes these files empty and fills them later.
    if (text.empty()) return offsets;
    const auto count = take_count(text);
    if (!count) return std::nullopt;
    for (std::size_t i = 0; i < *count; ++i) {
        std::string_view line = take(text, '\n');
        const std::string_view topic = take(line, ' ');
        std::int32_t partition = 0;
        Offset offset;
        if (topic.empty() || !parse_number(take(line, ' '), partition)) return std::nullopt;
        if (!parse_number(line, offset.value)) return std::nullopt;
        offsets[fmt::format("{}-{}", topic, partition)] = offset;
    }
    if (!text.empty()) return std::nullopt;
    return offsets;
}

std::string partition_metadata_text(const TopicId& topic) {
    return fmt::format("version: 0\ntopic_id: {}", topic.text());
}

std::optional<TopicId> parse_partition_metadata(std::string_view text) {
    constexpr std::string_view key = "topic_id: ";
    if (take(text, '\n') != "version: 0") return std::nullopt;
    std::string_view line = take(text, '\n');
    if (!line.starts_with(key)) return std::nullopt;
    return Uuid::parse(line.substr(key.size()));
}

std::string start_text(Offset start) {
    return fmt::format("0\n{}\n", start.value);
}

std::optional<Offset> parse_start(std::string_view text) {
    Offset start;
    if (take(text, '\n') != "0" || !parse_number(take(text, '\n'), start.value))
        return std::nullopt;
    if (!text.empty() || start < Offset(0)) return std::nullopt;
    return start;
}

std::string clean_shutdown_text(std::int64_t broker_epoch) {
    return fmt::format("{{\"version\":0,\"brokerEpoch\":{}}}", broker_epoch);
}

std::string life_text(const LifeOnDisk& life) {
    return fmt::format("0\n{}\n{}\n", life.broker_epoch, life.opted_out ? 1 : 0);
}

std::optional<LifeOnDisk> parse_life(std::string_view text) {
    LifeOnDisk life;
    int opted_out = 0;
    if (take(text, '\n') != "0" || !parse_number(take(text, '\n'), life.broker_epoch) ||
        !parse_number(take(text, '\n'), opted_out))
        return std::nullopt;
    if (!text.empty() || opted_out < 0 || opted_out > 1) return std::nullopt;
    life.opted_out = opted_out == 1;
    return life;
}

std::string meta_properties_text(const MetaProperties& meta) {
    return fmt::format("#\ncluster.id={}\ndirectory.id={}\nnode.id={}\nversion=1\n",
                       meta.cluster_id, meta.directory_id.text(), meta.node_id.value);
}

std::optional<MetaProperties> parse_meta_properties(std::string_view text) {
    MetaProperties meta;
    const auto cluster = property(text, "cluster.id");
    const auto node = property(text, "node.id");
    if (property(text, "version") != "1" || !cluster || !node) return std::nullopt;
    meta.cluster_id = *cluster;
    if (!parse_number(*node, meta.node_id.value)) return std::nullopt;
    if (const auto directory = property(text, "directory.id")) {
        const auto id = Uuid::parse(*directory);
        if (!id) return std::nullopt;
        meta.directory_id = *id;
    }
    return meta;
}

std::optional<std::pair<std::string, PartitionIndex>> parse_log_name(std::string_view name) {
    const std::size_t dash = name.rfind('-');
    PartitionIndex partition;
    if (dash == std::string_view::npos || dash == 0) return std::nullopt;
    if (!parse_number(name.substr(dash + 1), partition.value) || partition < PartitionIndex(0))
        return std::nullopt;
    return std::pair(std::string(name.substr(0, dash)), partition);
}

}  // namespace sluice::storage
