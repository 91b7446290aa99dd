#include "core/broker/group_coordinator.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/broker.h"
#include "core/protocol/batch_builder.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// What a batch's header and the records' own lengths may take of its size.
constexpr std::size_t batch_overhead = 4096;

// How a client is told that something could not be logged: find the coordinator again and retry.
ErrorCode coordinator_error(ErrorCode code) {
    if (code == ErrorCode::unknown_topic_or_partition || code == ErrorCode::request_timed_out ||
        code == ErrorCode::not_enough_replicas)
        return ErrorCode::coordinator_not_available;
    if (code == ErrorCode::message_too_large || code == ErrorCode::record_list_too_large)
        return ErrorCode::invalid_commit_offset_size;
    return ErrorCode::not_coordinator;
}

bool has_group_record(const std::vector<group::Record>& records) {
    return std::ranges::any_of(records, [](const group::Record& record) {
        return std::holds_alternative<group::GroupRecord>(record);
    });
}

}  // namespace

GroupCoordinator::GroupCoordinator(Broker& broker, PartitionId id, Woken woken)
    : broker_(broker),
      env_(broker.env()),
      settings_(broker.config().groups),
      id_(id),
      woken_(std::move(woken)) {}

group::Now GroupCoordinator::now() const {
    return {env_.clock.now(), env_.clock.wall()};
}

ErrorCode GroupCoordinator::get_ready() {
    if (state_ == State::unloaded) load();
    switch (state_) {
        case State::ready:
            break;
        case State::loading:
            return ErrorCode::coordinator_load_in_progress;
        case State::unloaded:
            return ErrorCode::coordinator_not_available;
        case State::elsewhere:
        case State::closed:
            return ErrorCode::not_coordinator;
    }
    if (const Partition::Use partition = broker_.find(id_))
        if (partition->log().wait_for_room().failed()) return ErrorCode::not_coordinator;
    return state_ == State::ready ? ErrorCode::none : ErrorCode::not_coordinator;
}

GroupCoordinator::Outcome<JoinGroupResponse> GroupCoordinator::join(const JoinGroupRequest& request,
                                                                    const Client& client) {
    if (const ErrorCode code = get_ready(); code != ErrorCode::none) return code;
    const group::Ticket ticket(++tickets_);
    Parked parked(env_.scheduler);
    parked_.emplace(ticket, &parked);
    const std::string fresh_id = Uuid::random(env_.random).text();
    static_cast<void>(perform(rules_->joined(
        request, {ticket, client.version, fresh_id, client.id, client.host}, now())));
    auto answer = wait_for_answer(ticket, parked);
    if (answer.failed()) return answer.error();
    return std::get<JoinGroupResponse>(std::move(answer->reply));
}

GroupCoordinator::Outcome<SyncGroupResponse> GroupCoordinator::sync(
    const SyncGroupRequest& request) {
    if (const ErrorCode code = get_ready(); code != ErrorCode::none) return code;
    const group::Ticket ticket(++tickets_);
    Parked parked(env_.scheduler);
    parked_.emplace(ticket, &parked);
    static_cast<void>(perform(rules_->synced(request, ticket, now())));
    auto answer = wait_for_answer(ticket, parked);
    if (answer.failed()) return answer.error();
    return std::get<SyncGroupResponse>(std::move(answer->reply));
}

GroupCoordinator::Outcome<HeartbeatResponse> GroupCoordinator::heartbeat(
    const HeartbeatRequest& request) {
    return step<HeartbeatResponse>([&](group::Coordinator& rules, group::Now moment) {
        HeartbeatResponse response;
        response.error_code = rules.heartbeat_came(request, moment);
        return group::Replied<HeartbeatResponse>{response, {}};
    });
}

GroupCoordinator::Outcome<group::Answer> GroupCoordinator::wait_for_answer(group::Ticket ticket,
                                                                           Parked& parked) {
    const auto woken = parked.answered.wait();
    parked_.erase(ticket);
    if (woken.failed()) return ErrorCode::not_coordinator;
    if (parked.answer.failed()) return parked.answer.error();
    // Its end is of a log that is another one now.
    if (parked.load != loads_) return ErrorCode::not_coordinator;
    if (const ErrorCode code = wait_logged(parked.end); code != ErrorCode::none) return code;
    return std::move(parked.answer);
}

