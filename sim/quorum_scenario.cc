#include "sim/quorum_scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/client/broker_connection.h"
#include "sim/draw_options.h"

namespace sluice::sim {
namespace {

constexpr std::string_view cluster_id = "MkU3OEVBNTcwNTJENDM2Qg";
constexpr std::string_view changed_config = "log.retention.ms";
constexpr std::int8_t brokers = 4;  // Configurations of brokers, in Kafka's numbers.

// After the faults: brokers that live stay in service for so long.
constexpr Duration calm_time = seconds(20);

std::string name_of_server(std::size_t number) {
    return fmt::format("controller-{}", number + 1);
}

protocol::CreateTopicsRequest creation_of(const std::string& name, std::size_t replicas) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = 2;
    topic.replication_factor = static_cast<std::int16_t>(replicas);
    return request;
}

protocol::IncrementalAlterConfigsRequest change_to(const std::string& value) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = brokers;
    resource.configs.push_back(
        {.name = std::string(changed_config), .config_operation = 0, .value = value});
    return request;
}

}  // namespace

// Changes the configuration again and again, wherever it is let; in a cluster makes topics as well.
class QuorumScenario::ClientProgram final : public Program {
public:
    ClientProgram(QuorumScenario& scenario, Client& client)
        : scenario_(scenario), client_(client) {}

    void run(env::Env& env) override {
        if (env.shards.self() != ShardId(0)) return;
        options_.request_time_max = seconds(2);
        options_.connect_time_max = seconds(1);
        const client::ClientEnv doors{env.scheduler, env.clock, env.network, env.random};
        while (!client_.settled) {
            const bool was_over = scenario_.faults_over_;
            const bool done = ask(doors);
            client_.settled = done && was_over;
            const auto rest = static_cast<std::uint64_t>(scenario_.think_time_max_.count()) + 1;
            if (env::sleep_for(env.scheduler,
                               Duration(static_cast<std::int64_t>(env.random.below(rest))))
                    .failed())
                break;
        }
        if (connection_) connection_->end();
    }
    void stop() override {}

private:
    bool ask(const client::ClientEnv& env) {
        if (!connection_) {
            const auto& addresses = scenario_.addresses_;
            const env::Address& address = addresses[env.random.below(addresses.size())];
            auto opened = client::BrokerConnection::open(env, options_, address);
            if (opened.failed()) return false;
            connection_ = std::move(*opened);
        }
        ++scenario_.operations_.asked;
        const bool makes_topic =
            scenario_.is_cluster() && client_.topics < topics_max && env.random.below(4) == 0;
        if (makes_topic ? make_topic(env) : change()) {
            ++scenario_.operations_.acknowledged;
            ++client_.acknowledged;
            return true;
        }
        // Another one leads, or nobody does.
        connection_->end();
        connection_.reset();
        return false;
    }

    bool change() {
        const std::string value = fmt::format("{}", client_.number * 1'000'000 + ++client_.values);
        const auto reply = connection_->ask(change_to(value));
        const bool done = reply && reply->responses.size() == 1 &&
                          reply->responses.front().error_code == protocol::ErrorCode::none;
        if (done) scenario_.ledger_.acknowledged(value);
        return done;
    }

    bool make_topic(const client::ClientEnv& env) {
        const std::string name = fmt::format("t-{}-{}", client_.number, ++client_.topics);
        const std::size_t replicas =
            1 + env.random.below(std::min<std::size_t>(scenario_.servers_, replicas_max));
        const auto reply = connection_->ask(creation_of(name, replicas));
        const bool done = reply && reply->topics.size() == 1 &&
                          reply->topics.front().error_code == protocol::ErrorCode::none;
        if (done) scenario_.members_.created(name, replicas);
        return done;
    }

    static constexpr std::uint64_t topics_max = 8;
    static constexpr std::size_t replicas_max = 3;
    QuorumScenario& scenario_;
    Client& client_;
    client::ClientOptions options_;
    std::unique_ptr<client::BrokerConnection> connection_;
};

