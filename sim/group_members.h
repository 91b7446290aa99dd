#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/group_member.h"
#include "sim/workload.h"

namespace sluice::sim {

// A group whose members come and go, some of them static; they commit, come too late, and say
// things of generations that are over. Written against the requests themselves: what a well-bred
// consumer never asks is asked here.
class GroupMembers final : public Workload {
public:
    struct Options {
        // The broker keeps those of a group without members for seconds only.
        bool offsets_expire = false;
        Duration retention{0};  // For so long, if so.
    };
    // Groups of this kind may change by themselves.
    static constexpr std::string_view fleeting = "fleeting";

    GroupMembers(const WorkloadContext& context, Options options);

    std::string_view name() const override { return "groups"; }
    Result<void> set_up(env::Env& env) override;
    Result<void> run(env::Env& env) override;
    Result<void> check(env::Env& env) override;
    std::string pending() const override;
    std::optional<Failure> judge() override;
    OperationCount operations() const override {
        return {history_.asked() + outside_history_.asked(),
                history_.acknowledged() + outside_history_.acknowledged()};
    }

private:
    void live(env::Env& env, std::uint32_t number);
    void live_in_peace(env::Env& env, std::uint32_t number);
    bool settle(GroupMember& member);
    bool agree(std::uint32_t count) const;
    void come_back(GroupMember& member);
    bool visit(env::Env& env);
    void take_part(env::Env& env, GroupMember& member);
    void commit_from_outside(env::Env& env);
    std::optional<std::string> instance_of(std::uint32_t number) const;
    Result<void> pause(env::Env& env, Duration most) const;

    const WorkloadContext& context_;
    const Options options_;
    Random draws_;
    std::uint32_t members_ = 1;
    std::uint32_t static_members_ = 0;
    bool twins_ = false;  // Two of them believe that they are the same instance.
    GroupHistory history_;
    GroupHistory outside_history_;
    GroupHistory guests_history_;  // Not judged: nobody else is there.
    GroupUse use_;
    GroupUse outside_;
    GroupUse guests_;
    std::optional<GroupUse> brief_;  // Of the member that goes.
    // In which generation each member did everything last, -1 before that.
    std::vector<std::int32_t> settled_in_;
    // After the faults: a static member comes back, and one goes without a word and is missed.
    enum class Act { settling, returning, missing, done } act_ = Act::settling;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
