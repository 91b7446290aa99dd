// What the rules of the quorum want done, done one after the other.

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/quorum_driver.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/validate_batch.h"
#include "core/protocol/versioned.h"

namespace sluice::broker {

namespace {

// How long what a full disk refused is left alone.
constexpr Duration full_disk_backoff = milliseconds(100);
// Nobody leads for so long: it is said, and again now and then.
constexpr Duration leaderless_time = seconds(3);
constexpr Duration leaderless_word_interval = seconds(30);

}  // namespace

void QuorumDriver::run() {
    while (!stopping_ && !failed_) {
        if (!queue_.empty()) {
            const raft::Effect effect = queue_.front();
            const auto done =
                std::visit([this](const auto& each) { return perform(each); }, effect);
            if (done.failed()) return fail(done.error());
            queue_.pop_front();
            ++performed_;
            changed_.notify_all();
            continue;
        }
        const Time now = env_.clock.now();
        say_nobody_leads(now);
        if (now >= rules_->wake_at()) {
            rules_->passed(now);
            take();
            continue;
        }
        const auto waited = work_.wait_until(rules_->wake_at());
        if (waited.failed() && waited.error() != Error::timed_out) return fail(waited.error());
    }
}

// What a node waits for that finds no leader, in words: it may be its own configuration.
void QuorumDriver::note_trouble(BrokerId peer, const Result<raft::Reply>& reply) {
    using protocol::ErrorCode;
    const auto there = endpoint_of(peer);
    const std::string at = there ? env::Address{there->host, there->port}.text() : "nowhere";
    const auto code = [](const auto& each) { return each.error; };
    const ErrorCode refusal = reply ? std::visit(code, *reply) : ErrorCode::none;
    if (refusal == ErrorCode::inconsistent_cluster_id) {
        trouble_ = at + " belongs to another cluster than " + setup_.cluster_id;
        remedy_ =
            "give this node a directory with the cluster id of the others (sluice format "
            "--cluster-id), or the addresses of its own controllers";
    } else if (refusal == ErrorCode::unknown_topic_or_partition ||
               refusal == ErrorCode::unknown_topic_id || refusal == ErrorCode::invalid_request ||
               (reply.failed() && reply.error() == Error::invalid)) {
        trouble_ = at + " is no controller: whoever listens there serves something else";
        remedy_ =
            "give the addresses of the controllers' listeners, which are not those that "
            "clients connect to";
    } else if (reply.failed() && reply.error() != Error::stopped) {
        trouble_ = at + (reply.error() == Error::refused
                             ? " is where nobody listens"
                             : fmt::format(" did not answer ({})", name_of(reply.error())));
        remedy_ = "start the controllers, or correct their addresses; look at the network";
    }
}

void QuorumDriver::say_nobody_leads(Time now) {
    if (is_lone() || leadership().leader) {
        leaderless_since_.reset();
        trouble_.clear();
        remedy_.clear();
        return;
    }
    if (!leaderless_since_) {
        leaderless_since_ = now;
        next_word_ = now + leaderless_time;
    }
    if (now < next_word_ || leaving_ || stopping_) return;
    next_word_ = now + leaderless_word_interval;
    const std::string why = trouble_.empty() ? "no majority of the controllers answers" : trouble_;
    const std::string remedy =
        remedy_.empty() ? "start the other controllers; look at the network" : remedy_;
    if (config_.is_controller)
        env_.logger.warn("quorum.led", {{"epoch", std::to_string(leadership().epoch.value)},
                                        {"leader", "nobody"},
                                        {"why", why},
                                        {"remedy", remedy}});
    else
        env_.logger.warn("broker.cannot-register", {{"why", why}, {"remedy", remedy}});
}

// Nobody may be answered any more: what was decided is not on disk.
void QuorumDriver::fail(Error why) {
    failed_ = true;
    changed_.notify_all();
    setup_.moved();
    if (why == Error::stopped || stopping_) return;
    // Else it has been said what is wrong.
    if (!halted_)
        env_.logger.error("quorum.failed",
                          {{"why", std::string(name_of(why))},
                           {"remedy", "the node stops; check the disk and start it again"}});
    setup_.failed();
}

Result<void> QuorumDriver::try_again_later() {
    if (stopping_) return Error::stopped;
    return env::sleep_for(env_.scheduler, full_disk_backoff);
}

Result<void> QuorumDriver::perform(const raft::Persist& effect) {
    const std::vector<BrokerId> configured = voters_.ids();
    for (;;) {
        const auto kept = directory_.keep_quorum_state(effect.state, configured);
        if (!kept.failed() || kept.error() != Error::no_space) return kept;
        CHECK_OK(try_again_later());
    }
}

Result<void> QuorumDriver::perform(const raft::Send& effect) {
    const auto spawned = fibers_.spawn("quorum-ask", [this, effect] {
        ++asking_;
        const auto reply = ask_peer(effect.to, effect.id, effect.ask);
        --asking_;
        note_presence(effect.to, reply);
        note_trouble(effect.to, reply);
        answered(effect.id, reply);
        changed_.notify_all();
    });
    if (spawned.failed()) answered(effect.id, spawned.error());
    return {};
}

// The record that says who leads from here on.
Result<void> QuorumDriver::perform(const raft::BeginEpoch& effect) {
    // Version 0: the directories of voters of the configuration are not known.
    protocol::LeaderChangeMessage message;
    message.leader_id = config_.node_id;
    for (const BrokerId id : effect.voters) message.voters.push_back({.voter_id = id});
    for (const BrokerId id : effect.granted_by) message.granting_voters.push_back({.voter_id = id});
    TRY(const Bytes value, protocol::encode(message, Version(0)));
    protocol::RecordBatchBuilder batch({.leader_epoch = effect.epoch, .is_control = true});
    const Bytes key = protocol::encode_control_key(protocol::ControlRecordType::leader_change);
    batch.append({.timestamp = env_.clock.wall(), .key = key.view(), .value = value.view()});
    ASSERT(log_->offsets().end == effect.at);
    TRY(const Offset end, append_at_last(batch.build(), effect.epoch));
    CHECK_OK(log_->wait_durable(end));
    rules_->flushed(end, env_.clock.now());
    take();
    return {};
}

// Until there is room: the rules count on it.
Result<Offset> QuorumDriver::append_at_last(const Bytes& batch, LeaderEpoch epoch) {
    const auto facts = protocol::validate_batch(batch.view(), sound_batch());
    ASSERT(!facts.failed());
    for (;;) {
        const auto appended = log_->append(batch.view(), *facts, epoch);
        if (appended) {
            show_appended(batch, appended->base, epoch);
            return appended->next;
        }
        if (appended.error() != Error::no_space && appended.error() != Error::limit)
            return appended.error();
        CHECK_OK(try_again_later());
    }
}

Result<void> QuorumDriver::perform(const raft::Store& effect) {
    const auto found = fetched_.find(effect.fetched_by);
    ASSERT(found != fetched_.end());
    const Bytes records = std::move(found->second);
    fetched_.erase(found);
    protocol::BatchSplitter batches(records.view());
    while (const auto batch = batches.next()) {
        const auto at = static_cast<std::size_t>(batch->bytes().data() - records.data());
        CHECK_OK(append_at_last(records.slice(at, batch->size()), batch->leader_epoch()));
    }
    ASSERT(log_->offsets().end == effect.end);
    if (PLANT("quorum.stored_before_it_is_durable")) return {};
    return log_->wait_durable(effect.end);
}

Result<void> QuorumDriver::perform(const raft::Truncate& effect) {
    env_.logger.info("quorum.truncated", {{"end", std::to_string(effect.end.value)}});
    TRY(log_, logs_.cut(std::move(log_), {.end = effect.end}, setup_.checkpoint));
    // The leader cut there, between two batches of what is common: other damage has ended it.
    if (log_->offsets().end != effect.end) return Error::corrupt;
    if (setup_.watch) setup_.watch->cut(effect.end, false);
    return {};
}

Result<void> QuorumDriver::perform(const raft::Committed& effect) {
    if (setup_.watch) setup_.watch->committed(effect.high_watermark);
    high_watermark_ = effect.high_watermark;
    setup_.moved();
    return {};
}

Result<void> QuorumDriver::perform(const raft::Led& effect) {
    if (setup_.watch) setup_.watch->led(effect.by);
    if (!is_lone())
        env_.logger.info(
            "quorum.led",
            {{"epoch", std::to_string(effect.by.epoch.value)},
             {"leader", effect.by.leader ? std::to_string(effect.by.leader->value) : "nobody"}});
    setup_.moved();
    return {};
}

Result<void> QuorumDriver::perform(const raft::Halt& effect) {
    halted_ = true;
    env_.logger.error(
        "quorum.halted",
        {{"offset", std::to_string(effect.diverging.offset.value)},
         {"why", "the leader does not have what is committed here"},
         {"remedy",
          "another controller lost its disk or was restored from an old copy: find out "
          "which, before this one is started again; the node stops"}});
    return Error::corrupt;
}

}  // namespace sluice::broker
