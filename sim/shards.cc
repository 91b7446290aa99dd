#include "sim/shards.h"

#include "core/base/probe.h"

namespace sluice::sim {

class Mailboxes::Door final : public env::Shards {
public:
    Door(Mailboxes& mailboxes, ShardId self) : mailboxes_(mailboxes), self_(self) {}

    ShardId self() const override { return self_; }
    std::uint32_t count() const override {
        return static_cast<std::uint32_t>(mailboxes_.shards_.size());
    }
    env::Scheduler& scheduler_of(ShardId shard) override {
        return mailboxes_.shards_[shard.value]->scheduler();
    }
    void post(ShardId to, env::Letter& letter) override { mailboxes_.post(self_, to, letter); }

private:
    Mailboxes& mailboxes_;
    const ShardId self_;
};

Mailboxes::Mailboxes(World& world, std::vector<std::unique_ptr<Shard>>& shards,
                     const Options& options, Random random)
    : world_(world),
      shards_(shards),
      options_(options),
      random_(random),
      lanes_(shards.size() * shards.size()) {
    for (const auto& shard : shards) doors_.push_back(std::make_unique<Door>(*this, shard->id()));
}

env::Shards& Mailboxes::door(ShardId shard) {
    return *doors_[shard.value];
}

Mailboxes::~Mailboxes() {
    ASSERT(waiting_ == 0);
}

Duration Mailboxes::draw_delay() {
    const bool late = random_.below(options_.late_one_in) == 0;
    const Duration most = late ? options_.late_delay_max : options_.delay_max;
    return Duration(
        static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

void Mailboxes::post(ShardId from, ShardId to, env::Letter& letter) {
    ASSERT(to.value < shards_.size());
    Lane& way = lane(from, to);
    way.letters.push_back(&letter);
    ++waiting_;
    way.last_due = std::max(way.last_due, world_.now() + draw_delay());
    make_event(way.last_due, from, to);
}

void Mailboxes::make_event(Time due, ShardId from, ShardId to) {
    world_.at(due, shards_[to.value]->ref(), EventKind::letter,
              [this, from, to]() -> std::uint64_t {
                  world_.describe("from shard {}", from.value);
                  arrive(from, to);
                  return from.value;
              });
}

void Mailboxes::arrive(ShardId from, ShardId to) {
    Lane& way = lane(from, to);
    if (shards_[to.value]->frozen())
        ++way.held;
    else
        deliver_first(way, to);
}

void Mailboxes::thaw() {
    for (std::uint32_t from = 0; from < shards_.size(); ++from)
        for (std::uint32_t to = 0; to < shards_.size(); ++to)
            for (std::size_t& held = lane(ShardId(from), ShardId(to)).held; held > 0; --held)
                make_event(world_.now(), ShardId(from), ShardId(to));
}

void Mailboxes::deliver_first(Lane& way, ShardId to) {
    ASSERT(!way.letters.empty());
    if (way.letters.size() > 1 && PLANT("mailbox.order_broken"))
        std::swap(way.letters[0], way.letters[1]);
    env::Letter& letter = *way.letters.front();
    way.letters.pop_front();
    --waiting_;
    const env::NoSuspend none_may_wait(shards_[to.value]->scheduler());
    letter.deliver();
}

std::uint64_t Mailboxes::deliver_all() {
    std::uint64_t delivered = 0;
    for (std::uint32_t from = 0; from < shards_.size(); ++from) {
        for (std::uint32_t to = 0; to < shards_.size(); ++to) {
            Lane& way = lane(ShardId(from), ShardId(to));
            for (; !way.letters.empty(); ++delivered) deliver_first(way, ShardId(to));
        }
    }
    return delivered;
}

}  // namespace sluice::sim
