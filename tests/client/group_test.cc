#include <gmock/gmock.h>

#include <map>
#include <set>

#include "core/client/group_consumer.h"
#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

using protocol::ErrorCode;
using testing::Contains;
using testing::IsEmpty;

constexpr std::int32_t partitions = 6;

// Members of one group that read "t" side by side, each in a fiber of its own with a client of its
// own. It checks that no partition has two owners and counts how often each record was read.
class Readers {
public:
    Readers(env::Env& env, GroupOptions options)
        : env_(env), options_(options), fibers_(env.scheduler) {
        options_.group = "g";
        options_.session_time_max = seconds(10);
        options_.heartbeat_interval = seconds(1);
        options_.poll_interval_max = seconds(20);
    }
    ~Readers() {
        for (auto& [name, wanted] : wanted_) wanted = false;
        fibers_.join();
    }

    void start(const std::string& name, std::optional<std::string> instance = {}) {
        wanted_[name] = true;
        ASSERT_TRUE(fibers_.spawn("reader", [this, name, instance] { read(name, instance); }));
    }
    void stop(const std::string& name) { wanted_[name] = false; }
    // Stops polling without a word.
    void stall(const std::string& name, bool stalled) { stalled_[name] = stalled; }
    void pass(Duration time) { ASSERT_TRUE(env::sleep_for(env_.scheduler, time)); }

    std::size_t share(const std::string& name) { return owned_[name].size(); }
    const std::set<TopicPartition>& owned(const std::string& name) { return owned_[name]; }
    const std::map<std::string, int>& seen() const { return seen_; }
    const std::vector<std::string>& troubles() const { return troubles_; }
    int revoked() const { return revoked_; }
    int lost() const { return lost_; }
    int generation() const { return generation_.value; }

    // What was read more than once, or never.
    std::vector<std::string> not_once(int count) const {
        std::vector<std::string> wrong;
        for (int i = 0; i < count; ++i) {
            const auto found = seen_.find(std::to_string(i));
            if (found == seen_.end() || found->second != 1)
                wrong.push_back(std::to_string(i) + " x" +
                                std::to_string(found == seen_.end() ? 0 : found->second));
        }
        return wrong;
    }

private:
    void read(const std::string& name, const std::optional<std::string>& instance) {
        Client client(env_);
        GroupOptions options = options_;
        options.instance_id = instance;
        GroupConsumer consumer(client.cluster, options, {}, events_of(name));
        consumer.subscribe({"t"});
        while (wanted_[name]) {
            if (stalled_[name]) {
                pass(milliseconds(100));
                continue;
            }
            const auto records = consumer.poll(milliseconds(200));
            if (records.failed()) {
                troubles_.push_back(name + ": " + records.error().text());
                break;
            }
            for (const ReadRecord& record : *records) ++seen_[std::string(record.value->text())];
            generation_ = std::max(generation_, consumer.generation());
        }
        consumer.close();
        owned_[name].clear();
    }
    GroupEvents events_of(const std::string& name) {
        return {.assigned =
                    [this, name](const auto& them) {
                        for (const TopicPartition& each : them) {
                            for (const auto& [other, theirs] : owned_)
                                if (theirs.contains(each))
                                    troubles_.push_back(name + " and " + other + " have " +
                                                        std::to_string(each.partition.value));
                            owned_[name].insert(each);
                        }
                    },
                .revoked =
                    [this, name](const auto& them) {
                        ++revoked_;
                        for (const TopicPartition& each : them) owned_[name].erase(each);
                    },
                .lost =
                    [this, name](const auto& them) {
                        ++lost_;
                        for (const TopicPartition& each : them) owned_[name].erase(each);
                    }};
    }

    env::Env& env_;
    GroupOptions options_;
    env::FiberGroup fibers_;
    std::map<std::string, bool> wanted_;
    std::map<std::string, bool> stalled_;
    std::map<std::string, std::set<TopicPartition>> owned_;
    std::map<std::string, int> seen_;
    std::vector<std::string> troubles_;
    GenerationId generation_{-1};
    int revoked_ = 0;
    int lost_ = 0;
};

class GroupTest : public BrokerAndClient {
protected:
    void with_readers(GroupOptions options, const std::function<void(Client&, Readers&)>& work) {
        on_client([&](env::Env& env) {
            Client client(env);
            client.create("t", partitions);
            Readers readers(env, options);
            work(client, readers);
        });
    }
};

class EveryStrategy : public GroupTest, public testing::WithParamInterface<Strategy> {};

TEST_P(EveryStrategy, SharesOutAgainAsMembersComeAndGo) {
    with_readers({.strategies = {GetParam()}}, [](Client& client, Readers& readers) {
        client.fill("t", partitions, 0, 60);
        readers.start("a");
        readers.pass(seconds(5));
        EXPECT_EQ(readers.share("a"), 6U);
        readers.start("b");
        readers.pass(seconds(8));
        EXPECT_EQ(readers.share("a"), 3U);
        EXPECT_EQ(readers.share("b"), 3U);
        client.fill("t", partitions, 60, 120);
        readers.start("c");
        readers.pass(seconds(10));
        EXPECT_EQ(readers.share("c"), 2U);
        client.fill("t", partitions, 120, 180);
        readers.stop("a");
        readers.pass(seconds(10));
        EXPECT_EQ(readers.share("b"), 3U);
        EXPECT_EQ(readers.share("c"), 3U);
        client.fill("t", partitions, 180, 240);
        readers.pass(seconds(5));
        EXPECT_THAT(readers.not_once(240), IsEmpty());
        EXPECT_THAT(readers.troubles(), IsEmpty());
    });
}

