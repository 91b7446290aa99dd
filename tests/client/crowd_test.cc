#include <memory>

#include "core/protocol/messages/join_group.h"
#include "sim/raw_connection.h"
#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

using protocol::JoinGroupRequest;

constexpr std::size_t fibers_max = 64;
constexpr Version version{5};

// Clients that are more than the broker has fibers for.
class CrowdTest : public BrokerAndClient {
protected:
    CrowdTest() : BrokerAndClient({}, few_fibers()) {}

    static sim::Shard::Options few_fibers() {
        sim::Shard::Options shard;
        shard.scheduler.fibers_max = fibers_max;
        return shard;
    }
    protocol::ErrorCode join(sim::RawConnection& connection) {
        JoinGroupRequest request;
        request.group_id = "group";
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.push_back({"range", {}});
        if (connection.send(request, version).failed())
            return protocol::ErrorCode::network_exception;
        const auto answer = connection.receive<JoinGroupRequest>(version);
        return answer ? answer->error_code : protocol::ErrorCode::network_exception;
    }
    std::unique_ptr<sim::RawConnection> connect(env::Env& env) {
        auto connection = std::make_unique<sim::RawConnection>(env, world, "crowd", seconds(10));
        static_cast<void>(connection->open({"broker", 9092}).failed());
        return connection;
    }
};

TEST_F(CrowdTest, WhoTakesEveryFiberHarmsNobody) {
    on_client([&](env::Env& env) {
        Client(env).create("up", 1);
        const auto member = connect(env);
        ASSERT_TRUE(member->is_open());
        std::vector<std::unique_ptr<sim::RawConnection>> crowd;
        for (std::size_t i = 0; i < 2 * fibers_max; ++i) crowd.push_back(connect(env));
        EXPECT_NE(join(*member), protocol::ErrorCode::none);
        crowd.clear();
        EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(5)));
        for (int i = 0; i < 20 && join(*member) != protocol::ErrorCode::member_id_required; ++i)
            EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(1)));
        EXPECT_EQ(join(*member), protocol::ErrorCode::member_id_required);
    });
    EXPECT_TRUE(broker->running());
    EXPECT_FALSE(world.failure());
}

}  // namespace
}  // namespace sluice::client
