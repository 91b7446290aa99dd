#include "cmd/sluice/kafka_names.h"

#include <algorithm>
#include <span>

namespace sluice::cmd {
namespace {

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

// Of clusters, transactions, compaction, other kinds of groups, quotas and metrics.
constexpr std::string_view families_without_effect[] = {
    "add.partitions.to.txn.",
    "alter.log.dirs.",
    "broker.",
    "controller.",
    "group.consumer.",
    "group.coordinator.",
    "group.share.",
    "group.streams.",
    "kafka.metrics.",
    "log.cleaner.",
    "metadata.",
    "metric.",
    "metrics.",
    "quota.",
    "replica.",
    "replication.",
    "share.",
    "socket.connection.setup.",
    "transaction.",
    "transactional.",
};
constexpr std::string_view names_without_effect[] = {
    "background.threads",
    "controlled.shutdown.enable",
    "delete.records.purgatory.purge.interval.requests",
    "fetch.purgatory.purge.interval.requests",
    "follower.fetch.last.tiered.offset.enable",
    "initial.broker.registration.timeout.ms",
    "inter.broker.listener.name",
    "internal.metadata.delete.delay.millis",
    "internal.metadata.log.segment.bytes",
    "internal.metadata.max.batch.size.in.bytes",
    "log.dir.failure.timeout.ms",
    "log.flush.scheduler.interval.ms",
    "log.flush.start.offset.checkpoint.interval.ms",
    "log.initial.task.delay.ms",
    "max.incremental.fetch.session.cache.slots",
    "max.request.partition.size.limit",
    "num.io.threads",
    "num.network.threads",
    "num.replica.alter.log.dirs.threads",
    "num.replica.fetchers",
    "offsets.commit.timeout.ms",
    "offsets.load.buffer.size",
    "offsets.topic.compression.codec",
    "offsets.topic.replication.factor",
    "producer.id.expiration.check.interval.ms",
    "producer.purgatory.purge.interval.requests",
    "queued.max.requests",
    "request.timeout.ms",
    "server.max.startup.time.ms",
    "socket.listen.backlog.size",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "telemetry.max.bytes",
};

bool is_in(std::string_view name, std::span<const std::string_view> families,
           std::span<const std::string_view> names) {
    return std::ranges::find(names, name) != names.end() ||
           std::ranges::any_of(families,
                               [&](std::string_view family) { return name.starts_with(family); });
}

}  // namespace

std::optional<KafkaName> kafka_name(std::string_view name) {
    if (is_in(name, families_not_served, names_not_served)) return KafkaName::not_served;
    if (is_in(name, families_without_effect, names_without_effect))
        return KafkaName::without_effect;
    return std::nullopt;
}

}  // namespace sluice::cmd
