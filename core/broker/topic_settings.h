#pragma once

#include <string>

#include "core/broker/log.h"
#include "core/metadata/config_view.h"

namespace sluice::broker {

// A topic's configuration in the form the data path uses it: made once for each change.
struct TopicSettings {
    LogConfig log;
    std::size_t batch_bytes_max = 1'048'588;
    bool log_append_time = false;
    Duration timestamp_before_max = Duration::max();
    Duration timestamp_after_max = std::chrono::hours(1);
    std::string compression_type = "producer";
    bool compacted = false;
};

// What `topic` is configured to, over what `broker` and all brokers are.
TopicSettings topic_settings(const metadata::MetadataImage& image,
                             const metadata::BrokerValues& broker, const std::string& topic);

}  // namespace sluice::broker
