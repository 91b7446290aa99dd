#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/strong.h"
#include "core/base/time.h"

namespace sluice::checker {

// Who did something, one thing after the other. A producer that has several sends under way keeps
// their order within each log: it is a process for each of them.
using ProcessId = Strong<struct ProcessIdTag, std::uint32_t>;
using LogId = Strong<struct LogIdTag, std::uint32_t>;
using GroupId = Strong<struct GroupIdTag, std::uint32_t>;
// What a record holds; no other record of the same log is sent with it.
using Value = Strong<struct ValueTag, std::uint64_t>;

enum class Outcome : std::uint8_t {
    ok,      // It happened, and whoever did it was told so.
    failed,  // It did not happen and never will.
    unknown  // It may have happened, may happen later, or never.
};

struct Record {
    Offset offset;
    Value value;

    friend auto operator<=>(const Record&, const Record&) = default;
};

struct Sent {
    LogId log;
    Value value;
    Offset offset{-1};  // -1: it was not told.
};
struct Polled {
    LogId log;
    std::vector<Record> records;
};
// The process's position in a log was set anew (assigned, sought, rebalanced): what it polls next
// need not follow what it polled before.
struct Placed {
    LogId log;
};
// All that the log held when this was asked has been polled by somebody.
struct Ended {
    LogId log;
};
// Records before `start` were deleted on purpose, or will be.
struct Trimmed {
    LogId log;
    Offset start;
};
struct Committed {
    GroupId group;
    LogId log;
    Offset offset;
};
// What a group's committed offset was found to be; -1: none.
struct Found {
    GroupId group;
    LogId log;
    Offset offset;
};
// A member's part of a generation.
struct Owned {
    GroupId group;
    GenerationId generation;
    std::vector<LogId> logs;
};

using Step = std::variant<Sent, Polled, Placed, Ended, Trimmed, Committed, Found, Owned>;

// What one process did, all of it or nothing: one step, or the steps of a transaction in their
// order.
struct Operation {
    ProcessId process;
    Outcome outcome = Outcome::ok;
    Time invoked{};
    Time completed = never;  // never: it was not answered.
    std::vector<Step> steps = {};
};

// What clients did and saw, in the order in which each process did it. Recorded in the simulator or
// from real processes (history_text.h); times are of one clock.
struct History {
    std::vector<Operation> operations;
    std::vector<std::string> logs;    // Their names, by id,
    std::vector<std::string> groups;  // and of the groups.
};

}  // namespace sluice::checker
