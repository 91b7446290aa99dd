#include "core/metadata/config_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::metadata {
namespace {

using enum ConfigType;

constexpr double int_max = 2147483647;

constexpr ConfigDefinition table[] = {
    {"cleanup.policy", list, "delete", "log.cleanup.policy", 0, 0, "compact|delete"},
    {"compression.gzip.level", int32, "-1", "compression.gzip.level", -1, 9, {}},
    {"compression.lz4.level", int32, "9", "compression.lz4.level", 1, 17, {}},
    {"compression.type", string, "producer", "compression.type", 0, 0,
     "uncompressed|zstd|lz4|snappy|gzip|producer"},
    {"compression.zstd.level", int32, "3", "compression.zstd.level", -131072, 22, {}},
    {"delete.retention.ms", int64, "86400000", "log.cleaner.delete.retention.ms", 0, 9.3e18, {}},
    {"file.delete.delay.ms", int64, "60000", "log.segment.delete.delay.ms", 0, 9.3e18, {}},
    {"flush.messages", int64, "1", "log.flush.interval.messages", 1, 9.3e18, {}},
    {"flush.ms", int64, "9223372036854775807", "log.flush.interval.ms", 0, 9.3e18, {}, true},
    {"follower.replication.throttled.replicas", list, "", {}, 0, 0, {}},
    {"index.interval.bytes", int32, "4096", "log.index.interval.bytes", 0, int_max, {}},
    {"leader.replication.throttled.replicas", list, "", {}, 0, 0, {}},
    {"local.retention.bytes", int64, "-2", "log.local.retention.bytes", -2, 9.3e18, {}},
    {"local.retention.ms", int64, "-2", "log.local.retention.ms", -2, 9.3e18, {}},
    {"max.compaction.lag.ms",
     int64,
     "9223372036854775807",
     "log.cleaner.max.compaction.lag.ms",
     1,
     9.3e18,
     {}},
    {"max.message.bytes", int32, "1048588", "message.max.bytes", 0, int_max, {}},
    {"message.timestamp.after.max.ms",
     int64,
     "3600000",
     "log.message.timestamp.after.max.ms",
     0,
     9.3e18,
     {}},
    {"message.timestamp.before.max.ms",
     int64,
     "9223372036854775807",
     "log.message.timestamp.before.max.ms",
     0,
     9.3e18,
     {}},
    {"message.timestamp.type", string, "CreateTime", "log.message.timestamp.type", 0, 0,
     "CreateTime|LogAppendTime"},
    {"min.cleanable.dirty.ratio", real, "0.5", "log.cleaner.min.cleanable.ratio", 0, 1, {}},
    {"min.compaction.lag.ms", int64, "0", "log.cleaner.min.compaction.lag.ms", 0, 9.3e18, {}},
    {"min.insync.replicas", int32, "1", "min.insync.replicas", 1, int_max, {}},
    {"preallocate", boolean, "false", "log.preallocate", 0, 0, {}},
    {"remote.log.copy.disable", boolean, "false", {}, 0, 0, {}},
    {"remote.log.delete.on.disable", boolean, "false", {}, 0, 0, {}},
    {"remote.storage.enable", boolean, "false", {}, 0, 0, {}},
    {"retention.bytes", int64, "-1", "log.retention.bytes", -9.3e18, 9.3e18, {}},
    {"retention.ms", int64, "604800000", "log.retention.ms", -1, 9.3e18, {}, true},
    {"segment.bytes", int32, "1073741824", "log.segment.bytes", 1048576, int_max, {}},
    {"segment.index.bytes", int32, "10485760", "log.index.size.max.bytes", 4, int_max, {}},
    {"segment.jitter.ms", int64, "0", "log.roll.jitter.ms", 0, 9.3e18, {}, true},
    {"segment.ms", int64, "604800000", "log.roll.ms", 1, 9.3e18, {}, true},
    {"unclean.leader.election.enable",
     boolean,
     "false",
     "unclean.leader.election.enable",
     0,
     0,
     {}},
};

bool is_choice(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        const auto bar = std::min(choices.find('|'), choices.size());
        if (choices.substr(0, bar) == value) return true;
        choices.remove_prefix(std::min(choices.size(), bar + 1));
    }
    return false;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

template <class Number>
std::optional<double> parsed(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return static_cast<double>(number);
}

std::optional<double> parsed_as(ConfigType type, std::string_view text) {
    if (type == real) return parsed<double>(text);
    if (type == int64) return parsed<std::int64_t>(text);
    if (type == int32) return parsed<std::int32_t>(text);
    return parsed<std::int16_t>(text);
}

std::optional<std::string> complaint_about_list(const ConfigDefinition& definition,
                                                std::string_view value) {
    while (!definition.choices.empty() && !value.empty()) {
        const auto comma = std::min(value.find(','), value.size());
        const std::string_view item = trimmed(value.substr(0, comma));
        if (!is_choice(definition.choices, item))
            return fmt::format("Invalid value {} for configuration {}: String must be one of: {}",
                               item, definition.name, definition.choices);
        value.remove_prefix(std::min(value.size(), comma + 1));
    }
    return std::nullopt;
}

}  // namespace

