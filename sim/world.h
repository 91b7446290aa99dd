#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/time.h"
#include "sim/event_queue.h"
#include "sim/failure.h"
#include "sim/trace.h"

namespace sluice::sim {

class Shard;

// Who runs next among the ready fibers of a shard.
enum class PickMode {
    fifo,      // As production does.
    random,    // Any.
    priority,  // Probabilistic concurrency testing: by drawn priorities that change now and then.
};

// One simulated run: virtual time, the pending events, the trace hash and the random streams.
// Everything that happens is an event; time jumps to the next one. It owns no nodes: those belong
// to a Cluster (sim/cluster.h), which must be gone before the world is.
class World {
public:
    struct Options {
        std::uint64_t seed = 1;
        PickMode pick = PickMode::random;
        std::uint64_t events_max = 50'000'000;
        // So many events at one virtual moment mean that time no longer advances.
        std::uint64_t events_per_moment_max = 100'000;
        TraceSink* trace = nullptr;
    };

    explicit World(const Options& options) : options_(options), root_(options.seed) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Time now() const { return now_; }
    std::uint64_t seed() const { return options_.seed; }
    const Options& options() const { return options_; }
    // An independent stream: what it draws changes nothing elsewhere.
    Random stream(std::string_view name) const { return root_.stream(name); }

    // Makes `action` happen at `time` (now at the earliest). With a shard it happens there, and not
    // at all once that shard is gone; afterwards the shard looks for fibers it made ready.
    EventHandle at(Time time, ShardRef shard, EventKind kind, Action action) {
        return queue_.push(time < now_ ? now_ : time, shard, kind, std::move(action));
    }
    EventHandle after(Duration delay, ShardRef shard, EventKind kind, Action action) {
        return at(now_ + delay, shard, kind, std::move(action));
    }
    void cancel(EventHandle handle) { queue_.cancel(handle); }

    // Lets one event happen; false when none is left or the run has failed.
    bool step();
    // Lets events happen until `time`; false when the run failed.
    bool run_until(Time time);
    // Until `done` holds, asked after every event; false when the run failed or `deadline` passed.
    template <class Done>
    bool run_until_done(Time deadline, Done done);

    // Ends the run; the first failure is the one reported.
    void fail(Failure failure);
    const std::optional<Failure>& failure() const { return failure_; }

    std::uint64_t events() const { return events_; }
    std::uint64_t hash() const { return hash_.value(); }
    // The hash after every 4,096 events: where two runs first differ can be found by bisection.
    const std::vector<std::uint64_t>& checkpoints() const { return checkpoints_; }

    // For the trace. Details cost nothing while nobody listens.
    bool tracing() const { return options_.trace != nullptr; }
    template <class... Args>
    void describe(fmt::format_string<Args...> format, Args&&... args) {
        if (tracing()) detail_ = fmt::format(format, std::forward<Args>(args)...);
    }
    void log_line(std::uint32_t node, std::string_view line) {
        if (log_listener_) log_listener_(node_names_[node], line);
        if (tracing()) options_.trace->log(now_, node_names_[node], line);
    }
    // Hears every line that the machines log, and by whom.
    using LogListener = std::function<void(std::string_view node, std::string_view line)>;
    void listen_to_logs(LogListener listener) { log_listener_ = std::move(listener); }
    // Names the fiber that the event under way resumed.
    void note_fiber(std::uint64_t id, std::string_view name) {
        fiber_ = id;
        fiber_name_ = name;
    }
    // Says where the event under way happens when it has no shard.
    void note_place(std::uint32_t node, std::uint32_t shard) {
        place_node_ = node;
        place_shard_ = shard;
    }
    // Makes an event of its own for something an oracle or workload says.
    void note(std::uint64_t digest);

    std::uint32_t add_node(std::string name) {
        node_names_.push_back(std::move(name));
        return static_cast<std::uint32_t>(node_names_.size() - 1);
    }
    const std::string& name_of_node(std::uint32_t node) const { return node_names_[node]; }

    ShardRef add_shard(Shard& shard);
    void remove_shard(ShardRef ref);

private:
    struct ShardSlot {
        Shard* shard = nullptr;
        std::uint32_t generation = 0;
    };
    static constexpr std::uint64_t checkpoint_interval = 4096;

    Shard* resolve(ShardRef ref) const {
        if (ref.is_none() || shards_[ref.index].generation != ref.generation) return nullptr;
        return shards_[ref.index].shard;
    }
    void record(EventKind kind, std::uint64_t digest);
    void advance_to(Time time);

    const Options options_;
    const Random root_;
    EventQueue queue_;
    Time now_{};
    std::uint64_t events_ = 0;
    std::uint64_t events_this_moment_ = 0;
    TraceHash hash_;
    std::vector<std::uint64_t> checkpoints_;
    std::optional<Failure> failure_;
    std::vector<ShardSlot> shards_;
    std::vector<std::uint32_t> free_shards_;
    std::vector<std::string> node_names_{"world"};
    std::uint32_t place_node_ = 0;
    std::uint32_t place_shard_ = 0;
    std::uint64_t fiber_ = 0;
    std::string_view fiber_name_;
    std::string detail_;
    LogListener log_listener_;
};

template <class Done>
bool World::run_until_done(Time deadline, Done done) {
    while (!done()) {
        if (failure_ || queue_.empty() || queue_.top().time > deadline) return false;
        step();
    }
    return !failure_;
}

}  // namespace sluice::sim
