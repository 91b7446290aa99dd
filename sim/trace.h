#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "sim/event_queue.h"

namespace sluice::sim {

// One event as the trace shows it and the trace hash folds it (the texts are not folded).
struct TraceEvent {
    std::uint64_t sequence = 0;  // Its number among those that happened.
    Time time{};
    std::uint32_t node = 0;  // 0: the world itself.
    std::uint32_t shard = 0;
    std::uint64_t fiber = 0;
    EventKind kind = EventKind::note;
    std::uint64_t digest = 0;

    std::string_view node_name;
    std::string_view fiber_name;
    std::string_view detail;
};

std::string_view name_of(EventKind kind);

// The 64-bit hash of a whole run, always on.
class TraceHash {
public:
    void fold(const TraceEvent& event) {
        state_ = mix(state_ ^ static_cast<std::uint64_t>(event.time.since_start.count()),
                     0x9E3779B97F4A7C15u ^ event.sequence);
        const std::uint64_t place = (std::uint64_t{event.node} << 40) |
                                    (std::uint64_t{event.shard} << 8) |
                                    static_cast<std::uint64_t>(event.kind);
        state_ = mix(state_ ^ place, 0xD6E8FEB86659FD93u ^ event.digest);
        state_ = mix(state_ + event.fiber, 0xA0761D6478BD642Fu);
    }
    std::uint64_t value() const { return state_; }

    static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<unsigned __int128>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

private:
    std::uint64_t state_ = 0x2545F4914F6CDD1Du;
};

// Takes the events of a run, for people or for tools. A run is the same with and without one.
class TraceSink {
public:
    virtual ~TraceSink() = default;
    virtual void event(const TraceEvent& event) = 0;
    // A line of a node's log.
    virtual void log(Time time, std::string_view node, std::string_view line) = 0;
};

// One aligned line per event:  sequence  seconds  node/shard  kind  fiber  detail
std::string text_line(const TraceEvent& event);
// {"seq":1,"us":10,"node":"a","shard":0,"fiber":3,"name":"x","kind":"disk","digest":"..",..}
std::string json_line(const TraceEvent& event);
void append_json_string(std::string& out, std::string_view text);

// Appends lines to a string as a run goes on.
class TraceWriter final : public TraceSink {
public:
    enum class Form { text, json };
    using Take = void (*)(void* context, std::string_view line);

    // `take(context, line)` gets each finished line without its newline.
    TraceWriter(Form form, Take take, void* context)
        : form_(form), take_(take), context_(context) {}

    void event(const TraceEvent& event) override;
    void log(Time time, std::string_view node, std::string_view line) override;

private:
    Form form_;
    Take take_;
    void* context_;
};

}  // namespace sluice::sim