std::span<const ConfigDefinition> topic_configs() {
    return table;
}

const ConfigDefinition* find_topic_config(std::string_view name) {
    const auto found = std::ranges::find(table, name, &ConfigDefinition::name);
    return found == std::end(table) ? nullptr : found;
}

const ConfigDefinition* find_broker_config(std::string_view name) {
    if (name.empty()) return nullptr;
    const auto found = std::ranges::find(table, name, &ConfigDefinition::synonym);
    return found == std::end(table) ? nullptr : found;
}

std::optional<std::string> complaint_about_value(const ConfigDefinition& definition,
                                                 std::string_view value) {
    const std::string_view text = trimmed(value);
    switch (definition.type) {
        case boolean:
            if (text == "true" || text == "false") return std::nullopt;
            return fmt::format(
                "Invalid value {} for configuration {}: Expected value to be either true or false",
                text, definition.name);
        case int16:
        case int32:
        case int64:
        case real: {
            const auto number = parsed_as(definition.type, text);
            if (!number)
                return fmt::format("Invalid value {} for configuration {}: Not a number of type {}",
                                   text, definition.name,
                                   definition.type == real    ? "DOUBLE"
                                   : definition.type == int64 ? "LONG"
                                                              : "INT");
            if (*number < definition.least)
                return fmt::format(
                    "Invalid value {} for configuration {}: Value must be at least {}", text,
                    definition.name, definition.least);
            if (*number > definition.most)
                return fmt::format(
                    "Invalid value {} for configuration {}: Value must be no more than {}", text,
                    definition.name, definition.most);
            return std::nullopt;
        }
        case list:
            return complaint_about_list(definition, text);
        case string:
            if (definition.choices.empty() || is_choice(definition.choices, text))
                return std::nullopt;
            return fmt::format("Invalid value {} for configuration {}: String must be one of: {}",
                               text, definition.name, definition.choices);
        case unknown:
        case class_name:
        case password:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<ItemError> complaint_about_topic_config(std::string_view name,
                                                      std::string_view value) {
    using protocol::ErrorCode;
    const ConfigDefinition* definition = find_topic_config(name);
    if (definition == nullptr)
        return ItemError{ErrorCode::invalid_config,
                         fmt::format("Unknown topic config name: {}", name)};
    if (auto complaint = complaint_about_value(*definition, value))
        return ItemError{ErrorCode::invalid_config, *complaint};
    if (name == "cleanup.policy" && value.find("compact") != std::string_view::npos)
        return ItemError{
            ErrorCode::invalid_config,
            "cleanup.policy=compact is not served yet: this broker does not compact logs. "
            "Use cleanup.policy=delete."};
    if (name == "remote.storage.enable" && trimmed(value) == "true")
        return ItemError{
            ErrorCode::invalid_config,
            "remote.storage.enable=true is not served: this broker has no tiered storage."};
    return std::nullopt;
}

std::optional<ItemError> complaint_about_topic_configs(
    const std::vector<protocol::CreateTopicsRequest::Config>& configs) {
    for (const auto& config : configs) {
        if (!config.value)
            return ItemError{
                protocol::ErrorCode::invalid_config,
                fmt::format("Null value not supported for topic configs: {}", config.name)};
        if (auto error = complaint_about_topic_config(config.name, *config.value)) return error;
    }
    return std::nullopt;
}

}  // namespace sluice::metadata
