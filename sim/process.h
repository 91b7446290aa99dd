#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/env/env.h"
#include "sim/disk_door.h"
#include "sim/life.h"
#include "sim/network.h"
#include "sim/program.h"
#include "sim/shards.h"

namespace sluice::sim {

// One incarnation of a node's program: its shards, their doors, and the program itself. A node
// makes it, and destroys it when all of its fibers have ended.
class Process final : public ShardOwner {
public:
    struct Options {
        std::uint32_t shards = 1;
        std::uint32_t shards_max = 0;  // Each start draws between the two; 0: always `shards`.
        Shard::Options shard = {};
        Mailboxes::Options mailboxes = {};
        env::Level log_level = env::Level::info;
    };
    // What the process runs on; outlives it.
    struct Machine {
        World& world;
        SimNetwork& network;
        DiskDevice& disk;
        const NodeClock& clock;
        HostId host;
        std::uint32_t node = 0;
    };
    // Hears that every fiber has ended.
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void process_ended() = 0;
    };

    Process(const Machine& machine, Owner& owner, const ProcessFacts& facts,
            const Options& options);
    ~Process() override;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void run(std::unique_ptr<Program> program);
    void ask_to_stop() { program_->stop(); }
    // It dies here and now: its doors go inert, its waits end and its fibers return, outside of
    // virtual time and without effect. False when some did not; alive_names() says which, and
    // neither they nor what they use can be freed.
    [[nodiscard]] bool die(bool power_lost);

    void set_frozen(bool frozen);
    void set_slowness(std::int64_t times);
    void clock_changed();
    Life& life() { return life_; }
    bool ended() const;
    std::string alive_names() const;
    env::Env& env(ShardId shard);
    void shard_is_empty() override;

private:
    struct Doors;

    const Machine machine_;
    Owner& owner_;
    const ProcessFacts facts_;
    Life life_;
    std::vector<std::unique_ptr<Shard>> shards_;
    Mailboxes mailboxes_;
    std::vector<std::unique_ptr<Doors>> doors_;
    std::unique_ptr<Program> program_;
    bool ran_ = false;
    bool end_told_ = false;
};

}  // namespace sluice::sim
