#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata/item_error.h"
#include "core/protocol/messages/create_topics.h"

namespace sluice::metadata {

// Kafka's types of configuration values, by their numbers in DescribeConfigs.
enum class ConfigType : std::int8_t {
    unknown = 0,
    boolean = 1,
    string = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    real = 6,
    list = 7,
    class_name = 8,
    password = 9,
};

// Beyond every number of 64 bits.
inline constexpr double unbounded = 9.3e18;

// One configuration of topics: what its values may be, and what holds where none was given (source:
// Kafka 4.3's TopicConfig and LogConfig; flush.messages and nothing else differs).
struct ConfigDefinition {
    std::string_view name;
    ConfigType type = ConfigType::string;
    std::string_view fallback = {};  // The default, as text.
    std::string_view synonym = {};   // For a topic's: the broker's configuration it falls back to.
    // Bounds of numbers; without them whatever fits the type.
    double least = -unbounded;
    double most = unbounded;
    std::string_view choices = {};  // Of texts and lists: `a|b|c`; empty allows anything.
    // The broker's configuration is unset by default: then the fallback is the topic's alone.
    bool unset_at_brokers = false;
};

// Every topic configuration of Kafka 4.3, in the order of their names.
std::span<const ConfigDefinition> topic_configs();
const ConfigDefinition* find_topic_config(std::string_view name);
// The same by the name brokers have it under, which they may be given at run time.
const ConfigDefinition* find_broker_config(std::string_view name);

// Why `value` cannot be the value of `definition`, or nothing when it can.
std::optional<std::string> complaint_about_value(const ConfigDefinition& definition,
                                                 std::string_view value);

// Why a topic cannot have these configurations: INVALID_CONFIG and a sentence.
std::optional<ItemError> complaint_about_topic_config(std::string_view name,
                                                      std::string_view value);
std::optional<ItemError> complaint_about_topic_configs(
    const std::vector<protocol::CreateTopicsRequest::Config>& configs);

}  // namespace sluice::metadata
