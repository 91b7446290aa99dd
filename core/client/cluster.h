#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/client/broker_connection.h"
#include "core/client/topic_partition.h"

namespace sluice::client {

// What a client knows of a cluster: who leads what, and connections to the brokers. Shared by the
// producers, consumers and administrators of one client; everybody who uses it is gone before it
// is.
class Cluster {
public:
    struct Topic {
        TopicId id;
        std::map<PartitionIndex, BrokerId> leaders;  // -1 while there is none.
        protocol::ErrorCode error = protocol::ErrorCode::none;
    };

    Cluster(const ClientEnv& env, ClientOptions options, std::vector<env::Address> bootstrap);
    ~Cluster() { ASSERT(connections_.empty() && broken_.empty()); }
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // What is known of a topic, fresh enough; asks the cluster when nothing is, or `refresh` says
    // so. With `create` a missing one is made, if the cluster allows that.
    Result<Topic> topic(const std::string& name, bool create, bool refresh = false);
    // How many partitions a topic has; Error::not_found when there is none such.
    Result<std::int32_t> partition_count(const std::string& name, bool create);

    // A broker answers what comes on one connection in order, so that who lets it wait for news
    // keeps everybody waiting who shares the connection: such a one takes a line of his own. The
    // connections of a line are kept until it is given back.
    enum class Line : std::uint64_t { shared = 0 };
    Line new_line() { return Line{++lines_}; }
    void give_back(Line line);

    // The connection to a broker, made when there is none. Good until the next wait: a broken one
    // is gone then, unless somebody waits in it.
    Result<BrokerConnection*> broker(BrokerId id, Line line = Line::shared);
    // The same by address: a broker that need not be known.
    Result<BrokerConnection*> at(const env::Address& address) {
        return connect(address, Line::shared);
    }
    // Error::not_found while the partition has no leader.
    Result<BrokerId> leader_of(const TopicPartition& partition, bool create = false);
    Result<BrokerConnection*> leader(const TopicPartition& partition, bool create = false);
    // Any broker that answers.
    Result<BrokerConnection*> any();
    // The cluster, asked last, said that there is no such topic.
    bool is_missing(const std::string& topic) const;
    // Something answered that it is not (any more) what we took it for.
    void forget(const std::string& topic) { topics_.erase(topic); }

    // Asks any broker, trying others while connections fail, for at most `time`.
    template <class Request>
    auto ask_any(const Request& request, Duration time)
        -> Result<typename ApiOf<Request>::type::Response> {
        const Time deadline = env_.clock.now() + time;
        for (;;) {
            Result<typename ApiOf<Request>::type::Response> reply = Error::closed;
            if (auto connection = any(); connection.failed())
                reply = connection.error();
            else
                reply = (*connection)->ask(request, time);
            if (reply || reply.error() == Error::invalid || reply.error() == Error::stopped ||
                env_.clock.now() + options_.retry_backoff >= deadline || options_.gives_up())
                return reply;
            CHECK_OK(env::sleep_for(env_.scheduler, options_.retry_backoff));
        }
    }

    const ClientEnv& env() const { return env_; }
    const ClientOptions& options() const { return options_; }
    // Ends every connection, and waits for their ends: must come before it goes.
    void close();

private:
    struct Known {
        Topic topic;
        Time learned;
    };
    Result<void> refresh(const std::string& name, bool create);
    Result<const Topic*> known(const std::string& name, bool create, bool refresh);
    Result<BrokerConnection*> connect(const env::Address& address, Line line);
    void bury_broken();
    void reached(const env::Address& address);
    void not_reached(const env::Address& address, Error error);

    ClientEnv env_;
    const ClientOptions options_;
    const std::vector<env::Address> bootstrap_;
    std::map<BrokerId, env::Address> brokers_;
    std::map<std::string, Known> topics_;
    std::map<std::pair<Line, env::Address>, std::unique_ptr<BrokerConnection>> connections_;
    std::vector<std::unique_ptr<BrokerConnection>> broken_;  // Somebody may still be inside.
    std::map<env::Address, bool> answered_;  // Those that did once, and whether they still do.
    env::Mutex connecting_;
    std::uint64_t lines_ = 0;
};

}  // namespace sluice::client
