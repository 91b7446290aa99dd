#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "core/base/time.h"

namespace sluice::sim {

// What clients asked of logs (topic partitions) and what they were answered, in virtual time. It is
// kept outside of the simulated processes and outlives them; LogChecker judges it.

enum class SendOutcome {
    unknown,       // No answer, or one that says nothing: it may be written, now or later.
    acknowledged,  // Written for good.
    refused,       // Never written, and never will be.
};

// One value that a producer asked to append.
struct Send {
    std::uint32_t log = 0;
    std::uint32_t producer = 0;
    // Unique in the history, never 0. Of one producer and log, later sends have larger values.
    std::uint64_t value = 0;
    Time invoked{};
    SendOutcome outcome = SendOutcome::unknown;
    Time answered = never;
    std::int64_t offset = -1;  // As acknowledged; -1 when the answer did not say.
};

struct SeenRecord {
    std::int64_t offset = 0;
    std::uint64_t value = 0;  // 0 for bytes that are no value of ours.
};

// One successful fetch.
struct Read {
    std::uint32_t log = 0;
    std::uint32_t reader = 0;
    std::int64_t from = 0;
    Time invoked{};
    Time answered{};
    std::vector<SeenRecord> records = {};
};

class History {
public:
    // Begins a send; answer() ends it.
    std::size_t send(Send begun) {
        sends_.push_back(begun);
        return sends_.size() - 1;
    }
    void answer(std::size_t send, SendOutcome outcome, Time answered, std::int64_t offset = -1) {
        sends_[send].outcome = outcome;
        sends_[send].answered = answered;
        sends_[send].offset = offset;
        if (outcome == SendOutcome::acknowledged) ++acknowledged_;
    }
    void read(Read done) { reads_.push_back(std::move(done)); }
    // A read at the end, of everything the log holds, from its first record to its last.
    void read_all(Read done) { final_reads_.push_back(std::move(done)); }

    const std::vector<Send>& sends() const { return sends_; }
    const std::vector<Read>& reads() const { return reads_; }
    const std::vector<Read>& final_reads() const { return final_reads_; }
    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t operations() const { return sends_.size() + reads_.size(); }

private:
    std::vector<Send> sends_;
    std::vector<Read> reads_;
    std::vector<Read> final_reads_;
    std::uint64_t acknowledged_ = 0;
};

}  // namespace sluice::sim
