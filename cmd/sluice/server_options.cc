#include "cmd/sluice/server_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "cmd/sluice/kafka_names.h"

namespace sluice::cmd {
namespace {

using metadata::ConfigSource;
using metadata::ConfigType;

using Setter = std::function<Complaint(ServerConfig&, std::string_view)>;

// One option of the broker's own: how it is taken from text, and what it comes to.
struct Option {
    Setter set;
    std::function<std::optional<std::string>(ServerConfig&)> show;
    ConfigType type = ConfigType::string;
};

// Limits that are none are shown as Kafka shows them, as its largest number.
std::string shown_number(auto value) {
    return std::to_string(std::min<std::uint64_t>(static_cast<std::uint64_t>(value), INT64_MAX));
}

// An option that is a whole number of at least `least`, kept where `place` says.
template <class Place>
Option whole(std::int64_t least, Place place) {
    const Setter set = [least, place](ServerConfig& config, std::string_view text) -> Complaint {
        const auto value = number(text);
        if (!value) return fmt::format("'{}' is not a whole number", text);
        if (*value < least) return fmt::format("{} is less than {}", *value, least);
        auto& target = place(config);
        target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
        return std::nullopt;
    };
    return {set, [place](ServerConfig& config) { return shown_number(place(config)); },
            ConfigType::int64};
}

template <class Place>
Option time_ms_from(std::int64_t least, Place place) {
    const Setter set = [least, place](ServerConfig& config, std::string_view text) -> Complaint {
        const auto value = number(text);
        if (!value || *value < least)
            return fmt::format("'{}' is not a number of milliseconds from {}", text, least);
        place(config) = milliseconds(*value);
        return std::nullopt;
    };
    return {
        set,
        [place](ServerConfig& config) { return std::to_string(place(config) / milliseconds(1)); },
        ConfigType::int64};
}

template <class Place>
Option time_ms(Place place) {
    return time_ms_from(1, place);
}

template <class Place>
Option time_minutes(Place place) {
    const Setter set = [place](ServerConfig& config, std::string_view text) -> Complaint {
        const auto value = number(text);
        if (!value || *value < 1 || *value > INT32_MAX)
            return fmt::format("'{}' is not a number of minutes above 0", text);
        place(config) = seconds(*value * 60);
        return std::nullopt;
    };
    return {set,
            [place](ServerConfig& config) { return std::to_string(place(config) / seconds(60)); },
            ConfigType::int32};
}

template <class Place>
Option time_seconds(Place place) {
    const Setter set = [place](ServerConfig& config, std::string_view text) -> Complaint {
        const auto value = number(text);
        if (!value || *value < 1 || *value > INT32_MAX)
            return fmt::format("'{}' is not a number of seconds above 0", text);
        place(config) = seconds(*value);
        return std::nullopt;
    };
    return {set,
            [place](ServerConfig& config) { return std::to_string(place(config) / seconds(1)); },
            ConfigType::int64};
}

template <class Place>
Option boolean(Place place) {
    const Setter set = [place](ServerConfig& config, std::string_view text) -> Complaint {
        if (text != "true" && text != "false")
            return fmt::format("'{}' is neither true nor false", text);
        place(config) = text == "true";
        return std::nullopt;
    };
    return {set,
            [place](ServerConfig& config) { return std::string(place(config) ? "true" : "false"); },
            ConfigType::boolean};
}

// Kept as it was written until everything it depends on is known.
template <class Place, class Show>
Option words(Place place, Show show) {
    const Setter set = [place](ServerConfig& config, std::string_view text) -> Complaint {
        place(config) = text;
        return std::nullopt;
    };
    return {set, show, ConfigType::list};
}

const std::string default_security_protocols =
    "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT";

std::string shown_listener(const ServerConfig& config, const env::Address& address) {
    return fmt::format("{}://{}", config.listener_name,
                       address.host.empty() ? config.broker.listen.text() : address.text());
}

// A setting of all logs that topics do not have.
constexpr std::string_view producer_expiration = "producer.id.expiration.ms";
const Option producer_id_expiration = {
    [](ServerConfig& config, std::string_view text) -> Complaint {
        const auto value = number(text);
        if (!value || *value < 1)
            return fmt::format("'{}' is not a number of milliseconds above 0", text);
        config.broker.given[std::string(producer_expiration)] = text;
        return std::nullopt;
    },
    [](ServerConfig& config) {
        const auto given = config.broker.given.find(std::string(producer_expiration));
        return given == config.broker.given.end() ? "86400000" : given->second;
    },
    ConfigType::int32};

Complaint set_node_id(ServerConfig& config, std::string_view text) {
    const auto id = number(text);
    if (!id || *id < 0 || *id > INT32_MAX) return fmt::format("'{}' is not a node's number", text);
    config.broker.node_id = BrokerId(static_cast<std::int32_t>(*id));
    return std::nullopt;
}

Complaint set_data(ServerConfig& config, std::string_view text) {
    if (text.find(',') != std::string_view::npos) return "one data directory is served";
    config.data = text;
    return std::nullopt;
}

const Option rack = {[](ServerConfig& config, std::string_view text) -> Complaint {
                         config.broker.cluster.rack = text;
                         return std::nullopt;
                     },
                     [](ServerConfig& config) { return config.broker.cluster.rack; }};
const Option node_id = {
    set_node_id, [](ServerConfig& config) { return std::to_string(config.broker.node_id.value); },
    ConfigType::int32};
const Option data = {set_data, [](ServerConfig& config) { return config.data; }, ConfigType::list};

using Options = std::map<std::string, Option>;

// clang-format off
const Options of_broker = {
    {"node.id", node_id},
    {"listeners", words([](ServerConfig& c) -> auto& { return c.listeners.listeners; }, [](ServerConfig& c) { return shown_listener(c, c.broker.listen); })},
    {"advertised.listeners", words([](ServerConfig& c) -> auto& { return c.listeners.advertised; }, [](ServerConfig& c) { return shown_listener(c, c.broker.advertise); })},
    {"listener.security.protocol.map", words([](ServerConfig& c) -> auto& { return c.listeners.security_protocols; }, [](ServerConfig& c) { return c.listeners.security_protocols.empty() ? default_security_protocols : c.listeners.security_protocols; })},
    {"controller.listener.names", words([](ServerConfig& c) -> auto& { return c.listeners.controllers; }, [](ServerConfig& c) { return c.listeners.controllers; })},
    {"process.roles", words([](ServerConfig& c) -> auto& { return c.quorum.roles; }, [](ServerConfig& c) { return c.quorum.roles; })},
    {"controller.quorum.voters", words([](ServerConfig& c) -> auto& { return c.quorum.voters; }, [](ServerConfig& c) { return c.quorum.voters; })},
    {"controller.quorum.bootstrap.servers", words([](ServerConfig& c) -> auto& { return c.quorum.bootstrap; }, [](ServerConfig& c) { return c.quorum.bootstrap; })},
    {"controller.quorum.election.timeout.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.quorum.election_timeout; })},
    {"controller.quorum.election.backoff.max.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.quorum.election_backoff_max; })},
    {"controller.quorum.fetch.timeout.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.quorum.fetch_timeout; })},
    {"controller.quorum.request.timeout.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.quorum.request_timeout; })},
    {"controller.quorum.retry.backoff.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.quorum.retry_backoff; })},
    {"controller.quorum.fetch.max.bytes", whole(1024, [](ServerConfig& c) -> auto& { return c.broker.quorum.fetch_bytes_max; })},
    {"controller.quorum.fetch.snapshot.max.bytes", whole(1024, [](ServerConfig& c) -> auto& { return c.broker.quorum.snapshot_part_bytes; })},
    {"num.partitions", whole(1, [](ServerConfig& c) -> auto& { return c.broker.controller.partitions_default; })},
    {"default.replication.factor", whole(1, [](ServerConfig& c) -> auto& { return c.broker.controller.replication_factor_default; })},
    {"partitions.max", whole(1, [](ServerConfig& c) -> auto& { return c.broker.controller.partitions_max; })},
    {"auto.create.topics.enable", boolean([](ServerConfig& c) -> auto& { return c.broker.auto_create_topics; })},
    {"delete.topic.enable", boolean([](ServerConfig& c) -> auto& { return c.broker.controller.deletion_enabled; })},
    {"fetch.max.bytes", whole(1024, [](ServerConfig& c) -> auto& { return c.broker.fetch_bytes_max; })},
    {"max.incremental.fetch.session.cache.slots", whole(0, [](ServerConfig& c) -> auto& { return c.broker.fetch_sessions_max; })},
    {"fetch.session.partitions.max", whole(0, [](ServerConfig& c) -> auto& { return c.broker.fetch_session_partitions_max; })},
    {"fetch.wait.max.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.fetch_wait_max; })},
    {"request.decoded.max.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.broker.decode_memory_max; })},
    {"record.decompressed.max.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.broker.decompressed_bytes_max; })},
};

const Options of_cluster = {
    {"broker.rack", rack},
    {"broker.session.timeout.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.cluster.session_timeout; })},
    {"broker.heartbeat.interval.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.cluster.heartbeat_interval; })},
    {"auto.leader.rebalance.enable", boolean([](ServerConfig& c) -> auto& { return c.broker.cluster.leader_rebalance; })},
    {"leader.imbalance.check.interval.seconds", time_seconds([](ServerConfig& c) -> auto& { return c.broker.cluster.imbalance_check_interval; })},
    {"unclean.leader.election.interval.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.cluster.unclean_election_interval; })},
    {"controller.wait.max.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.cluster.controller_wait_max; })},
    {"controlled.shutdown.max.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.cluster.shutdown_time_max; })},
};

const Options of_logs = {
    {"log.dirs", data},
    {"producer.id.expiration.ms", producer_id_expiration},
    {"log.retention.check.interval.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.retention_check_interval; })},
    {"log.flush.offset.checkpoint.interval.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.checkpoint_interval; })},
    {"metadata.log.segment.bytes", whole(1 << 10, [](ServerConfig& c) -> auto& { return c.broker.metadata_segment_bytes; })},
    {"metadata.log.max.record.bytes.between.snapshots", whole(1, [](ServerConfig& c) -> auto& { return c.broker.metadata_snapshot_bytes; })},
    {"log.checkpoint.bytes", whole(1 << 20, [](ServerConfig& c) -> auto& { return c.broker.checkpoint_bytes; })},
    {"num.recovery.threads.per.data.dir", whole(1, [](ServerConfig& c) -> auto& { return c.broker.log_opens_at_once; })},
    {"memory.budget.bytes", whole(1 << 20, [](ServerConfig& c) -> auto& { return c.memory_budget_bytes; })},
    {"log.cache.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.logs.cache_bytes_max; })},
    {"journal.files.max", whole(2, [](ServerConfig& c) -> auto& { return c.logs.journal_files_max; })},
    {"journal.file.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.logs.journal_file_bytes; })},
    {"log.pending.max.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.logs.pending_bytes_max; })},
    {"log.free.min.bytes", whole(0, [](ServerConfig& c) -> auto& { return c.logs.free_bytes_min; })},
};

const Options of_connections = {
    {"socket.request.max.bytes", whole(1, [](ServerConfig& c) -> auto& { return c.network.connection.request_bytes_max; })},
    {"queued.max.request.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.network.request_memory_bytes; })},
    {"max.connections", whole(1, [](ServerConfig& c) -> auto& { return c.network.connections_max; })},
    {"max.connections.per.ip", whole(1, [](ServerConfig& c) -> auto& { return c.network.connections_per_address_max; })},
    {"connections.max.idle.ms", time_ms([](ServerConfig& c) -> auto& { return c.network.connection.idle_max; })},
    {"request.receive.max.ms", time_ms([](ServerConfig& c) -> auto& { return c.network.connection.request_time_max; })},
    {"response.send.max.ms", time_ms([](ServerConfig& c) -> auto& { return c.network.connection.write_time_max; })},
    {"connection.unread.max.bytes", whole(1, [](ServerConfig& c) -> auto& { return c.network.connection.unread_bytes_max; })},
    {"queued.max.response.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.broker.reply_memory_max; })},
    {"requests.in.flight.max", whole(1, [](ServerConfig& c) -> auto& { return c.network.connection.requests_in_flight_max; })},
    {"fibers.max", whole(64, [](ServerConfig& c) -> auto& { return c.shards.reactor.scheduler.fibers_max; })},
};

const Options of_groups = {
    {"group.min.session.timeout.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.groups.session_timeout_min; })},
    {"group.max.session.timeout.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.groups.session_timeout_max; })},
    {"group.initial.rebalance.delay.ms", time_ms_from(0, [](ServerConfig& c) -> auto& { return c.broker.groups.initial_rebalance_delay; })},
    {"group.max.size", whole(1, [](ServerConfig& c) -> auto& { return c.broker.groups.group_size_max; })},
    {"group.members.max.bytes", whole(1 << 16, [](ServerConfig& c) -> auto& { return c.broker.groups.members_bytes_max; })},
    {"group.pending.members.max", whole(1, [](ServerConfig& c) -> auto& { return c.broker.groups.pending_members_max; })},
    {"groups.max", whole(1, [](ServerConfig& c) -> auto& { return c.broker.groups.groups_max; })},
    {"committed.offsets.max", whole(1, [](ServerConfig& c) -> auto& { return c.broker.groups.committed_offsets_max; })},
    {"offset.metadata.max.bytes", whole(0, [](ServerConfig& c) -> auto& { return c.broker.groups.offset_metadata_bytes_max; })},
    {"offsets.retention.minutes", time_minutes([](ServerConfig& c) -> auto& { return c.broker.groups.offsets_retention; })},
    {"offsets.retention.check.interval.ms", time_ms([](ServerConfig& c) -> auto& { return c.broker.groups.offsets_retention_check_interval; })},
    {"offsets.topic.num.partitions", whole(1, [](ServerConfig& c) -> auto& { return c.broker.groups.offsets_partitions; })},
    {"offsets.topic.segment.bytes", whole(1 << 20, [](ServerConfig& c) -> auto& { return c.broker.groups.offsets_segment_bytes; })},
    {"offsets.topic.rewrite.bytes", whole(1 << 10, [](ServerConfig& c) -> auto& { return c.broker.groups.offsets_rewrite_bytes; })},
};
// clang-format on

const Option* find_option(std::string_view name) {
    for (const Options* group : {&of_broker, &of_cluster, &of_logs, &of_connections, &of_groups})
        if (const auto found = group->find(std::string(name)); found != group->end())
            return &found->second;
    return nullptr;
}

// Other names of Kafka's for the same.
constexpr std::pair<std::string_view, std::string_view> other_names[] = {
    {"broker.id", "node.id"},
    {"log.dir", "log.dirs"},
};

// The brokers' names with other units: log.retention.hours for log.retention.ms.
struct OtherUnit {
    std::string_view name;
    std::string_view canonical;
    std::int64_t milliseconds;
};
constexpr OtherUnit other_units[] = {
    {"log.retention.hours", "log.retention.ms", 3'600'000},
    {"log.retention.minutes", "log.retention.ms", 60'000},
    {"log.roll.hours", "log.roll.ms", 3'600'000},
    {"log.roll.jitter.hours", "log.roll.jitter.ms", 3'600'000},
};

// Defaults of topics, under the names brokers have them. False when `name` is none.
Result<bool, std::string> set_topic_default(ServerConfig& config, std::string_view name,
                                            std::string value) {
    for (const OtherUnit& unit : other_units) {
        if (unit.name != name) continue;
        const auto count = number(value);
        if (!count) return fmt::format("{}: '{}' is not a whole number", name, value);
        // The name in milliseconds wins over the others, whatever their order.
        if (config.broker.given.contains(unit.canonical)) return true;
        name = unit.canonical;
        value = std::to_string(*count < 0 ? -1 : *count * unit.milliseconds);
        break;
    }
    const metadata::ConfigDefinition* definition = metadata::find_broker_config(name);
    if (definition == nullptr) return false;
    if (const auto error = metadata::complaint_about_topic_config(definition->name, value))
        return error->message;
    config.broker.given[std::string(name)] = value;
    return true;
}

std::string unknown_name(std::string_view name) {
    const std::vector<std::string> known = option_names();
    const auto meant = nearest(name, known);
    return fmt::format("unknown configuration '{}'{}", name,
                       meant ? fmt::format(": did you mean '{}'?", *meant) : std::string());
}

// What asks for nothing that is not there anyway.
bool asks_for_nothing(std::string_view value) {
    return value.empty() || value == "false" || value == "PLAINTEXT";
}

}  // namespace

std::vector<std::string> option_names() {
    std::vector<std::string> names;
    for (const Options* group : {&of_broker, &of_cluster, &of_logs, &of_connections, &of_groups})
        for (const auto& [each, option] : *group) names.push_back(each);
    for (const auto& definition : metadata::topic_configs())
        if (!definition.synonym.empty()) names.emplace_back(definition.synonym);
    for (const OtherUnit& unit : other_units) names.emplace_back(unit.name);
    for (const auto& [name, ours] : other_names) names.emplace_back(name);
    return names;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Complaint set_option(ServerConfig& config, std::string_view name, std::string_view value) {
    for (const auto& [other, ours] : other_names)
        if (name == other) name = ours;
    if (const Option* option = find_option(name)) {
        auto complaint = option->set(config, value);
        if (complaint) complaint = fmt::format("{}: {}", name, *complaint);
        config.given.insert(std::string(name));
        return complaint;
    }
    const auto is_default = set_topic_default(config, name, std::string(value));
    if (is_default.failed()) return is_default.error();
    if (*is_default) return std::nullopt;
    const auto kafka = kafka_name(name);
    if (!kafka) return unknown_name(name);
    if (*kafka == KafkaName::not_served && !asks_for_nothing(value))
        return fmt::format(
            "'{}' is Apache Kafka's, and not served yet: what it asks for would not be done. "
            "Remove it, or keep to Apache Kafka where you need it",
            name);
    if (auto complaint = complaint_about_unused(name, value)) return complaint;
    config.without_effect.emplace_back(name);
    return std::nullopt;
}

void show_options(ServerConfig& config) {
    for (const Options* group : {&of_broker, &of_cluster, &of_logs, &of_connections, &of_groups})
        for (const auto& [name, option] : *group)
            config.broker.shown[name] = {
                option.show(config), option.type,
                config.given.contains(name) ? ConfigSource::server_file : ConfigSource::fallback};
}

}  // namespace sluice::cmd
