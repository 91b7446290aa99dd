#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <set>

#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

class MetadataTest : public BrokerAndClient {
protected:
    // Every commit of the journal wants room on the disk.
    MetadataTest()
        : BrokerAndClient({.broker = {}, .network = {}, .logs = {.journal_growth_bytes = 4096}}) {}

    static std::set<std::string> listed(Client& client) {
        const auto topics = Admin(client.cluster).topics({});
        EXPECT_TRUE(topics) << topics.error().text();
        std::set<std::string> names;
        if (!topics) return names;
        for (const auto& topic : topics->topics)
            if (topic.name) names.insert(*topic.name);
        return names;
    }
    sim::SimDisk& disk() { return broker->disk().image(); }
};

// Ten at once: the first waits for room in the journal, the next ones find it full.
TEST_F(MetadataTest, AChangeOfTopicsThatTheDiskRefusedNeverHappens) {
    constexpr int changes = 10;
    std::set<std::string> refused;
    std::set<std::string> before;
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("victim", 1);
        const std::uint64_t capacity = disk().capacity();
        disk().set_capacity(disk().used_bytes());
        env::FiberGroup fibers(env.scheduler);
        for (int i = 0; i < changes; ++i)
            ASSERT_TRUE(fibers.spawn("change", [&env, &refused, i] {
                Client other(env, {.request_time_max = seconds(20)});
                const std::string name = "topic-" + std::to_string(i);
                Admin admin(other.cluster);
                const auto made = admin.create_topic(
                    {.name = name, .partitions = 1, .configs = {{"retention.ms", "1000"}}});
                if (made.failed() && made.error().code != protocol::ErrorCode::none)
                    refused.insert(name);
            }));
        ASSERT_TRUE(env::sleep_for(env.scheduler, seconds(10)));
        disk().set_capacity(capacity);
        fibers.join();
        client.create("after", 1);
        before = listed(client);
    });
    EXPECT_FALSE(refused.empty());
    for (const std::string& name : refused) EXPECT_FALSE(before.contains(name)) << name;
    broker->crash();
    broker->start();
    on_client([&](env::Env& env) {
        Client client(env);
        EXPECT_EQ(listed(client), before);
    });
}

}  // namespace
}  // namespace sluice::client
