#include "core/broker/topic_settings.h"

#include <charconv>
#include <limits>

#include "core/metadata/config_schema.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {
namespace {

using metadata::ConfigDefinition;
using metadata::ConfigResource;
using metadata::ConfigValues;
using metadata::ResourceType;

// Looks a topic's setting up where Kafka does: the topic, then the brokers' default under the name
// it has there, then the built-in default.
class Lookup {
public:
    Lookup(const metadata::MetadataImage& image, const std::string& topic)
        : topic_(image.config({ResourceType::topic, topic})),
          brokers_(image.config({ResourceType::broker, ""})) {}

    std::string_view text(std::string_view name) const {
        const ConfigDefinition* definition = metadata::find_topic_config(name);
        ASSERT(definition != nullptr);
        if (const auto own = topic_.find(name); own != topic_.end()) return own->second;
        if (const auto shared = brokers_.find(definition->synonym); shared != brokers_.end())
            return shared->second;
        return definition->fallback;
    }
    std::int64_t number(std::string_view name) const {
        const std::string_view digits = text(name);
        std::int64_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return value;
    }
    // Milliseconds, with everything too large for microseconds meaning for ever.
    Duration time(std::string_view name) const {
        const std::int64_t value = number(name);
        if (value > std::numeric_limits<std::int64_t>::max() / 1000) return Duration::max();
        return milliseconds(value);
    }

private:
    const ConfigValues& topic_;
    const ConfigValues& brokers_;
};

}  // namespace

TopicSettings topic_settings(const metadata::MetadataImage& image, const std::string& topic) {
    const Lookup lookup(image, topic);
    TopicSettings settings;
    settings.log.segment_bytes = static_cast<std::uint64_t>(lookup.number("segment.bytes"));
    settings.log.segment_age_max = lookup.time("segment.ms");
    settings.log.segment_index_bytes =
        static_cast<std::uint32_t>(lookup.number("segment.index.bytes"));
    settings.log.index_interval_bytes =
        static_cast<std::uint32_t>(lookup.number("index.interval.bytes"));
    settings.log.retention_bytes = lookup.number("retention.bytes");
    settings.log.retention_age = lookup.time("retention.ms");
    settings.log.file_delete_delay = lookup.time("file.delete.delay.ms");
    settings.log.flush_messages = lookup.number("flush.messages");
    settings.log.flush_interval = lookup.time("flush.ms");
    settings.batch_bytes_max = static_cast<std::size_t>(lookup.number("max.message.bytes"));
    settings.log_append_time = lookup.text("message.timestamp.type") == "LogAppendTime";
    settings.timestamp_before_max = lookup.time("message.timestamp.before.max.ms");
    settings.timestamp_after_max = lookup.time("message.timestamp.after.max.ms");
    settings.compression_type = lookup.text("compression.type");
    settings.compacted = lookup.text("cleanup.policy").find("compact") != std::string_view::npos;
    if (metadata::is_internal_topic(topic)) {
        // Coordinators keep these short themselves: retention must never cut them.
        settings.log.retention_age = milliseconds(-1);
        settings.log.retention_bytes = -1;
    }
    return settings;
}

}  // namespace sluice::broker
