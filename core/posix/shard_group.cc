#include "core/posix/shard_group.h"

#include <sched.h>

#include <latch>
#include <thread>

namespace sluice::posix {
namespace {

// What the threads of a group share.
struct Members {
    explicit Members(std::uint32_t count)
        : reactors(count), alive(count), started(count), failed(false) {}

    std::vector<std::unique_ptr<Reactor>> reactors;
    std::vector<std::atomic<std::size_t>> alive;
    std::latch started;
    std::atomic<bool> failed;
};

class MemberShards final : public env::Shards {
public:
    MemberShards(Members& members, ShardId self) : members_(members), self_(self) {}

    ShardId self() const override { return self_; }
    std::uint32_t count() const override {
        return static_cast<std::uint32_t>(members_.reactors.size());
    }
    env::Scheduler& scheduler_of(ShardId shard) override {
        return members_.reactors[shard.value]->scheduler();
    }
    void post(ShardId to, env::Letter& letter) override {
        members_.reactors[to.value]->receive(letter);
    }

private:
    Members& members_;
    ShardId self_;
};

// A shard whose fibers have ended still answers letters until those of every other have ended too.
bool everyone_ended(Members& members, std::uint32_t self) {
    const std::size_t alive = members.reactors[self]->scheduler().alive();
    const bool ended_now = alive == 0 && members.alive[self].exchange(alive) != 0;
    if (alive != 0) {
        members.alive[self].store(alive);
        return false;
    }
    for (const auto& other : members.alive)
        if (other.load() != 0) return false;
    if (ended_now)
        for (const auto& reactor : members.reactors) reactor->interrupt();
    return true;
}

void run_member(Members& members, std::uint32_t index, const ShardGroup::Options& options,
                const std::function<void(ShardGroup::Shard&)>& body) {
    auto made = Reactor::make(options.reactor);
    if (made)
        members.reactors[index] = std::move(made).value();
    else
        members.failed.store(true);
    members.alive[index].store(1);
    members.started.arrive_and_wait();
    if (members.failed.load()) return;

    Reactor& reactor = *members.reactors[index];
    MemberShards shards(members, ShardId(index));
    ShardGroup::Shard shard{reactor, shards};
    ASSERT(reactor.scheduler().spawn("shard", [&] { body(shard); }));
    reactor.run([&] { return everyone_ended(members, index); });
}

}  // namespace

Result<void> ShardGroup::run(const Options& options, const std::function<void(Shard&)>& body) {
    Members members(options.count);
    std::vector<std::thread> threads;
    for (std::uint32_t index = 1; index < options.count; ++index)
        threads.emplace_back([&, index] { run_member(members, index, options, body); });
    run_member(members, 0, options, body);
    for (std::thread& thread : threads) thread.join();
    if (members.failed.load()) return Error::invalid;
    return {};
}

std::uint32_t processor_count() {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&allowed)));
}

}  // namespace sluice::posix
