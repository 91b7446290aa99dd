#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>

#include "core/broker/broker_config.h"
#include "core/broker/partition.h"
#include "core/env/event.h"
#include "core/group/coordinator.h"

namespace sluice::broker {

class Broker;

// Drives the groups of one partition of __consumer_offsets, on the partition's home shard: gives
// the rules their inputs, logs what they decide, and answers once that is durable. When a record
// cannot be logged what the rules know is worth nothing: they are dropped and rebuilt from the log.
class GroupCoordinator {
public:
    // Called when a deadline may have come nearer, and with true when there is work for the
    // background.
    using Woken = std::function<void(bool background_too)>;
    GroupCoordinator(Broker& broker, PartitionId id, Woken woken);
    ~GroupCoordinator() { ASSERT(parked_.empty()); }
    GroupCoordinator(const GroupCoordinator&) = delete;
    GroupCoordinator& operator=(const GroupCoordinator&) = delete;

    template <class Reply>
    using Outcome = Result<Reply, protocol::ErrorCode>;

    // Requests. All may wait: for the log to be read, for the disk, for the other members.
    struct Client {
        Version version;
        std::string id;
        std::string host;
    };
    Outcome<protocol::JoinGroupResponse> join(const protocol::JoinGroupRequest& request,
                                              const Client& client);
    Outcome<protocol::SyncGroupResponse> sync(const protocol::SyncGroupRequest& request);
    Outcome<protocol::HeartbeatResponse> heartbeat(const protocol::HeartbeatRequest& request);
    // Any other step. `decide` is given the rules and the moment, and must not wait.
    template <class Reply>
    Outcome<Reply> step(
        const std::function<group::Replied<Reply>(group::Coordinator&, group::Now)>& decide) {
        if (const auto code = get_ready(); code != protocol::ErrorCode::none) return code;
        group::Replied<Reply> replied = [&] {
            const env::NoSuspend no_suspend(env_.scheduler);
            return decide(*rules_, now());
        }();
        if (const auto code = perform(std::move(replied.effects));
            code != protocol::ErrorCode::none)
            return code;
        if (const auto code = wait_logged(logged_end_); code != protocol::ErrorCode::none)
            return code;
        return std::move(replied.reply);
    }
    // Looks, at what is durable.
    template <class Reply>
    Outcome<Reply> look(const std::function<Reply(const group::Coordinator&)>& body) {
        return step<Reply>([&](group::Coordinator& rules, group::Now) {
            return group::Replied<Reply>{body(rules), {}};
        });
    }

    // This broker leads the partition from now on, or another one does: what the rules know is
    // worth nothing then, and whoever waits is sent there. Never waits.
    void lead(bool leads);

    // Work of its shard's fibers.
    bool is_unloaded() const { return state_ == State::unloaded; }
    void load();  // May wait.
    Time next_deadline() const { return rules_ ? rules_->next_deadline() : never; }
    void tick();
    void check_retention();
    void drop_offsets_of_missing_topics();
    bool wants_rewrite() const;
    // Writes the live image behind the log and forgets what was before it. May wait.
    void rewrite();
    // Error::invalid when its log holds groups of a kind that is not served. May wait.
    Result<void> check_log();
    // Whoever waits is sent away; nothing is answered any more.
    void close();

private:
    enum class State { unloaded, loading, ready, elsewhere, closed };
    struct Parked {
        explicit Parked(env::Scheduler& scheduler) : answered(scheduler) {}
        env::Event answered;
        Outcome<group::Answer> answer = protocol::ErrorCode::not_coordinator;
        Offset end;              // It may be given once everything before is durable,
        std::uint64_t load = 0;  // unless the log was read anew.
    };

    group::Now now() const;
    protocol::ErrorCode get_ready();
    using TakeRecord = std::function<void(const group::Record&)>;
    // Of records of kinds that are not served, and that were not deleted again.
    using ForeignKeys = std::set<std::string>;
    Result<void> replay(Partition& partition);
    Result<std::uint64_t> each_record(Partition& partition, Offset before, const TakeRecord& take);
    Result<void> each_record_of(const Bytes& piece, const TakeRecord& take, ForeignKeys& foreign,
                                Offset& next);
    protocol::ErrorCode perform(group::Effects effects);
    protocol::ErrorCode append(Partition& partition, const std::vector<group::Record>& records,
                               bool& any);
    protocol::ErrorCode wait_logged(Offset end);
    Outcome<group::Answer> wait_for_answer(group::Ticket ticket, Parked& parked);
    Result<void> append_image(Partition& partition);
    void send_away(protocol::ErrorCode code);
    void unload(protocol::ErrorCode why);

    Broker& broker_;
    env::Env& env_;
    const group::GroupSettings& settings_;
    const PartitionId id_;
    const Woken woken_;
    State state_ = State::unloaded;
    std::uint64_t loads_ = 0;  // So often the log was read, or became another one.
    std::unique_ptr<group::Coordinator> rules_;  // Only when ready.
    Offset logged_end_{0};                       // Everything the rules have applied is before it.
    Time load_again_{};                          // After a failure, not before.
    std::uint64_t bytes_since_image_ = 0;
    std::uint64_t image_bytes_ = 0;
    std::uint64_t tickets_ = 0;
    std::map<group::Ticket, Parked*> parked_;
};

}  // namespace sluice::broker
