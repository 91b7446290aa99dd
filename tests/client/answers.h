#pragma once

#include "sim/raw_connection.h"
#include "tests/client/broker_and_client.h"

namespace sluice::client {

// Of no topic.
inline const TopicId nobodys_id{{1, 2, 3}};

// Requests of any form, on a connection of their own.
class Answers : public BrokerAndClient {
protected:
    using BrokerAndClient::BrokerAndClient;

    template <class Request>
    auto ask(env::Env& env, const Request& request, Version version) {
        sim::RawConnection connection(env, world, "answers", seconds(10));
        // It may have been started only just now.
        while (connection.open({"broker", 9092}).failed())
            EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(100)));
        EXPECT_TRUE(connection.send(request, version));
        auto answer = connection.template receive<Request>(version);
        EXPECT_TRUE(answer);
        return *answer;
    }
    static TopicId id_of(Client& client, const std::string& name) {
        const auto topics = Admin(client.cluster).topics({name});
        return topics ? topics->topics.front().topic_id : TopicId{};
    }
};

}  // namespace sluice::client
