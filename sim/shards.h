#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "core/env/shards.h"
#include "sim/shard.h"

namespace sluice::sim {

// The mailboxes between the shards of one process: letters take a small drawn time, first in first
// out from one sender to one receiver, and every one is delivered, also while the process dies.
class Mailboxes {
public:
    struct Options {
        Duration delay_max{20};
        // Now and then a letter takes much longer: its receiver was busy in the kernel.
        Duration late_delay_max{2'000};
        std::uint64_t late_one_in = 200;
    };

    Mailboxes(World& world, std::vector<std::unique_ptr<Shard>>& shards, const Options& options,
              Random random);
    ~Mailboxes();

    // The door of one shard.
    env::Shards& door(ShardId shard);
    // Delivers everything that waits, now, for a process that has died. Says how many letters.
    std::uint64_t deliver_all();
    // Letters that came due while the process was frozen come now.
    void thaw();
    std::size_t waiting() const { return waiting_; }

private:
    class Door;
    struct Lane {
        std::deque<env::Letter*> letters;
        std::size_t held = 0;  // Of these, due while the receiver was frozen.
        Time last_due{};
    };

    void post(ShardId from, ShardId to, env::Letter& letter);
    void make_event(Time due, ShardId from, ShardId to);
    void arrive(ShardId from, ShardId to);
    void deliver_first(Lane& way, ShardId to);
    Lane& lane(ShardId from, ShardId to) { return lanes_[from.value * shards_.size() + to.value]; }
    Duration draw_delay();

    World& world_;
    std::vector<std::unique_ptr<Shard>>& shards_;
    const Options options_;
    Random random_;
    std::vector<Lane> lanes_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::size_t waiting_ = 0;
};

}  // namespace sluice::sim
