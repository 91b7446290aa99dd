#include "core/broker/topic_settings.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/metadata/config_schema.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {
namespace {

// A topic's settings by name, as values of the types the data path uses.
class Lookup {
public:
    Lookup(const metadata::MetadataImage& image, const metadata::BrokerValues& broker,
           const std::string& topic)
        : image_(image), broker_(broker), topic_(topic) {}

    std::string text(std::string_view name) const {
        const metadata::ConfigDefinition* definition = metadata::find_topic_config(name);
        ASSERT(definition != nullptr);
        return metadata::config_in_force(image_, broker_, topic_, *definition).value;
    }
    std::int64_t number(std::string_view name) const {
        const std::string digits = text(name);
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
    const metadata::MetadataImage& image_;
    const metadata::BrokerValues& broker_;
    const std::string& topic_;
};

void take_compression(TopicSettings& settings, const Lookup& lookup) {
    using protocol::CompressionType;
    const std::string name = lookup.text("compression.type");
    if (name == "producer") return;
    settings.compression = CompressionType::none;  // "uncompressed"
    for (const CompressionType type : {CompressionType::gzip, CompressionType::snappy,
                                       CompressionType::lz4, CompressionType::zstd})
        if (protocol::name_of(type) == name) settings.compression = type;
    constexpr std::int64_t codecs_own = -1;  // gzip's default.
    if (settings.compression == CompressionType::none ||
        settings.compression == CompressionType::snappy)
        return;
    const std::int64_t level = lookup.number("compression." + name + ".level");
    if (level != codecs_own) settings.compression_level = static_cast<int>(level);
}

// Of the broker alone: topics do not have it.
Duration producer_id_expiration(const metadata::BrokerValues& broker) {
    const auto given = broker.given.find("producer.id.expiration.ms");
    std::int64_t value = 86'400'000;
    if (given != broker.given.end())
        std::from_chars(given->second.data(), given->second.data() + given->second.size(), value);
    return milliseconds(std::min(value, std::numeric_limits<std::int64_t>::max() / 1000));
}

}  // namespace

TopicSettings topic_settings(const metadata::MetadataImage& image,
                             const metadata::BrokerValues& broker, const std::string& topic) {
    const Lookup lookup(image, broker, topic);
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
    settings.log.producer_id_expiration = producer_id_expiration(broker);
    settings.batch_bytes_max = static_cast<std::size_t>(lookup.number("max.message.bytes"));
    settings.log_append_time = lookup.text("message.timestamp.type") == "LogAppendTime";
    settings.timestamp_before_max = lookup.time("message.timestamp.before.max.ms");
    settings.timestamp_after_max = lookup.time("message.timestamp.after.max.ms");
    take_compression(settings, lookup);
    settings.compacted = lookup.text("cleanup.policy").find("compact") != std::string::npos;
    settings.in_sync_min = static_cast<std::size_t>(lookup.number("min.insync.replicas"));
    if (metadata::is_internal_topic(topic)) {
        // Coordinators keep these short themselves: retention must never cut them.
        settings.log.retention_age = milliseconds(-1);
        settings.log.retention_bytes = -1;
    }
    return settings;
}

}  // namespace sluice::broker