INSTANTIATE_TEST_SUITE_P(, EveryStrategy,
                         testing::Values(Strategy::range, Strategy::round_robin, Strategy::sticky,
                                         Strategy::cooperative_sticky),
                         [](const auto& its) {
                             std::string name(name_of(its.param));
                             std::erase(name, '-');
                             return name;
                         });

TEST_F(GroupTest, GoesOnWhereItsOffsetsSay) {
    with_readers({}, [](Client& client, Readers& readers) {
        client.fill("t", partitions, 0, 30);
        readers.start("a");
        readers.pass(seconds(5));
        readers.stop("a");
        readers.pass(seconds(2));
        client.fill("t", partitions, 30, 60);
        readers.start("b");
        readers.pass(seconds(5));
        EXPECT_THAT(readers.not_once(60), IsEmpty());
        Coordinator coordinator(client.cluster, "g");
        const auto offsets = GroupOffsets(coordinator).all();
        ASSERT_TRUE(offsets);
        EXPECT_EQ(offsets->size(), 6U);
    });
}

TEST_F(GroupTest, OutlivesARestartOfItsCoordinator) {
    with_readers({}, [this](Client& client, Readers& readers) {
        client.fill("t", partitions, 0, 30);
        readers.start("a");
        readers.start("b");
        readers.pass(seconds(8));
        broker->crash();
        readers.pass(seconds(3));
        broker->start();
        readers.pass(seconds(15));
        client.fill("t", partitions, 30, 60);
        readers.pass(seconds(10));
        EXPECT_EQ(readers.share("a") + readers.share("b"), 6U);
        EXPECT_THAT(readers.troubles(), IsEmpty());
        EXPECT_THAT(readers.not_once(60), IsEmpty());
    });
}

TEST_F(GroupTest, GivesUpTheShareOfAMemberThatIsNotPolled) {
    with_readers({}, [](Client&, Readers& readers) {
        readers.start("a");
        readers.start("b");
        readers.pass(seconds(8));
        EXPECT_EQ(readers.share("a"), 3U);
        readers.stall("a", true);
        readers.pass(seconds(30));
        EXPECT_EQ(readers.share("b"), 6U);
        readers.stall("a", false);
        readers.pass(seconds(10));
        EXPECT_EQ(readers.share("a"), 3U);
        EXPECT_EQ(readers.lost(), 1);
    });
}

TEST_F(GroupTest, KeepsTheShareOfAStaticMemberThatComesBack) {
    with_readers({}, [](Client&, Readers& readers) {
        readers.start("a", "i1");
        readers.start("b", "i2");
        readers.pass(seconds(8));
        const auto had = readers.owned("a");
        const int generation = readers.generation();
        EXPECT_EQ(had.size(), 3U);
        readers.stop("a");
        readers.pass(seconds(3));
        readers.start("a", "i1");
        readers.pass(seconds(4));
        EXPECT_EQ(readers.owned("a"), had);
        EXPECT_EQ(readers.generation(), generation);
    });
}

TEST_F(GroupTest, TellsAStaticMemberThatAnotherTookItsPlace) {
    with_readers({}, [](Client&, Readers& readers) {
        readers.start("a", "i1");
        readers.pass(seconds(5));
        readers.start("b", "i1");
        readers.pass(seconds(8));
        EXPECT_THAT(readers.troubles(), Contains(testing::HasSubstr("FENCED_INSTANCE_ID")));
        EXPECT_EQ(readers.share("b"), 6U);
    });
}

TEST_F(GroupTest, TakesPartitionsThatAreAddedLater) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("t", 2);
        Client young(env, {.metadata_age_max = seconds(5)});
        GroupConsumer consumer(young.cluster, {.group = "g"}, {});
        consumer.subscribe({"t", "later"});
        ASSERT_TRUE(consumer.poll(seconds(3)));
        EXPECT_EQ(consumer.assignment().size(), 2U);
        ASSERT_TRUE(Admin(client.cluster).add_partitions("t", 5));
        client.create("later", 1);
        for (int i = 0; i < 10; ++i) ASSERT_TRUE(consumer.poll(seconds(1)));
        EXPECT_EQ(consumer.assignment().size(), 6U);
        consumer.close();
    });
}

TEST_F(GroupTest, CommitsOnlyAsAMember) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        client.fill("t", 1, 0, 10);
        GroupConsumer consumer(client.cluster, {.group = "g", .commits_by_itself = false}, {});
        consumer.subscribe({"t"});
        std::size_t read = 0;
        for (int i = 0; i < 10 && read < 10; ++i) read += consumer.poll(seconds(1))->size();
        EXPECT_EQ(read, 10U);
        Coordinator coordinator(client.cluster, "g");
        GroupOffsets offsets(coordinator);
        EXPECT_THAT(*offsets.all(), IsEmpty());
        const auto outside =
            offsets.commit({{{"t", PartitionIndex(0)}, {.offset = Offset(3)}}}, {});
        ASSERT_TRUE(outside.failed());
        EXPECT_EQ(outside.error().code, ErrorCode::unknown_member_id);
        ASSERT_TRUE(consumer.commit());
        EXPECT_EQ(offsets.all()->at({"t", PartitionIndex(0)}).offset, Offset(10));
        consumer.close();
    });
}

}  // namespace
}  // namespace sluice::client
