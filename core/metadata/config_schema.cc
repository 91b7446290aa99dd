#include "core/metadata/config_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::metadata {
namespace {

using enum ConfigType;

constexpr ConfigDefinition table[] = {
    {.name = "cleanup.policy",
     .type = list,
     .fallback = "delete",
     .synonym = "log.cleanup.policy",
     .choices = "compact|delete"},
    {.name = "compression.gzip.level",
     .type = int32,
     .fallback = "-1",
     .synonym = "compression.gzip.level",
     .least = -1,
     .most = 9},
    {.name = "compression.lz4.level",
     .type = int32,
     .fallback = "9",
     .synonym = "compression.lz4.level",
     .least = 1,
     .most = 17},
    {.name = "compression.type",
     .type = string,
     .fallback = "producer",
     .synonym = "compression.type",
     .choices = "uncompressed|zstd|lz4|snappy|gzip|producer"},
    {.name = "compression.zstd.level",
     .type = int32,
     .fallback = "3",
     .synonym = "compression.zstd.level",
     .least = -131072,
     .most = 22},
    {.name = "delete.retention.ms",
     .type = int64,
     .fallback = "86400000",
     .synonym = "log.cleaner.delete.retention.ms",
     .least = 0},
    {.name = "file.delete.delay.ms",
     .type = int64,
     .fallback = "60000",
     .synonym = "log.segment.delete.delay.ms",
     .least = 0},
    {.name = "flush.messages",
     .type = int64,
     .fallback = "1",
     .synonym = "log.flush.interval.messages",
     .least = 1},
    {.name = "flush.ms",
     .type = int64,
     .fallback = "9223372036854775807",
     .synonym = "log.flush.interval.ms",
     .least = 0,
     .unset_at_brokers = true},
    {.name = "follower.replication.throttled.replicas", .type = list, .fallback = ""},
    {.name = "index.interval.bytes",
     .type = int32,
     .fallback = "4096",
     .synonym = "log.index.interval.bytes",
     .least = 0},
    {.name = "leader.replication.throttled.replicas", .type = list, .fallback = ""},
    {.name = "local.retention.bytes",
     .type = int64,
     .fallback = "-2",
     .synonym = "log.local.retention.bytes",
     .least = -2},
    {.name = "local.retention.ms",
     .type = int64,
     .fallback = "-2",
     .synonym = "log.local.retention.ms",
     .least = -2},
    {.name = "max.compaction.lag.ms",
     .type = int64,
     .fallback = "9223372036854775807",
     .synonym = "log.cleaner.max.compaction.lag.ms",
     .least = 1},
    {.name = "max.message.bytes",
     .type = int32,
     .fallback = "1048588",
     .synonym = "message.max.bytes",
     .least = 0},
    {.name = "message.timestamp.after.max.ms",
     .type = int64,
     .fallback = "3600000",
     .synonym = "log.message.timestamp.after.max.ms",
     .least = 0},
    {.name = "message.timestamp.before.max.ms",
     .type = int64,
     .fallback = "9223372036854775807",
     .synonym = "log.message.timestamp.before.max.ms",
     .least = 0},
    {.name = "message.timestamp.type",
     .type = string,
     .fallback = "CreateTime",
     .synonym = "log.message.timestamp.type",
     .choices = "CreateTime|LogAppendTime"},
    {.name = "min.cleanable.dirty.ratio",
     .type = real,
     .fallback = "0.5",
     .synonym = "log.cleaner.min.cleanable.ratio",
     .least = 0,
     .most = 1},
    {.name = "min.compaction.lag.ms",
     .type = int64,
     .fallback = "0",
     .synonym = "log.cleaner.min.compaction.lag.ms",
     .least = 0},
    {.name = "min.insync.replicas",
     .type = int32,
     .fallback = "1",
     .synonym = "min.insync.replicas",
     .least = 1},
    {.name = "preallocate", .type = boolean, .fallback = "false", .synonym = "log.preallocate"},
    {.name = "remote.log.copy.disable", .type = boolean, .fallback = "false"},
    {.name = "remote.log.delete.on.disable", .type = boolean, .fallback = "false"},
    {.name = "remote.storage.enable", .type = boolean, .fallback = "false"},
    {.name = "retention.bytes", .type = int64, .fallback = "-1", .synonym = "log.retention.bytes"},
    {.name = "retention.ms",
     .type = int64,
     .fallback = "604800000",
     .synonym = "log.retention.ms",
     .least = -1,
     .unset_at_brokers = true},
    {.name = "segment.bytes",
     .type = int32,
     .fallback = "1073741824",
     .synonym = "log.segment.bytes",
     .least = 1048576},
    {.name = "segment.index.bytes",
     .type = int32,
     .fallback = "10485760",
     .synonym = "log.index.size.max.bytes",
     .least = 4},
    {.name = "segment.jitter.ms",
     .type = int64,
     .fallback = "0",
     .synonym = "log.roll.jitter.ms",
     .least = 0,
     .unset_at_brokers = true},
    {.name = "segment.ms",
     .type = int64,
     .fallback = "604800000",
     .synonym = "log.roll.ms",
     .least = 1,
     .unset_at_brokers = true},
    {.name = "unclean.leader.election.enable",
     .type = boolean,
     .fallback = "false",
     .synonym = "unclean.leader.election.enable"},
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
