#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/replication/leader_epochs.h"

namespace sluice::storage {

// The small text files of a data directory and of a log, as Apache Kafka writes them. Pure: text
// in, text out; parsing answers nothing when the text is not what it should be.

// leader-epoch-checkpoint: "0\n<count>\n<epoch> <start offset>\n...".
std::string epochs_text(const replication::LeaderEpochs& epochs);
std::optional<replication::LeaderEpochs> parse_epochs(std::string_view text);

// recovery-point-offset-checkpoint, log-start-offset-checkpoint, replication-offset-checkpoint:
// "0\n<count>\n<topic> <partition> <offset>\n...", or nothing at all. Here by log name,
// "topic-partition".
inline constexpr std::string_view recovery_points_file = "recovery-point-offset-checkpoint";
inline constexpr std::string_view log_starts_file = "log-start-offset-checkpoint";
inline constexpr std::string_view high_watermarks_file = "replication-offset-checkpoint";
std::string offsets_text(const std::map<std::string, Offset>& offsets);
std::optional<std::map<std::string, Offset>> parse_offsets(std::string_view text);

// partition.metadata: "version: 0\ntopic_id: <id>".
std::string partition_metadata_text(const TopicId& topic);
std::optional<TopicId> parse_partition_metadata(std::string_view text);

// log-start-offset (ours): "0\n<offset>\n".
std::string start_text(Offset start);
std::optional<Offset> parse_start(std::string_view text);

// .kafka_cleanshutdown: there while nothing needs recovery. It must be gone before a log is opened.
inline constexpr std::string_view clean_shutdown_file = ".kafka_cleanshutdown";
std::string clean_shutdown_text(std::int64_t broker_epoch);

// sluice-broker-life (ours): "0\n<epoch>\n<1 when it opted out of durability>\n".
inline constexpr std::string_view life_file = "sluice-broker-life";
struct LifeOnDisk {
    std::int64_t broker_epoch = -1;
    bool opted_out = false;

    friend bool operator==(const LifeOnDisk&, const LifeOnDisk&) = default;
};
std::string life_text(const LifeOnDisk& life);
std::optional<LifeOnDisk> parse_life(std::string_view text);

// meta.properties: whose data directory it is.
inline constexpr std::string_view meta_properties_file = "meta.properties";
struct MetaProperties {
    std::string cluster_id;
    BrokerId node_id;
    Uuid directory_id;

    friend bool operator==(const MetaProperties&, const MetaProperties&) = default;
};
std::string meta_properties_text(const MetaProperties& meta);
std::optional<MetaProperties> parse_meta_properties(std::string_view text);

// "topic-0" -> ("topic", 0); topics may hold dashes themselves.
std::optional<std::pair<std::string, PartitionIndex>> parse_log_name(std::string_view name);

}  // namespace sluice::storage
