#include "cmd/sluice/kafka_names.h"

#include <algorithm>
#include <array>

#include "core/metadata/config_schema.h"

namespace sluice::cmd {
namespace {

using metadata::ConfigType;

constexpr std::string_view families_not_served[] = {
    "delegation.token.", "remote.", "sasl.", "security.", "ssl.",
};
constexpr std::string_view names_not_served[] = {
    "alter.config.policy.class.name",
    "authorizer.class.name",
    "client.quota.callback.class",
    "config.providers",
    "connection.failed.authentication.delay.ms",
    "connections.max.reauth.ms",
    "cordoned.log.dirs",
    "create.topic.policy.class.name",
    "early.start.listeners",
    "group.coordinator.rebalance.protocols",
    "max.connection.creation.rate",
    "max.connections.per.ip.overrides",
    "principal.builder.class",
    "replica.selector.class",
    "transaction.two.phase.commit.enable",
    "unstable.api.versions.enable",
    "unstable.feature.versions.enable",
};

// A configuration of Apache Kafka's that changes nothing here: of clusters, transactions,
// compaction, other kinds of groups, quotas and metrics. What its values may be (source:
// Kafka 4.3's AbstractKafkaConfig).
struct Unused {
    std::string_view name;
    ConfigType type = ConfigType::string;
    double least = -metadata::unbounded;
    double most = metadata::unbounded;
};
constexpr auto unused = [] {
    using enum ConfigType;
    return std::to_array<Unused>({
        {"add.partitions.to.txn.retry.backoff.max.ms", int32, 0},
        {"add.partitions.to.txn.retry.backoff.ms", int32, 1},
        {"alter.log.dirs.replication.quota.window.num", int32, 1},
        {"alter.log.dirs.replication.quota.window.size.seconds", int32, 1},
        {"background.threads", int32, 1},
        {"controlled.shutdown.enable", boolean},
        {"controller.performance.always.log.threshold.ms", int64, 0},
        {"controller.performance.sample.period.ms", int64, 100},
        {"controller.quorum.append.linger.ms", int32, 0},
        {"controller.quorum.auto.join.enable", boolean},
        {"controller.quota.window.num", int32, 1},
        {"controller.quota.window.size.seconds", int32, 1},
        {"controller.socket.timeout.ms", int32},
        {"delete.records.purgatory.purge.interval.requests", int32},
        {"fetch.purgatory.purge.interval.requests", int32},
        {"follower.fetch.last.tiered.offset.enable", boolean},
        {"follower.replication.throttled.rate", int64, 0},
        {"group.consumer.assignment.interval.ms", int32, 0},
        {"group.consumer.assignors", list},
        {"group.consumer.heartbeat.interval.ms", int32, 1},
        {"group.consumer.max.assignment.interval.ms", int32, 0},
        {"group.consumer.max.heartbeat.interval.ms", int32, 1},
        {"group.consumer.max.session.timeout.ms", int32, 1},
        {"group.consumer.max.size", int32, 1},
        {"group.consumer.migration.policy", string},
        {"group.consumer.min.assignment.interval.ms", int32, 0},
        {"group.consumer.min.heartbeat.interval.ms", int32, 1},
        {"group.consumer.min.session.timeout.ms", int32, 1},
        {"group.consumer.regex.refresh.interval.ms", int32, 10000},
        {"group.consumer.session.timeout.ms", int32, 1},
        {"group.coordinator.append.linger.ms", int32, -1},
        {"group.coordinator.background.threads", int32, 1},
        {"group.coordinator.cached.buffer.max.bytes", int32, 524288},
        {"group.coordinator.threads", int32, 1},
        {"group.share.assignment.interval.ms", int32, 0},
        {"group.share.assignors", list},
        {"group.share.delivery.count.limit", int32, 2, 10},
        {"group.share.heartbeat.interval.ms", int32, 1},
        {"group.share.initialize.retry.interval.ms", int32, 1},
        {"group.share.max.assignment.interval.ms", int32, 0},
        {"group.share.max.delivery.count.limit", int32, 5, 25},
        {"group.share.max.heartbeat.interval.ms", int32, 1},
        {"group.share.max.partition.max.record.locks", int32, 2000, 10000},
        {"group.share.max.record.lock.duration.ms", int32, 30000, 3600000},
        {"group.share.max.session.timeout.ms", int32, 1},
        {"group.share.max.share.sessions", int32, 1},
        {"group.share.max.size", int32, 1, 1000},
        {"group.share.min.assignment.interval.ms", int32, 0},
        {"group.share.min.delivery.count.limit", int32, 2, 5},
        {"group.share.min.heartbeat.interval.ms", int32, 1},
        {"group.share.min.partition.max.record.locks", int32, 100, 2000},
        {"group.share.min.record.lock.duration.ms", int32, 1000, 30000},
        {"group.share.min.session.timeout.ms", int32, 1},
        {"group.share.partition.max.record.locks", int32, 100, 10000},
        {"group.share.persister.class.name", string},
        {"group.share.record.lock.duration.ms", int32, 1000, 3600000},
        {"group.share.session.timeout.ms", int32, 1},
        {"group.streams.assignment.interval.ms", int32, 0},
        {"group.streams.heartbeat.interval.ms", int32, 1},
        {"group.streams.initial.rebalance.delay.ms", int32, 0},
        {"group.streams.max.assignment.interval.ms", int32, 0},
        {"group.streams.max.heartbeat.interval.ms", int32, 1},
        {"group.streams.max.session.timeout.ms", int32, 1},
        {"group.streams.max.size", int32, 1},
        {"group.streams.max.standby.replicas", int32, 0},
        {"group.streams.min.assignment.interval.ms", int32, 0},
        {"group.streams.min.heartbeat.interval.ms", int32, 1},
        {"group.streams.min.session.timeout.ms", int32, 1},
        {"group.streams.num.standby.replicas", int32, 0},
        {"group.streams.session.timeout.ms", int32, 1},
        {"initial.broker.registration.timeout.ms", int32},
        {"inter.broker.listener.name", string},
        {"internal.metadata.delete.delay.millis", int64},
        {"internal.metadata.log.segment.bytes", int32},
        {"internal.metadata.max.batch.size.in.bytes", int32},
        {"kafka.metrics.polling.interval.secs", int32, 1},
        {"kafka.metrics.reporters", list},
        {"leader.replication.throttled.rate", int64, 0},
        {"log.cleaner.backoff.ms", int64, 0},
        {"log.cleaner.dedupe.buffer.size", int64},
        {"log.cleaner.delete.retention.ms", int64, 0},
        {"log.cleaner.enable", boolean},
        {"log.cleaner.io.buffer.load.factor", real},
        {"log.cleaner.io.buffer.size", int32, 0},
        {"log.cleaner.io.max.bytes.per.second", real},
        {"log.cleaner.max.compaction.lag.ms", int64, 1},
        {"log.cleaner.min.cleanable.ratio", real, 0, 1},
        {"log.cleaner.min.compaction.lag.ms", int64, 0},
        {"log.cleaner.threads", int32, 0},
        {"log.dir.failure.timeout.ms", int64, 1},
        {"log.flush.scheduler.interval.ms", int64},
        {"log.flush.start.offset.checkpoint.interval.ms", int32, 0},
        {"log.initial.task.delay.ms", int64, 0},
        {"max.request.partition.size.limit", int32, 1},
        {"metadata.log.dir", string},
        {"metadata.log.max.snapshot.interval.ms", int64, 0},
        {"metadata.log.segment.ms", int64},
        {"metadata.max.idle.interval.ms", int32, 0},
        {"metadata.max.retention.bytes", int64},
        {"metadata.max.retention.ms", int64},
        {"metric.reporters", list},
        {"metrics.num.samples", int32, 1},
        {"metrics.recording.level", string},
        {"metrics.sample.window.ms", int64, 1},
        {"num.io.threads", int32, 1},
        {"num.network.threads", int32, 1},
        {"num.replica.alter.log.dirs.threads", int32},
        {"num.replica.fetchers", int32, 1},
        {"offsets.commit.timeout.ms", int32, 1},
        {"offsets.load.buffer.size", int32, 1},
        {"offsets.topic.compression.codec", int32},
        {"offsets.topic.replication.factor", int16, 1},
        {"producer.id.expiration.check.interval.ms", int32, 1},
        {"producer.purgatory.purge.interval.requests", int32},
        {"queued.max.requests", int32, 1},
        {"quota.window.num", int32, 1},
        {"quota.window.size.seconds", int32, 1},
        {"replica.alter.log.dirs.io.max.bytes.per.second", int64, 0},
        {"replica.fetch.backoff.ms", int32, 0},
        {"replica.fetch.max.bytes", int32, 0},
        {"replica.fetch.min.bytes", int32},
        {"replica.fetch.response.max.bytes", int32, 0},
        {"replica.fetch.wait.max.ms", int32},
        {"replica.high.watermark.checkpoint.interval.ms", int64},
        {"replica.lag.time.max.ms", int64},
        {"replica.socket.receive.buffer.bytes", int32},
        {"replica.socket.timeout.ms", int32},
        {"replication.quota.window.num", int32, 1},
        {"replication.quota.window.size.seconds", int32, 1},
        {"request.timeout.ms", int32},
        {"server.max.startup.time.ms", int64, 0},
        {"share.coordinator.append.linger.ms", int32, -1},
        {"share.coordinator.cached.buffer.max.bytes", int32, 524288},
        {"share.coordinator.cold.partition.snapshot.interval.ms", int32, 1},
        {"share.coordinator.load.buffer.size", int32, 1},
        {"share.coordinator.snapshot.update.records.per.snapshot", int32, 0, 500},
        {"share.coordinator.state.topic.compression.codec", int32},
        {"share.coordinator.state.topic.min.isr", int16, 1},
        {"share.coordinator.state.topic.num.partitions", int32, 1},
        {"share.coordinator.state.topic.prune.interval.ms", int32, 1},
        {"share.coordinator.state.topic.replication.factor", int16, 1},
        {"share.coordinator.state.topic.segment.bytes", int32, 1},
        {"share.coordinator.threads", int32, 1},
        {"share.coordinator.write.timeout.ms", int32, 1},
        {"share.fetch.purgatory.purge.interval.requests", int32},
        {"socket.connection.setup.timeout.max.ms", int64},
        {"socket.connection.setup.timeout.ms", int64},
        {"socket.listen.backlog.size", int32, 1},
        {"socket.receive.buffer.bytes", int32},
        {"socket.send.buffer.bytes", int32},
        {"telemetry.max.bytes", int32, 1},
        {"transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, 1},
        {"transaction.max.timeout.ms", int32, 1},
        {"transaction.partition.verification.enable", boolean},
        {"transaction.remove.expired.transaction.cleanup.interval.ms", int32, 1},
        {"transaction.state.log.load.buffer.size", int32, 1},
        {"transaction.state.log.min.isr", int32, 1},
        {"transaction.state.log.num.partitions", int32, 1},
        {"transaction.state.log.replication.factor", int16, 1},
        {"transaction.state.log.segment.bytes", int32, 1},
        {"transactional.id.expiration.ms", int32, 1},
    });
}();

const Unused* find_unused(std::string_view name) {
    const auto found = std::ranges::find(unused, name, &Unused::name);
    return found == std::end(unused) ? nullptr : found;
}

}  // namespace

std::optional<KafkaName> kafka_name(std::string_view name) {
    const auto begins_name = [&](std::string_view family) { return name.starts_with(family); };
    if (std::ranges::find(names_not_served, name) != std::end(names_not_served) ||
        std::ranges::any_of(families_not_served, begins_name))
        return KafkaName::not_served;
    if (find_unused(name) != nullptr) return KafkaName::without_effect;
    return std::nullopt;
}

std::optional<std::string> complaint_about_unused(std::string_view name, std::string_view value) {
    const Unused* const found = find_unused(name);
    if (found == nullptr) return std::nullopt;
    return metadata::complaint_about_value(
        {.name = found->name, .type = found->type, .least = found->least, .most = found->most},
        value);
}

}  // namespace sluice::cmd
