#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "sim/failure.h"

namespace sluice::sim {

// What members of one consumer group asked and were answered, kept outside of the simulated
// machines; judge() holds it against what a group promises. Only what was answered well counts:
// what failed may have happened or not.
class GroupHistory {
public:
    // When something was asked and answered.
    struct Span {
        Time invoked{};
        Time answered{};
    };
    struct Membership {
        std::string member;
        std::int32_t generation = -1;
        // Whom it stands for: the instance of a static member, which keeps its part when it comes
        // back under another name, and fences the name it had.
        std::string owner = {};
        Span named = {};  // When it was given its name.
    };

    // A member got its part of a generation: what it owns until the next one.
    void synced(const Membership& by, const std::vector<std::int32_t>& partitions, Span span);
    // A heartbeat or a commit was accepted from it.
    void served(const Membership& by, Span span) { served_.push_back({by, span}); }

    // A commit begins; its number names it, and is stored beside the offset.
    std::size_t commit(std::int32_t partition, std::int64_t offset, Time invoked);
    void committed(std::size_t commit, Time answered) { commits_[commit].answered = answered; }
    // What was found committed; nothing for no offset at all.
    struct Found {
        std::int64_t offset = -1;
        std::size_t commit = 0;
    };
    void fetched(std::int32_t partition, std::optional<Found> found, Span span);
    // It left, and was told so.
    void left(const Membership& by, Span span) { left_.push_back({by, span}); }
    // It was told that nobody knows it, after it was known to be a member.
    void forgotten(const Membership& by, Duration since_heard);
    // It committed before anybody owned anything.
    void served_early(const Membership& by);
    // As fetched(), by a member that was one all the time since its own commit: whatever retention
    // says, that must be found.
    void kept(std::int32_t partition, std::size_t commit, std::optional<Found> found);

    // Groups without members forget their offsets after a while, and then themselves.
    void may_forget() { may_forget_ = true; }
    // A commit whose fate is unknown may be written after later ones: nothing fences it.
    void may_go_back() { may_go_back_ = true; }

    std::optional<Failure> judge() const;
    std::uint64_t acknowledged() const;
    std::uint64_t asked() const {
        return synced_.size() + served_.size() + commits_.size() + fetched_.size();
    }

private:
    struct Synced {
        Membership by;
        std::vector<std::int32_t> partitions;
        Span span;
    };
    struct Served {
        Membership by;
        Span span;
    };
    struct Commit {
        std::int32_t partition = 0;
        std::int64_t offset = -1;
        Time invoked{};
        Time answered = never;
    };
    struct Fetched {
        std::int32_t partition = 0;
        std::optional<Found> found;
        Span span;
    };

    std::optional<Failure> judge_owners() const;
    std::optional<Failure> judge_left() const;
    std::optional<Failure> judge_generations() const;
    std::optional<Failure> judge_fenced() const;
    std::optional<Failure> judge_offsets() const;
    std::optional<Failure> judge_fetch(const Fetched& fetched) const;

    std::vector<Synced> synced_;
    std::vector<Served> served_;
    std::vector<Served> left_;
    std::vector<Commit> commits_;
    std::vector<Fetched> fetched_;
    std::optional<Failure> forgotten_;
    bool may_forget_ = false;
    bool may_go_back_ = false;
};

}  // namespace sluice::sim
