#include "sim/node.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace sluice::sim {

Node::Node(World& world, SimNetwork& network, FaultLog& log, const Options& options,
           MakeProgram make_program)
    : world_(world),
      network_(network),
      options_(options),
      make_program_(std::move(make_program)),
      number_(world.add_node(options.name)),
      machine_host_(network.add_host(options.name, number_)),
      clock_(world, options.clock),
      disk_(world, log, options.name, options.disk) {}

Node::~Node() {
    if (process_) end_process(true);
}

void Node::start() {
    if (process_) return;
    ++incarnation_;
    network_.set_powered(machine_host_, true);
    const ProcessFacts facts{
        .node = options_.name, .shards = draw_shards(), .incarnation = incarnation_};
    const Process::Machine machine{.world = world_,
                                   .network = network_,
                                   .disk = disk_,
                                   .clock = clock_,
                                   .host = machine_host_,
                                   .node = number_};
    Process::Owner& owner = *this;
    process_ = std::make_unique<Process>(machine, owner, facts, options_.process);
    process_->set_slowness(slowness_);
    say("starts");
    process_->run(make_program_(facts));
}

std::uint32_t Node::draw_shards() {
    const std::uint32_t least = options_.process.shards;
    const std::uint32_t most = options_.process.shards_max;
    if (most <= least) return least;
    Random draws = world_.stream(fmt::format("shards.{}.{}", name(), incarnation_));
    return least + static_cast<std::uint32_t>(draws.below(most - least + 1));
}

void Node::stop() {
    if (!process_) return;
    say("is asked to stop");
    process_->ask_to_stop();
    stop_limit_ = world_.after(options_.stop_limit, ShardRef{}, EventKind::process, [this] {
        world_.fail({FailureKind::liveness, "a clean stop does not end",
                     fmt::format("{}:{}", name(), process_->alive_names())});
        return std::uint64_t{number_};
    });
}

void Node::crash() {
    if (!process_) return;
    say("crashes");
    end_process(false);
    gone();
}

void Node::cut_power(std::uint32_t keep_unsynced_percent) {
    say("loses power");
    network_.set_powered(machine_host_, false);
    if (process_) end_process(true);
    disk_.cut_power(keep_unsynced_percent);
    // The monotonic clock of a machine that boots starts low, yet not always at zero.
    clock_.reboot(Duration(1'000'000 * static_cast<std::int64_t>(incarnation_ % 7)));
    gone();
}

void Node::end_process(bool power_lost) {
    frozen_ = false;
    world_.cancel(stop_limit_);
    if (process_->die(power_lost)) {
        process_.reset();
        return;
    }
    world_.fail(
        {FailureKind::safety, "fibers outlive their process",
         fmt::format("{} at its {}. start:{}", name(), incarnation_, process_->alive_names())});
    // A parked fiber cannot be destroyed, nor what it uses: the run is over, its memory stays.
    [[maybe_unused]] const Process* kept = process_.release();
#if defined(__SANITIZE_ADDRESS__)
    __lsan_ignore_object(kept);
#endif
}

void Node::process_ended() {
    world_.at(world_.now(), ShardRef{}, EventKind::process,
              [this, incarnation = incarnation_]() -> std::uint64_t {
                  if (!process_ || incarnation != incarnation_) return 0;
                  world_.note_place(number_, 0);
                  world_.describe("has ended");
                  end_process(false);
                  gone();
                  return number_;
              });
}

void Node::crash_in_call(const CrashPoint& point) {
    if (!process_) return;
    crash_point_ = point;
    Life& life = process_->life();
    life.crash_at(life.calls() + point.calls_from_now, *this);
}

void Node::reached_crash_point() {
    world_.at(world_.now(), ShardRef{}, EventKind::process,
              [this, incarnation = incarnation_]() -> std::uint64_t {
                  if (!process_ || incarnation != incarnation_) return 0;
                  world_.note_place(number_, 0);
                  world_.describe("crashes in a door call");
                  if (crash_point_.power_lost)
                      cut_power(crash_point_.keep_unsynced_percent);
                  else
                      crash();
                  return number_;
              });
}

void Node::set_frozen(bool frozen) {
    if (!process_ || frozen == frozen_) return;
    say(frozen ? "freezes" : "thaws");
    frozen_ = frozen;
    process_->set_frozen(frozen);
}

void Node::set_slowness(std::int64_t times) {
    slowness_ = times;
    if (process_) process_->set_slowness(times);
}

void Node::set_clock_drift(std::int64_t parts_per_million) {
    clock_.set_drift(parts_per_million);
    if (process_) process_->clock_changed();
}

void Node::gone() {
    if (!on_down_) return;
    world_.at(world_.now(), ShardRef{}, EventKind::process, [this] {
        world_.note_place(number_, 0);
        world_.describe("is down");
        on_down_(*this);
        return std::uint64_t{number_};
    });
}

// Goes into the hash as an event of its own: what is called here need not be one.
void Node::say(std::string_view what) {
    world_.at(world_.now(), ShardRef{}, EventKind::process, [this, what] {
        world_.note_place(number_, 0);
        world_.describe("{} {}", name(), what);
        return TraceHash::mix(number_ + 1, what.size() ^ 0x9E3779B97F4A7C15u);
    });
}

}  // namespace sluice::sim
