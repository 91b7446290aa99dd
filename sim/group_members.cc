#include "sim/group_members.h"

#include "core/client/admin.h"
#include "core/protocol/messages/find_coordinator.h"

namespace sluice::sim {
namespace {

constexpr std::string_view topic_name = "work";
// Who joins in the end and is not heard of again.
constexpr Duration ghost_session_timeout = seconds(45);

std::string group_name(const GroupMembers::Options& options, std::string_view name) {
    return fmt::format("{}{}", options.offsets_expire ? GroupMembers::fleeting : "", name);
}

}  // namespace

GroupMembers::GroupMembers(const WorkloadContext& context, Options options)
    : context_(context),
      draws_(context.world.stream("groups")),
      use_{.group = group_name(options, "members"),
           .topic = std::string(topic_name),
           .world = context.world,
           .history = history_},
      outside_{.group = group_name(options, "outside"),
               .topic = std::string(topic_name),
               .world = context.world,
               .history = outside_history_} {
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
    client::Cluster cluster({env.scheduler, env.clock, env.network, env.random}, {},
                            context_.servers);
    client::Admin admin(cluster);
    const auto made = admin.create_topic({.name = use_.topic, .partitions = use_.partitions});
    const bool there = made || made.error().code == protocol::ErrorCode::topic_already_exists;
    protocol::FindCoordinatorRequest find;
    find.coordinator_keys = {use_.group};
    const auto found = admin.ask(find);
    cluster.close();
    const bool ready = there && found && found->coordinators.size() == 1 &&
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
    settled_ = 0;
    use_.session_timeout = ghost_session_timeout;
    {
        GroupMember ghost(use_, env, context_.servers, std::nullopt);
        while (!ghost.join())
            if (pause(env, milliseconds(200)).failed()) return Error::stopped;
    }
    env::FiberGroup fibers(env.scheduler);
    for (std::uint32_t i = 0; i < members_; ++i)
        CHECK_OK(fibers.spawn("member", [this, &env, i] { live_in_peace(env, i); }));
    fibers.join();
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

// Until all of them have done everything once. The members stay in the group when they end.
void GroupMembers::live_in_peace(env::Env& env, std::uint32_t number) {
    GroupMember member(use_, env, context_.servers, instance_of(number));
    bool settled = false;
    while (settled_ < members_) {
        if (pause(env, milliseconds(200)).failed()) return;
        if (!member.is_in()) {
            const bool joined = member.join();
            if (member.longest_join() > 2 * use_.rebalance_timeout + seconds(5) && !failure_)
                failure_ = Failure{FailureKind::liveness, "group: a rebalance does not end",
                                   fmt::format("{} ms", to_milliseconds(member.longest_join()))};
            if (!joined || !member.sync()) continue;
        }
        member.heartbeat();
        if (!member.is_in() || !member.commit() || !member.fetch()) continue;
        if (!settled) ++settled_;
        settled = true;
    }
}

std::string GroupMembers::pending() const {
    return fmt::format("{} of {} members settled", settled_, members_);
}

std::optional<Failure> GroupMembers::judge() {
    if (auto failure = history_.judge()) return failure;
    if (auto failure = outside_history_.judge()) return failure;
    return failure_;
}

}  // namespace sluice::sim
