#include "sim/shard.h"

namespace sluice::sim {
namespace {

// One pick in so many is any fiber, lest a fiber of high priority that only yields starve the rest.
constexpr std::uint64_t any_fiber_one_in = 16;
constexpr std::uint64_t picks_per_priorities_max = 2'000;
constexpr Duration shortest_wait{10};

}  // namespace

std::size_t Picker::pick(const env::Scheduler& scheduler) {
    const std::size_t count = scheduler.ready_count();
    if (count == 1 || mode_ == PickMode::fifo) return 0;
    if (mode_ == PickMode::random || random_.below(any_fiber_one_in) == 0)
        return static_cast<std::size_t>(random_.below(count));
    return highest_priority(scheduler);
}

std::size_t Picker::highest_priority(const env::Scheduler& scheduler) {
    if (picks_left_-- == 0) {
        salt_ = random_.next();
        picks_left_ = random_.below(picks_per_priorities_max) + 1;
    }
    std::size_t best = 0;
    std::uint64_t highest = 0;
    for (std::size_t i = 0; i < scheduler.ready_count(); ++i) {
        const std::uint64_t priority =
            TraceHash::mix(scheduler.ready(i).id() ^ salt_, 0x9E3779B97F4A7C15u);
        if (priority < highest) continue;
        highest = priority;
        best = i;
    }
    return best;
}

Shard::Shard(World& world, const NodeClock& clock, ShardOwner& owner, const Options& options,
             Random random)
    : world_(world),
      clock_(clock),
      owner_(owner),
      options_(options),
      ref_(world.add_shard(*this)),
      scheduler_(clock, options.scheduler),
      random_(random.stream("cost")),
      picker_(world.options().pick, random.stream("pick")) {}

Shard::~Shard() {
    world_.remove_shard(ref_);
}

void Shard::poke() {
    if (frozen_) return;
    if (scheduler_.alive() == 0) {
        owner_.shard_is_empty();
        return;
    }
    if (scheduler_.ready_count() > 0 && !run_pending_) {
        run_pending_ = true;
        world_.at(busy_until_, ref_, EventKind::fiber, [this] { return run_one_fiber(); });
    }
    arm_timer();
}

void Shard::arm_timer() {
    const Time deadline = scheduler_.next_timer();
    if (deadline == never) return;
    const Time at = std::max(clock_.world_time_of(deadline), world_.now());
    // A deadline that was given up leaves its event, which finds nothing due and arms the next.
    if (timer_at_ <= at) return;
    world_.cancel(timer_);
    timer_at_ = at;
    timer_armed_ = world_.now();
    timer_ = world_.at(at, ref_, EventKind::timer, [this] { return fire_timers(); });
}

std::uint64_t Shard::run_one_fiber() {
    run_pending_ = false;
    if (frozen_ || scheduler_.ready_count() == 0) return 0;
    const std::size_t index = picker_.pick(scheduler_);
    const env::Fiber& fiber = scheduler_.ready(index);
    world_.note_fiber(fiber.id(), fiber.name());
    const auto cost = static_cast<std::int64_t>(
        random_.below(static_cast<std::uint64_t>(options_.step_cost_max.count()) + 1));
    busy_until_ = world_.now() + Duration(cost * slowness_);
    count_run();
    scheduler_.resume(index);
    return 0;
}

void Shard::count_run() {
    if (++spin_ <= spin_max) return;
    world_.fail({FailureKind::liveness, "a shard is spinning",
                 fmt::format("{}/{} runs without input: {}", world_.name_of_node(node()),
                             id().value, alive_names())});
}

std::uint64_t Shard::fire_timers() {
    // A wait that was over as it began is no input: yielding is what spinning looks like.
    if (world_.now() - timer_armed_ > shortest_wait) count_input();
    timer_at_ = never;
    if (!frozen_) scheduler_.fire_timers(clock_.now());
    return 0;
}

void Shard::set_frozen(bool frozen) {
    frozen_ = frozen;
    if (!frozen) poke();
}

void Shard::clock_changed() {
    world_.cancel(timer_);
    timer_at_ = never;
    poke();
}

std::uint64_t Shard::drain() {
    std::uint64_t runs = 0;
    for (; scheduler_.ready_count() > 0; ++runs) scheduler_.resume(0);
    return runs;
}

std::string Shard::alive_names() const {
    std::string names;
    const auto add = [&](const env::Fiber& fiber) {
        names += fmt::format("{}{}#{}", names.empty() ? "" : ", ", fiber.name(), fiber.id());
    };
    scheduler_.each_parked(add);
    for (std::size_t i = 0; i < scheduler_.ready_count(); ++i) add(scheduler_.ready(i));
    return names;
}

}  // namespace sluice::sim
