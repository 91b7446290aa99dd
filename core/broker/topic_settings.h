#pragma once

#include <optional>
#include <string>

#include "core/broker/log.h"
#include "core/metadata/config_view.h"
#include "core/protocol/compression.h"

namespace sluice::broker {

// A topic's configuration in the form the data path uses it: made once for each change.
struct TopicSettings {
    LogConfig log;
    std::size_t batch_bytes_max = 1'048'588;
    bool log_append_time = false;
    Duration timestamp_before_max = Duration::max();
    Duration timestamp_after_max = std::chrono::hours(1);
    // What every batch is compressed with; nothing: as its producer did.
    std::optional<protocol::CompressionType> compression;
    protocol::CompressionLevel compression_level;
    bool compacted = false;
    std::size_t in_sync_min = 1;  // min.insync.replicas
};

// What `topic` is configured to, over what `broker` and all brokers are.
TopicSettings topic_settings(const metadata::MetadataImage& image,
                             const metadata::BrokerValues& broker, const std::string& topic);

}  // namespace sluice::broker
