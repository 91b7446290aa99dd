#include "sim/process.h"

namespace sluice::sim {
namespace {

// The lines of a node's log go into the trace.
class TraceLogger final : public env::Logger {
public:
    TraceLogger(World& world, std::uint32_t node, const env::Clock& clock, env::Level least)
        : Logger(clock, {.least = least}), world_(world), node_(node) {}

private:
    void write_line(std::string_view line) override { world_.log_line(node_, line); }

    World& world_;
    const std::uint32_t node_;
};

std::string stream_of(const ProcessFacts& facts) {
    return fmt::format("{}.{}", facts.node, facts.incarnation);
}

std::vector<std::unique_ptr<Shard>> make_shards(const Process::Machine& machine, ShardOwner& owner,
                                                const ProcessFacts& facts,
                                                const Shard::Options& options) {
    std::vector<std::unique_ptr<Shard>> shards;
    for (std::uint32_t i = 0; i < facts.shards; ++i) {
        Shard::Options one = options;
        one.node = machine.node;
        one.id = ShardId(i);
        shards.push_back(std::make_unique<Shard>(
            machine.world, machine.clock, owner, one,
            machine.world.stream(fmt::format("shard.{}.{}", stream_of(facts), i))));
    }
    return shards;
}

}  // namespace

struct Process::Doors {
    Doors(Process& process, Shard& shard, env::Shards& shards, env::Level log_level)
        : random(process.machine_.world.stream(
              fmt::format("random.{}.{}", stream_of(process.facts_), shard.id().value))),
          disk(process.machine_.world, process.machine_.disk, process.life_, shard,
               process.facts_.incarnation),
          network(process.machine_.network.make_door(process.life_, shard, process.machine_.host)),
          logger(process.machine_.world, process.machine_.node, process.machine_.clock, log_level),
          env{.scheduler = shard.scheduler(),
              .clock = process.machine_.clock,
              .network = *network,
              .disk = disk,
              .pages = pages,
              .random = random,
              .logger = logger,
              .shards = shards} {}

    Random random;
    DiskDoor disk;
    PageHeap pages;
    std::unique_ptr<SimNetwork::Door> network;
    TraceLogger logger;
    env::Env env;
};

Process::Process(const Machine& machine, Owner& owner, const ProcessFacts& facts,
                 const Options& options)
    : machine_(machine),
      owner_(owner),
      facts_(facts),
      shards_(make_shards(machine, *this, facts, options.shard)),
      mailboxes_(machine.world, shards_, options.mailboxes,
                 machine.world.stream("mailboxes." + stream_of(facts))) {
    for (const auto& shard : shards_)
        doors_.push_back(std::make_unique<Doors>(*this, *shard, mailboxes_.door(shard->id()),
                                                 options.log_level));
}

Process::~Process() {
    ASSERT(ended());
    program_.reset();
    life_.end();
}

void Process::run(std::unique_ptr<Program> program) {
    program_ = std::move(program);
    ran_ = true;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        const auto spawned =
            shards_[i]->scheduler().spawn("main", [this, i] { program_->run(doors_[i]->env); });
        ASSERT(!spawned.failed());
    }
    for (const auto& shard : shards_) shard->poke();
}

bool Process::die(bool power_lost) {
    life_.end();
    end_told_ = true;
    set_frozen(false);
    for (const auto& doors : doors_) {
        doors->disk.die();
        machine_.network.die(*doors->network, power_lost);
    }
    if (!power_lost) machine_.disk.image().unlock_all(facts_.incarnation);
    for (const auto& shard : shards_) shard->scheduler().stop();
    for (bool busy = true; busy;) {
        busy = mailboxes_.deliver_all() > 0;
        for (const auto& shard : shards_) busy = shard->drain() > 0 || busy;
    }
    return ended();
}

bool Process::ended() const {
    for (const auto& shard : shards_)
        if (shard->scheduler().alive() > 0) return false;
    return mailboxes_.waiting() == 0;
}

void Process::shard_is_empty() {
    if (!ran_ || end_told_ || !ended()) return;
    end_told_ = true;
    owner_.process_ended();
}

void Process::set_frozen(bool frozen) {
    for (const auto& shard : shards_) shard->set_frozen(frozen);
    if (!frozen) mailboxes_.thaw();
}

void Process::set_slowness(std::int64_t times) {
    for (const auto& shard : shards_) shard->set_slowness(times);
}

void Process::clock_changed() {
    for (const auto& shard : shards_) shard->clock_changed();
}

std::string Process::alive_names() const {
    std::string names;
    for (const auto& shard : shards_) {
        const std::string here = shard->alive_names();
        if (!here.empty()) names += fmt::format(" shard {}: {};", shard->id().value, here);
    }
    return names;
}

env::Env& Process::env(ShardId shard) {
    return doors_[shard.value]->env;
}

}  // namespace sluice::sim