// Logs and applies what a step decided, and hands out its answers. Never waits.
ErrorCode GroupCoordinator::perform(group::Effects effects) {
    const env::NoSuspend no_suspend(env_.scheduler);
    if (!effects.records.empty()) {
        const Partition::Use partition = broker_.find(id_);
        bool any = false;
        const ErrorCode code =
            partition ? append(*partition, effects.records, any) : ErrorCode::not_coordinator;
        if (code != ErrorCode::none) {
            // Offsets that were not logged were not committed, and that is all.
            if (any || has_group_record(effects.records)) unload(code);
            return code;
        }
        for (const group::Record& record : effects.records) rules_->apply(record);
    }
    for (group::Answer& answer : effects.answers) {
        const auto waiter = parked_.find(answer.ticket);
        if (waiter == parked_.end()) continue;  // Its fiber was stopped.
        waiter->second->answer = std::move(answer);
        waiter->second->end = logged_end_;
        waiter->second->load = loads_;
        waiter->second->answered.set();
    }
    woken_(wants_rewrite());
    return ErrorCode::none;
}

ErrorCode GroupCoordinator::append(Partition& partition, const std::vector<group::Record>& records,
                                   bool& any) {
    const std::size_t batch_bytes_max = partition.settings().batch_bytes_max;
    const std::size_t size_max =
        batch_bytes_max > 2 * batch_overhead ? batch_bytes_max - batch_overhead : batch_bytes_max;
    for (std::size_t next = 0; next < records.size();) {
        RecordBatchBuilder batch({.leader_epoch = partition.leader_epoch()});
        while (next < records.size()) {
            const group::RecordBytes record = group::encode(records[next]);
            if (!batch.empty() && batch.uncompressed_size() + record.size() + 64 > size_max) break;
            batch.append(
                {.timestamp = env_.clock.wall(),
                 .key = record.key.view(),
                 .value = record.value ? std::optional(record.value->view()) : std::nullopt});
            ++next;
        }
        const Bytes built = batch.build();
        AppendOrigin origin;
        origin.is_client = false;
        const ProduceOutcome outcome = partition.append(built.view(), origin);
        if (outcome.error != ErrorCode::none) {
            env_.logger.warn("group.append-refused",
                             {{"partition", std::to_string(id_.index.value)},
                              {"why", std::string(protocol::name_of(outcome.error))},
                              {"detail", outcome.message}});
            return coordinator_error(outcome.error);
        }
        any = true;
        logged_end_ = outcome.next;
        bytes_since_image_ += built.size();
    }
    return ErrorCode::none;
}

ErrorCode GroupCoordinator::wait_logged(Offset end) {
    if (PLANT("group.answered_before_durable")) return ErrorCode::none;
    const Partition::Use partition = broker_.find(id_);
    if (!partition) return ErrorCode::not_coordinator;
    const ErrorCode code = partition->wait_committed(end);
    return code == ErrorCode::none ? code : coordinator_error(code);
}

void GroupCoordinator::tick() {
    if (state_ != State::ready || next_deadline() > env_.clock.now()) return;
    static_cast<void>(perform(rules_->ticked(now())));
}

void GroupCoordinator::check_retention() {
    if (state_ == State::ready) static_cast<void>(perform(rules_->retention_checked(now())));
}

void GroupCoordinator::drop_offsets_of_missing_topics() {
    if (state_ != State::ready || PLANT("group.offsets_outlive_their_topic")) return;
    const metadata::MetadataImage& image = broker_.image();
    const auto exists = [&](const std::string& name, const TopicId& id) {
        const metadata::TopicState* topic = image.topic(name);
        return topic != nullptr && (id.is_zero() || topic->id == id);
    };
    static_cast<void>(perform(rules_->topics_changed(exists)));
}

void GroupCoordinator::send_away(ErrorCode code) {
    for (auto& [ticket, parked] : parked_) {
        // Who has its answer already keeps it.
        if (parked->answer) continue;
        parked->answer = code;
        parked->answered.set();
    }
}

void GroupCoordinator::unload(ErrorCode why) {
    rules_.reset();
    state_ = State::unloaded;
    send_away(why);
    woken_(true);
}

void GroupCoordinator::lead(bool leads) {
    if (state_ == State::closed || leads == (state_ != State::elsewhere)) return;
    ++loads_;
    if (leads) {
        state_ = State::unloaded;
        load_again_ = {};
        return woken_(true);
    }
    SOMETIMES("cluster.coordinator_moved", state_ == State::ready);
    rules_.reset();
    state_ = State::elsewhere;
    send_away(ErrorCode::not_coordinator);
}

void GroupCoordinator::close() {
    if (state_ == State::ready) rules_.reset();
    state_ = State::closed;
    ++loads_;
    send_away(ErrorCode::not_coordinator);
}

}  // namespace sluice::broker
