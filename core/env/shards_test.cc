#include "core/env/shards.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/env/event.h"

namespace sluice::env {
namespace {

struct SetClock final : Clock {
    Time now() const override { return time; }
    Timestamp wall() const override { return Timestamp(0); }
    Time time{};
};

// Two shards in one thread, the second of which has one fiber.
class TwoShards final : public Shards {
public:
    TwoShards(Scheduler& here, Scheduler& there) : here_(here), there_(there) {}
    ShardId self() const override { return ShardId(0); }
    std::uint32_t count() const override { return 2; }
    Scheduler& scheduler_of(ShardId shard) override { return shard == ShardId(0) ? here_ : there_; }
    void post(ShardId, Letter& letter) override { letter.deliver(); }

private:
    Scheduler& here_;
    Scheduler& there_;
};

TEST(CallAllAtLast, TellsAlsoTheShardThatHasNoFiberFree) {
    SetClock clock;
    Scheduler here(clock, {});
    Scheduler there(clock, {.fibers_max = 1});
    TwoShards shards(here, there);
    const auto settle = [&] {
        while (here.ready_count() + there.ready_count() > 0) {
            if (here.ready_count() > 0) here.resume(0);
            if (there.ready_count() > 0) there.resume(0);
        }
    };
    Event done(there);
    ASSERT_TRUE(there.spawn("busy", [&] { static_cast<void>(done.wait().failed()); }));
    settle();
    std::vector<int> told(2);
    bool ended = false;
    ASSERT_TRUE(here.spawn("tell", [&] {
        const auto called =
            call_all_at_last(here, shards, [&](ShardId shard) { ++told[shard.value]; });
        EXPECT_FALSE(called.failed());
        ended = true;
    }));
    settle();
    EXPECT_EQ(told, (std::vector<int>{1, 0}));
    EXPECT_FALSE(ended);
    done.set();
    settle();
    clock.time = Time{milliseconds(1)};
    here.fire_timers(clock.time);
    settle();
    EXPECT_EQ(told, (std::vector<int>{1, 1}));
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace sluice::env