QuorumScenario::QuorumScenario(World& world, Nodes nodes)
    : world_(world),
      nodes_(nodes),
      draws_(world.stream("quorum-scenario")),
      ledger_(world),
      members_(world) {
    draw_options();
    if (!is_cluster()) return;
    draw_cluster_options();
    ledger_.on_image([this](const metadata::MetadataImage& image) { members_.published(image); });
}

QuorumScenario::~QuorumScenario() = default;

void QuorumScenario::draw_options() {
    constexpr std::size_t sizes[] = {1, 2, 3, 3, 3, 4, 5};
    servers_ = sizes[draws_.below(std::size(sizes))];
    options_.logs = draw_log_options(draws_);
    options_.cluster_id = cluster_id;
    broker::BrokerConfig& broker = options_.broker;
    broker.is_broker = false;
    broker.checkpoint_interval = milliseconds(draws_.between(50, 4'000));
    broker.checkpoint_bytes = std::uint64_t{1024} << draws_.below(12);
    broker.checkpoint_poll_interval = milliseconds(draws_.between(20, 2'000));
    broker.retention_check_interval = milliseconds(draws_.between(200, 10'000));
    broker.metadata_snapshot_bytes = std::uint64_t{512} << draws_.below(12);
    broker.metadata_segment_bytes = std::uint64_t{512} << draws_.below(10);
    broker.stop_time_max = milliseconds(draws_.between(10, 2'000));
    broker.quorum.election_timeout = milliseconds(draws_.between(200, 1'500));
    broker.quorum.fetch_timeout = milliseconds(draws_.between(600, 2'500));
    broker.quorum.request_timeout = milliseconds(draws_.between(500, 2'000));
    broker.quorum.fetch_wait_max = milliseconds(draws_.between(50, 500));
    broker.quorum.fetch_bytes_max = 1 << draws_.between(8, 20);
    broker.quorum.snapshot_part_bytes = 1 << draws_.between(5, 20);
    for (std::size_t i = 0; i < servers_; ++i) {
        addresses_.push_back({name_of_server(i), 9093});
        broker.quorum.voters.push_back(
            {BrokerId(static_cast<std::int32_t>(i) + 1), addresses_.back()});
    }
    controllers_ = servers_;
    think_time_max_ = milliseconds(10 << draws_.below(6));
    const std::uint64_t clients = 1 + draws_.below(3);
    for (std::uint64_t i = 0; i < clients; ++i) {
        clients_.push_back(std::make_unique<Client>());
        clients_.back()->number = i + 1;
    }
}

void QuorumScenario::draw_cluster_options() {
    broker::BrokerConfig& broker = options_.broker;
    broker.is_broker = true;
    broker::ClusterConfig& cluster = broker.cluster;
    cluster.session_timeout = milliseconds(draws_.between(2'000, 9'000));
    cluster.heartbeat_interval = cluster.session_timeout / draws_.between(4, 8);
    cluster.controller_wait_max = milliseconds(draws_.between(200, 5'000));
    cluster.shutdown_time_max = milliseconds(draws_.between(10, 3'000));
    cluster.imbalance_check_interval = milliseconds(draws_.between(500, 20'000));
    cluster.unclean_election_interval = milliseconds(draws_.between(500, 20'000));
    servers_ += draws_.below(3);
    addresses_.clear();
    for (std::size_t i = 0; i < servers_; ++i) addresses_.push_back({name_of_server(i), 9092});
}

BrokerId QuorumScenario::id_of(std::size_t server) const {
    return BrokerId(static_cast<std::int32_t>(server) + 1);
}

BrokerOptions QuorumScenario::options_of(std::size_t number) {
    BrokerOptions options = options_;
    options.broker.node_id = id_of(number);
    options.broker.is_controller = number < controllers_;
    if (options.broker.is_controller)
        options.broker.controller_listen = options.broker.quorum.voters[number].address;
    if (is_cluster()) options.broker.listen = addresses_[number];
    // Some are told no more than where the controllers are.
    if (!options.broker.is_controller && number % 2 == 0) {
        for (const auto& voter : options.broker.quorum.voters)
            options.broker.quorum.bootstrap_servers.push_back(voter.address);
        options.broker.quorum.voters.clear();
    }
    options.watch = ledger_.watch(options.broker.node_id);
    return options;
}

PlanOptions QuorumScenario::build(Cluster& cluster) {
    cluster_ = &cluster;
    for (std::size_t i = 0; i < servers_; ++i) {
        Node::Options node{.name = name_of_server(i)};
        node.process.shards_max = 2;
        node.disk.timing.sync = Duration(draws_.between(100, 3'000));
        cluster.add(node, [options = options_of(i)](const ProcessFacts& facts) {
            return std::make_unique<BrokerProgram>(facts, options);
        });
    }
    for (const auto& client : clients_)
        cluster.add({.name = fmt::format("client-{}", client->number)},
                    [this, each = client.get()](const ProcessFacts&) {
                        return std::make_unique<ClientProgram>(*this, *each);
                    });
    // A majority of these always comes back.
    return {.servers = static_cast<std::uint32_t>(controllers_),
            .nodes = static_cast<std::uint32_t>(cluster.size()),
            .horizon = seconds(60),
            .damage = false};
}

bool QuorumScenario::ready() const {
    return std::ranges::all_of(clients_,
                               [](const auto& client) { return client->acknowledged > 0; });
}

bool QuorumScenario::has_all(std::size_t server) const {
    return cluster_->node(server).running() &&
           ledger_.high_watermark(id_of(server)) >= ledger_.committed_end();
}

bool QuorumScenario::converged() const {
    const bool settled =
        std::ranges::all_of(clients_, [](const auto& client) { return client->settled; });
    std::size_t count = 0;
    for (std::size_t i = 0; settled && i < controllers_; ++i) count += has_all(i) ? 1 : 0;
    return count > controllers_ / 2;
}

void QuorumScenario::begin_audit(const Plan& plan) {
    audit_since_ = world_.now();
    healed_ = plan.core;
    // Nothing hurts those that are brokers alone but what is between them and the controllers.
    for (std::size_t i = controllers_; i < servers_; ++i)
        healed_.push_back(static_cast<std::uint32_t>(i));
}

bool QuorumScenario::audited() const {
    const bool all = std::ranges::all_of(healed_, [this](std::uint32_t server) {
        return has_all(server) && (!is_cluster() || members_.in_service(id_of(server)));
    });
    if (!is_cluster()) return all;
    // Who stays away for ever is missed.
    for (std::size_t i = 0; i < servers_; ++i)
        if (std::ranges::find(healed_, i) == healed_.end() && members_.in_service(id_of(i)))
            return false;
    // Machines were started again, and who died is missed.
    const Duration settling = options_.broker.cluster.session_timeout + seconds(2);
    const bool settled = all && world_.now() - audit_since_ >= settling;
    if (!settled && !calm_since_) return false;
    if (!calm_since_) {
        calm_since_ = world_.now();
        std::set<BrokerId> living;
        for (const std::uint32_t server : healed_) living.insert(id_of(server));
        members_.nothing_is_hurt(std::move(living));
    }
    return all && world_.now() - *calm_since_ >= calm_time;
}

std::string QuorumScenario::pending() const {
    std::string text = fmt::format("{} is committed", ledger_.committed_end().value);
    for (std::size_t i = 0; i < servers_; ++i)
        text +=
            fmt::format(", at {} {}", name_of_server(i), ledger_.high_watermark(id_of(i)).value);
    if (is_cluster()) text += "; " + members_.text();
    for (const auto& client : clients_)
        if (!client->settled) text += fmt::format("; client-{} is not served", client->number);
    return text;
}

}  // namespace sluice::sim
