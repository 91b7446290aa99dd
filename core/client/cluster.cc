#include "core/client/cluster.h"

#include <utility>

namespace sluice::client {

using protocol::ErrorCode;

Cluster::Cluster(const ClientEnv& env, ClientOptions options, std::vector<env::Address> bootstrap)
    : env_(env),
      options_(std::move(options)),
      bootstrap_(std::move(bootstrap)),
      connecting_(env.scheduler) {}

void Cluster::close() {
    for (auto& [address, connection] : std::exchange(connections_, {}))
        broken_.push_back(std::move(connection));
    for (const auto& connection : broken_) connection->close();
    for (const auto& connection : std::exchange(broken_, {})) connection->end();
}

void Cluster::give_back(Line line) {
    ASSERT(line != Line::shared);
    for (auto& [key, connection] : connections_) {
        if (key.first != line || !connection) continue;
        connection->close();
        broken_.push_back(std::move(connection));
    }
    std::erase_if(connections_, [&](const auto& each) { return each.first.first == line; });
}

Result<BrokerConnection*> Cluster::connect(const env::Address& address, Line line) {
    const std::pair key(line, address);
    bury_broken();
    TRY(const env::Mutex::Guard guard, connecting_.lock());
    auto& slot = connections_[key];
    if (slot && slot->broken()) broken_.push_back(std::move(slot));
    if (!slot) {
        auto made = BrokerConnection::open(env_, options_, address);
        if (made.failed()) {
            connections_.erase(key);
            not_reached(address, made.error());
            return made.error();
        }
        connections_[key] = std::move(*made);
        reached(address);
    }
    return connections_[key].get();
}

void Cluster::reached(const env::Address& address) {
    const auto [found, is_new] = answered_.try_emplace(address, true);
    if (!is_new && !std::exchange(found->second, true)) options_.on_back(address);
}

void Cluster::not_reached(const env::Address& address, Error error) {
    const auto found = answered_.find(address);
    if (found != answered_.end() && std::exchange(found->second, false))
        options_.on_lost(address, error);
}

void Cluster::bury_broken() {
    std::vector<std::unique_ptr<BrokerConnection>> dead;
    for (auto& connection : broken_)
        if (!connection->in_use()) dead.push_back(std::move(connection));
    std::erase(broken_, nullptr);
    // That waits, so nothing of ours is held any more.
    for (const auto& connection : dead) connection->end();
}

Result<BrokerConnection*> Cluster::any() {
    for (auto& [key, connection] : connections_)
        if (key.first == Line::shared && connection && !connection->broken())
            return connection.get();
    Error last = Error::refused;
    for (const auto& [id, address] : std::map(brokers_)) {
        auto connected = connect(address, Line::shared);
        if (connected) return connected;
        last = connected.error();
    }
    for (const env::Address& address : bootstrap_) {
        auto connected = connect(address, Line::shared);
        if (connected) return connected;
        last = connected.error();
    }
    return last;
}

Result<BrokerConnection*> Cluster::broker(BrokerId id, Line line) {
    const auto found = brokers_.find(id);
    if (found == brokers_.end()) return Error::not_found;
    const env::Address address = found->second;
    return connect(address, line);
}

Result<void> Cluster::refresh(const std::string& name, bool create) {
    protocol::MetadataRequest request;
    request.topics = {{.topic_id = {}, .name = name}};
    request.allow_auto_topic_creation = create;
    TRY(const auto reply, ask_any(request, options_.request_time_max));
    brokers_.clear();
    for (const auto& broker : reply.brokers)
        brokers_[broker.node_id] = {broker.host, static_cast<std::uint16_t>(broker.port)};
    for (const auto& topic : reply.topics) {
        Known known{.topic = {.id = topic.topic_id, .leaders = {}, .error = topic.error_code},
                    .learned = env_.clock.now()};
        for (const auto& partition : topic.partitions)
            known.topic.leaders[partition.partition_index] = partition.leader_id;
        topics_[topic.name.value_or("")] = std::move(known);
    }
    return {};
}

Result<const Cluster::Topic*> Cluster::known(const std::string& name, bool create,
                                             bool refresh_now) {
    const auto found = topics_.find(name);
    const bool usable = found != topics_.end() && !refresh_now &&
                        found->second.topic.error == ErrorCode::none &&
                        env_.clock.now() - found->second.learned < options_.metadata_age_max;
    if (usable) return &found->second.topic;
    CHECK_OK(refresh(name, create));
    const auto learned = topics_.find(name);
    if (learned == topics_.end()) return Error::not_found;
    return &learned->second.topic;
}

Result<Cluster::Topic> Cluster::topic(const std::string& name, bool create, bool refresh_now) {
    TRY(const Topic* topic, known(name, create, refresh_now));
    return *topic;
}

Result<std::int32_t> Cluster::partition_count(const std::string& name, bool create) {
    TRY(const Topic* topic, known(name, create, false));
    if (topic->leaders.empty()) return Error::not_found;
    return static_cast<std::int32_t>(topic->leaders.size());
}

bool Cluster::is_missing(const std::string& topic) const {
    const auto found = topics_.find(topic);
    return found != topics_.end() &&
           found->second.topic.error == ErrorCode::unknown_topic_or_partition;
}

Result<BrokerId> Cluster::leader_of(const TopicPartition& partition, bool create) {
    TRY(const Topic* topic, known(partition.topic, create, false));
    const auto leader = topic->leaders.find(partition.partition);
    if (leader == topic->leaders.end() || leader->second == BrokerId(-1)) {
        // What is known with an error is asked for again in any case.
        if (topic->error == ErrorCode::none) forget(partition.topic);
        return Error::not_found;
    }
    return leader->second;
}

Result<BrokerConnection*> Cluster::leader(const TopicPartition& partition, bool create) {
    TRY(const BrokerId id, leader_of(partition, create));
    return broker(id);
}

}  // namespace sluice::client
