#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/time.h"
#include "sim/action.h"

namespace sluice::sim {

// What happened, in the trace and in its hash. Append only: the numbers are hashed.
enum class EventKind : std::uint8_t {
    fiber,          // A fiber ran until it waited or ended.
    timer,          // Deadlines of a shard passed.
    letter,         // A letter reached its shard.
    disk,           // A disk operation completed.
    connect,        // A connection was asked for, accepted, refused or given up.
    data,           // Bytes reached the other end.
    window,         // A sender heard that there is room again.
    end_of_stream,  // A FIN or RST reached the other end.
    process,        // A process started, stopped, crashed, paused or went on.
    fault,          // The plan began or ended a fault.
    note,           // Something a workload or oracle says.
};

// Names one pending event; harmless once it has happened.
struct EventHandle {
    std::uint32_t slot = UINT32_MAX;
    std::uint32_t generation = 0;
};

// A shard as events name it: one that is gone is recognised, and its events vanish.
struct ShardRef {
    std::uint32_t index = UINT32_MAX;
    std::uint32_t generation = 0;

    bool is_none() const { return index == UINT32_MAX; }
};

// Pending events by (virtual time, sequence): a 4-ary heap over slots that never move.
class EventQueue {
public:
    struct Slot {
        Action action;
        ShardRef shard;
        EventKind kind = EventKind::note;
        bool cancelled = false;
        std::uint32_t generation = 0;
    };
    struct Next {
        Time time;
        std::uint64_t sequence;
        std::uint32_t slot;
    };

    EventHandle push(Time time, ShardRef shard, EventKind kind, Action action) {
        std::uint32_t index = 0;
        if (free_.empty()) {
            index = static_cast<std::uint32_t>(slots_.size());
            slots_.emplace_back();
        } else {
            index = free_.back();
            free_.pop_back();
        }
        Slot& slot = slots_[index];
        slot.action = std::move(action);
        slot.shard = shard;
        slot.kind = kind;
        slot.cancelled = false;
        heap_.push_back({time, ++sequence_, index});
        rise(heap_.size() - 1);
        return {index, slot.generation};
    }

    // The event does not happen; what its action holds is freed now.
    void cancel(EventHandle handle) {
        if (handle.slot >= slots_.size()) return;
        Slot& slot = slots_[handle.slot];
        if (slot.generation != handle.generation || slot.cancelled) return;
        slot.cancelled = true;
        slot.action.reset();
    }

    bool empty() const { return heap_.empty(); }
    std::size_t size() const { return heap_.size(); }
    const Next& top() const { return heap_.front(); }
    Slot& slot(std::uint32_t index) { return slots_[index]; }

    // Takes the first event off the heap; its slot stays until free_slot().
    Next pop() {
        const Next first = heap_.front();
        heap_.front() = heap_.back();
        heap_.pop_back();
        if (!heap_.empty()) sink();
        return first;
    }
    void free_slot(std::uint32_t index) {
        Slot& slot = slots_[index];
        slot.action.reset();
        ++slot.generation;
        free_.push_back(index);
    }

private:
    static bool before(const Next& a, const Next& b) {
        return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
    }
    void rise(std::size_t at) {
        const Next moving = heap_[at];
        while (at > 0) {
            const std::size_t parent = (at - 1) / 4;
            if (!before(moving, heap_[parent])) break;
            heap_[at] = heap_[parent];
            at = parent;
        }
        heap_[at] = moving;
    }
    void sink() {
        const Next moving = heap_.front();
        std::size_t at = 0;
        for (;;) {
            const std::size_t first = at * 4 + 1;
            if (first >= heap_.size()) break;
            const std::size_t end = first + 4 < heap_.size() ? first + 4 : heap_.size();
            std::size_t least = first;
            for (std::size_t child = first + 1; child < end; ++child)
                if (before(heap_[child], heap_[least])) least = child;
            if (!before(heap_[least], moving)) break;
            heap_[at] = heap_[least];
            at = least;
        }
        heap_[at] = moving;
    }

    std::vector<Next> heap_;
    std::deque<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::uint64_t sequence_ = 0;
};

}  // namespace sluice::sim
