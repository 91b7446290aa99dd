#include "sim/group_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::sim {
namespace {

Failure broken(std::string signature, std::string text) {
    return {FailureKind::safety, "group: " + std::move(signature), std::move(text)};
}

}  // namespace

void GroupHistory::synced(const Membership& by, const std::vector<std::int32_t>& partitions,
                          Span span) {
    synced_.push_back({by, partitions, span});
    served_.push_back({by, span});
}

std::size_t GroupHistory::commit(std::int32_t partition, std::int64_t offset, Time invoked) {
    commits_.push_back({.partition = partition, .offset = offset, .invoked = invoked});
    return commits_.size() - 1;
}

void GroupHistory::fetched(std::int32_t partition, std::optional<Found> found, Span span) {
    fetched_.push_back({partition, found, span});
}

void GroupHistory::kept(std::int32_t partition, std::size_t commit, std::optional<Found> found) {
    if (found || forgotten_) return;
    forgotten_ = broken("an offset of a group with members is forgotten",
                        fmt::format("partition {}, offset {}", partition, commits_[commit].offset));
}

void GroupHistory::forgotten(const Membership& by, Duration since_heard) {
    if (forgotten_) return;
    forgotten_ = broken("a member that was heard of is forgotten",
                        fmt::format("{} after {} ms", by.member, to_milliseconds(since_heard)));
}

void GroupHistory::served_early(const Membership& by) {
    if (!forgotten_)
        forgotten_ = broken("a commit is served before the assignment",
                            fmt::format("{} of generation {}", by.member, by.generation));
}

std::uint64_t GroupHistory::acknowledged() const {
    return synced_.size() + served_.size() + fetched_.size();
}

std::optional<Failure> GroupHistory::judge() const {
    if (forgotten_) return forgotten_;
    if (auto failure = judge_fenced()) return failure;
    if (auto failure = judge_left()) return failure;
    // A group that was forgotten begins again with its first generation.
    if (!may_forget_) {
        if (auto failure = judge_owners()) return failure;
        if (auto failure = judge_generations()) return failure;
    }
    return judge_offsets();
}

// Within a generation each partition has one owner.
std::optional<Failure> GroupHistory::judge_owners() const {
    std::map<std::pair<std::int32_t, std::int32_t>, std::string> owners;
    for (const Synced& synced : synced_)
        for (const std::int32_t partition : synced.partitions) {
            const auto [known, is_new] =
                owners.try_emplace({synced.by.generation, partition}, synced.by.owner);
            if (!is_new && known->second != synced.by.owner)
                return broken(
                    "two owners of a partition in one generation",
                    fmt::format("generation {}, partition {}: {} and {}", synced.by.generation,
                                partition, known->second, synced.by.owner));
        }
    return std::nullopt;
}

// Once a member has its part of a generation, no earlier generation is served.
std::optional<Failure> GroupHistory::judge_generations() const {
    std::map<std::int32_t, Time> begun;  // When the first member had its part.
    for (const Synced& synced : synced_) {
        Time& first = begun.try_emplace(synced.by.generation, synced.span.answered).first->second;
        first = std::min(first, synced.span.answered);
    }
    for (const Served& served : served_) {
        const auto later = begun.upper_bound(served.by.generation);
        const auto over = std::find_if(later, begun.end(), [&](const auto& generation) {
            return generation.second < served.span.invoked;
        });
        if (over != begun.end())
            return broken("a generation that is over is served",
                          fmt::format("{} of generation {} at {} us, though {} began at {} us",
                                      served.by.member, served.by.generation,
                                      served.span.invoked.since_start.count(), over->first,
                                      over->second.since_start.count()));
    }
    return std::nullopt;
}

// Once an instance has its part under a newer name, nothing is served in an older one.
std::optional<Failure> GroupHistory::judge_fenced() const {
    struct Name {
        std::string member;
        Span named;
        Time first_part;
    };
    std::map<std::string, std::vector<Name>> names;  // By instance.
    for (const Synced& synced : synced_) {
        auto& known = names[synced.by.owner];
        if (std::ranges::find(known, synced.by.member, &Name::member) == known.end())
            known.push_back({synced.by.member, synced.by.named, synced.span.answered});
    }
    for (const Served& served : served_) {
        const auto known = names.find(served.by.owner);
        if (known == names.end()) continue;
        for (const Name& other : known->second)
            if (other.member != served.by.member &&
                other.named.invoked > served.by.named.answered &&
                other.first_part < served.span.invoked)
                return broken("somebody who was fenced is served",
                              fmt::format("{} after {}", served.by.member, other.member));
    }
    return std::nullopt;
}

// Names are used once.
std::optional<Failure> GroupHistory::judge_left() const {
    for (const Served& left : left_)
        for (const Served& served : served_)
            if (served.by.member == left.by.member && served.span.invoked >= left.span.answered)
                return broken("somebody who left is served", served.by.member);
    return std::nullopt;
}

std::optional<Failure> GroupHistory::judge_offsets() const {
    for (const Fetched& fetched : fetched_)
        if (auto failure = judge_fetch(fetched)) return failure;
    // Whoever commits begins where the last one ended: what is found never goes back.
    std::map<std::int32_t, std::vector<const Fetched*>> by_partition;
    for (const Fetched& fetched : fetched_)
        if (fetched.found) by_partition[fetched.partition].push_back(&fetched);
    if (may_forget_ || may_go_back_) return std::nullopt;
    for (auto& [partition, all] : by_partition) {
        std::ranges::stable_sort(all, {}, [](const Fetched* f) { return f->span.answered; });
        std::int64_t highest = -1;
        std::size_t known = 0;
        std::vector<const Fetched*> by_invocation = all;
        std::ranges::stable_sort(by_invocation, {},
                                 [](const Fetched* f) { return f->span.invoked; });
        for (const Fetched* fetched : by_invocation) {
            for (; known < all.size() && all[known]->span.answered < fetched->span.invoked; ++known)
                highest = std::max(highest, all[known]->found->offset);
            if (fetched->found->offset < highest)
                return broken("a committed offset goes back",
                              fmt::format("partition {}: {} after {}", partition,
                                          fetched->found->offset, highest));
        }
    }
    return std::nullopt;
}

// What is found was committed, and nothing that was acknowledged since then is missing.
std::optional<Failure> GroupHistory::judge_fetch(const Fetched& fetched) const {
    Time replaced_from = Time{};  // Whatever was asked later than that stands behind it.
    if (fetched.found) {
        const Found& found = *fetched.found;
        if (found.commit >= commits_.size() || commits_[found.commit].offset != found.offset ||
            commits_[found.commit].partition != fetched.partition)
            return broken("an offset is found that nobody committed",
                          fmt::format("partition {}, offset {}", fetched.partition, found.offset));
        replaced_from = commits_[found.commit].answered;
    } else if (may_forget_) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < commits_.size(); ++i) {
        const Commit& commit = commits_[i];
        if (commit.partition != fetched.partition || commit.answered >= fetched.span.invoked)
            continue;
        if (fetched.found && (i == fetched.found->commit || commit.invoked <= replaced_from))
            continue;
        return broken("an acknowledged commit is not found",
                      fmt::format("partition {}: {} was committed, {} is found", commit.partition,
                                  commit.offset, fetched.found ? fetched.found->offset : -1));
    }
    return std::nullopt;
}

}  // namespace sluice::sim
