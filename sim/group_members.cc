#include "sim/group_members.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/protocol/messages/find_coordinator.h"
#include "sim/admin_client.h"

namespace sluice::sim {
namespace {

constexpr std::string_view groups_topic = "work";
// In the end: of those who stay, and of one who goes.
constexpr Duration long_session_timeout = seconds(45);
constexpr Duration brief_session_timeout = seconds(3);

std::string group_name(const GroupMembers::Options& options, std::string_view name) {
    return fmt::format("{}{}", options.offsets_expire ? GroupMembers::fleeting : "", name);
}

}  // namespace

GroupMembers::GroupMembers(const WorkloadContext& context, Options options)
    : context_(context),
      options_(options),
      draws_(context.world.stream("groups")),
      use_{.group = group_name(options, "members"),
           .topic = std::string(groups_topic),
           .world = context.world,
           .history = history_},
      outside_{.group = group_name(options, "outside"),
               .topic = std::string(groups_topic),
               .world = context.world,
               .history = outside_history_},
      guests_{.group = group_name(options, "guests"),
              .topic = std::string(groups_topic),
              .session_timeout = long_session_timeout,
              .rebalance_timeout = seconds(2),
              .world = context.world,
              .history = guests_history_} {
    members_ = 2 + static_cast<std::uint32_t>(draws_.below(3));
    static_members_ = static_cast<std::uint32_t>(draws_.below(members_ + 1));
    twins_ = draws_.below(2) == 0;
    use_.partitions = outside_.partitions = 1 + static_cast<std::int32_t>(draws_.below(5));
    use_.session_timeout = milliseconds(draws_.between(1'500, 6'000));
    use_.rebalance_timeout = milliseconds(draws_.between(1'000, 4'000));
    if (draws_.below(3) == 0) use_.metadata_bytes = draws_.below(200);
    outside_history_.may_go_back();
    if (!options.offsets_expire) return;
    history_.may_forget();
    outside_history_.may_forget();
}

std::optional<std::string> GroupMembers::instance_of(std::uint32_t number) const {
    if (number >= static_members_) return std::nullopt;
    // Twins fence each other, which in the end would not end.
    const bool is_twin = twins_ && !context_.faults_over && number == 1;
    return fmt::format("instance-{}", is_twin ? 0 : number);
}

Result<void> GroupMembers::set_up(env::Env& env) {
    AdminClient client(env, context_, "groups");
    CHECK_OK(
        there(client.admin().create_topic({.name = use_.topic, .partitions = use_.partitions})));
    protocol::FindCoordinatorRequest find;
    find.coordinator_keys = {use_.group};
    const auto found = client.admin().ask(find);
    const bool ready = found && found->coordinators.size() == 1 &&
                       found->coordinators.front().error_code == protocol::ErrorCode::none;
    if (!ready) return Error::timed_out;
    // A group of which nothing is left when its members are gone begins again at generation 1.
    GroupMember first(use_, env, context_.servers, std::nullopt);
    return first.commit_alone() ? Result<void>() : Error::timed_out;
}

Result<void> GroupMembers::pause(env::Env& env, Duration most) const {
    return env::sleep_for(env.scheduler, Duration(env.random.between(0, most.count())));
}

Result<void> GroupMembers::run(env::Env& env) {
    env::FiberGroup fibers(env.scheduler);
    for (std::uint32_t i = 0; i < members_; ++i)
        CHECK_OK(fibers.spawn("member", [this, &env, i] { live(env, i); }));
    CHECK_OK(fibers.spawn("outsider", [this, &env] { commit_from_outside(env); }));
    fibers.join();
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void GroupMembers::live(env::Env& env, std::uint32_t number) {
    GroupMember member(use_, env, context_.servers, instance_of(number));
    while (!context_.faults_over) {
        if (pause(env, milliseconds(400)).failed()) return;
        if (member.is_in()) {
            take_part(env, member);
            continue;
        }
        const bool joined = member.join();
        const std::uint64_t how = env.random.below(16);
        // It may come late, or never: others must not wait for it.
        if (how == 0) member.forget_itself();
        if (how == 1 && pause(env, 2 * use_.rebalance_timeout).failed()) return;
        if (how == 3 && joined) member.commit_early();
        const std::size_t ballast = how == 2 ? 2'000 : 0;
        if (!joined || how == 0 || !member.sync(ballast)) continue;
        if (env.random.below(3) == 0) member.commit_late();
    }
}

void GroupMembers::take_part(env::Env& env, GroupMember& member) {
    switch (env.random.below(40)) {
        case 0:
            member.leave();
            return;
        case 1:
            member.forget_itself();
            return;
        case 2:
            // So long that it is taken for dead, and then it goes on as if nothing had been.
            static_cast<void>(pause(env, 2 * use_.session_timeout).failed());
            member.commit();
            return;
        case 3:
            // It has nothing to commit for a while; nobody may forget what it has committed.
            if (!member.commit()) return;
            for (int i = 0; i < 20 && member.is_in(); ++i) {
                if (pause(env, milliseconds(800)).failed()) return;
                member.heartbeat();
            }
            if (member.is_in() && member.fetch()) member.commit();
            return;
        case 4:
        case 5:
        case 6:
            member.fetch();
            return;
        default:
            if (env.random.below(2) == 0)
                member.heartbeat();
            else
                member.commit();
    }
}

// A consumer without a group's protocol: nobody else commits in its group.
void GroupMembers::commit_from_outside(env::Env& env) {
    GroupMember outsider(outside_, env, context_.servers, std::nullopt);
    while (!context_.faults_over) {
        if (pause(env, seconds(1)).failed()) return;
        outsider.commit_alone();
    }
}

Result<void> GroupMembers::check(env::Env& env) {
    act_ = Act::settling;
    settled_in_.assign(members_, -1);
    use_.session_timeout = long_session_timeout;
    brief_.emplace(use_).session_timeout = brief_session_timeout;
    {
        // Who joins and is not heard of again.
        GroupMember ghost(use_, env, context_.servers, std::nullopt);
        while (!ghost.join())
            if (pause(env, milliseconds(200)).failed()) return Error::stopped;
    }
    env::FiberGroup fibers(env.scheduler);
    for (std::uint32_t i = 0; i < members_; ++i)
        CHECK_OK(fibers.spawn("member", [this, &env, i] { live_in_peace(env, i); }));
    CHECK_OK(fibers.spawn("guest", [this, &env] {
        while (!context_.world.failure() && !visit(env))
            if (pause(env, milliseconds(200)).failed()) return;
    }));
    fibers.join();
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

// Joins a group that has no other members, stays longer than offsets are kept, and leaves. What it
// committed counts as new from then on; and that nobody is in the group is known after a restart.
bool GroupMembers::visit(env::Env& env) {
    GroupUse use = guests_;
    GroupMember guest(use, env, context_.servers, std::nullopt);
    for (int attempts = 0; !guest.join(); ++attempts)
        if (attempts > 10 || pause(env, milliseconds(200)).failed()) return false;
    if (!guest.sync() || !guest.commit()) return false;
    const Time begin = context_.world.now();
    const Duration stay = options_.retention + seconds(1);
    while (options_.offsets_expire && context_.world.now() - begin < stay) {
        if (pause(env, milliseconds(500)).failed()) return false;
        guest.heartbeat();
        if (!guest.is_in()) return false;
    }
    const auto left = context_.world.now();
    if (!guest.leave()) return false;
    if (env::sleep_for(env.scheduler, options_.retention / 2).failed()) return false;
    const bool in_time = context_.world.now() - left < options_.retention * 3 / 4;
    const auto found = guest.count_committed();
    if (found && *found == 0 && in_time && !failure_)
        failure_ = Failure{FailureKind::safety, "group: an offset is forgotten too early", ""};
    return found.has_value();
}

// Until all has happened that must. The members stay in the group when they end.
void GroupMembers::live_in_peace(env::Env& env, std::uint32_t number) {
    const bool is_last = number + 1 == members_;
    GroupMember member(is_last ? *brief_ : use_, env, context_.servers, instance_of(number));
    while (act_ != Act::done) {
        if (pause(env, milliseconds(act_ == Act::missing ? 1'000 : 200)).failed()) return;
        // Without a word.
        if (act_ == Act::missing && is_last) return;
        if (!settle(member)) continue;
        settled_in_[number] = member.membership().generation;
        if (act_ == Act::settling && agree(members_)) act_ = Act::returning;
        if (act_ == Act::returning && number == 0) come_back(member);
        const bool missed = settled_in_.front() > settled_in_.back() && agree(members_ - 1);
        if (act_ == Act::missing && missed) act_ = Act::done;
    }
}

// Does everything once; false when it has to try again.
bool GroupMembers::settle(GroupMember& member) {
    if (!member.is_in()) {
        const bool joined = member.join();
        if (member.longest_join() > 2 * use_.rebalance_timeout + seconds(5) && !failure_)
            failure_ = Failure{FailureKind::liveness, "group: a rebalance does not end",
                               fmt::format("{} ms", to_milliseconds(member.longest_join()))};
        if (!joined || !member.sync()) return false;
    }
    member.heartbeat();
    return member.is_in() && member.commit() && member.fetch();
}

// The first `count` members were last in the same generation.
bool GroupMembers::agree(std::uint32_t count) const {
    const auto last = settled_in_.begin() + count;
    return settled_in_.front() >= 0 &&
           std::all_of(settled_in_.begin(), last,
                       [&](std::int32_t each) { return each == settled_in_.front(); });
}

// A member is started anew. If it is a static one, nobody else notices: it has what it had, in the
// same generation, under another name; and who still uses the old one is refused.
void GroupMembers::come_back(GroupMember& member) {
    act_ = Act::missing;
    if (static_members_ == 0) return;
    const GroupHistory::Membership before = member.membership();
    const std::vector<std::int32_t> owned = member.owned();
    const auto fail = [&](std::string what) {
        if (!failure_)
            failure_ =
                Failure{FailureKind::safety, "group: a static member comes back " + what,
                        fmt::format("{} of generation {}", before.member, before.generation)};
    };
    member.forget_itself();
    if (!member.join()) {
        act_ = Act::returning;
        return;
    }
    SOMETIMES("sim.static_member_came_back", true);
    if (member.membership().generation != before.generation) fail("to another generation");
    if (member.membership().member == before.member) fail("under its old name");
    if (!member.sync()) return;
    if (member.owned() != owned) fail("to other partitions");
    member.commit_late();
}

std::string GroupMembers::pending() const {
    switch (act_) {
        case Act::settling:
            return fmt::format("the members are in generations {}", fmt::join(settled_in_, ", "));
        case Act::returning:
            return "a static member does not come back";
        case Act::missing:
            return "a member that is silent is not missed";
        case Act::done:
            break;
    }
    return "";
}

std::optional<Failure> GroupMembers::judge() {
    if (auto failure = history_.judge()) return failure;
    if (auto failure = outside_history_.judge()) return failure;
    return failure_;
}

}  // namespace sluice::sim
