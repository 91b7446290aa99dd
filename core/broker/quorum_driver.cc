#include "core/broker/quorum_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/base/probe.h"
#include "core/broker/joined.h"
#include "core/protocol/validate_batch.h"

namespace sluice::broker {

using raft::Quorum;

namespace {

// Given to the others to hear that this leader goes.
constexpr Duration farewell_time = seconds(1);

raft::VoterSet::Voter voter_of(BrokerId id, const env::Address& address, const std::string& name) {
    raft::VoterSet::Voter voter;
    voter.voter_id = id;
    if (!address.host.empty()) voter.endpoints = {{name, address.host, address.port}};
    return voter;
}

// Those of the configuration; a node that is told of nobody is alone.
raft::VoterSet configured_voters(const BrokerConfig& config) {
    std::vector<raft::VoterSet::Voter> voters;
    for (const auto& voter : config.quorum.voters)
        voters.push_back(voter_of(voter.id, voter.address, config.controller_listener));
    if (voters.empty() && !config.is_clustered())
        voters.push_back(voter_of(config.node_id, config.controller_listen, {}));
    return raft::VoterSet(voters);
}

// Kafka as well gives negative numbers to whom it knows only the address of.
BrokerId nameless(std::size_t bootstrap_server) {
    return BrokerId(-2 - static_cast<std::int32_t>(bootstrap_server));
}

StartFailure state_unreadable() {
    return {Error::corrupt,
            fmt::format("{}/quorum-state cannot be read, and whom this node voted for may stand in "
                        "it. Restore it from a copy; or remove the data directory, if the other "
                        "controllers have everything, and let this one begin anew.",
                        metadata_log_name)};
}

}  // namespace

QuorumDriver::QuorumDriver(env::Env& env, const BrokerConfig& config, DataDirectory& directory,
                           LogStore& logs, Peers* peers)
    : env_(env),
      config_(config),
      directory_(directory),
      logs_(logs),
      peers_(peers),
      self_{config.node_id, {}},
      voters_(configured_voters(config)),
      work_(env.scheduler),
      changed_(env.scheduler),
      fibers_(env.scheduler) {
    log_config_.retention_age = milliseconds(-1);
    log_config_.uses_reserve = true;
    log_config_.segment_bytes = config_.metadata_segment_bytes;
    // Where others lead, what they do not have must go again.
    log_config_.skips_journal = !is_lone();
}

QuorumDriver::~QuorumDriver() = default;

Result<void, StartFailure> QuorumDriver::open(const LogHints& hints, Setup setup) {
    setup_ = std::move(setup);
    self_.directory = setup_.directory_id;
    auto log =
        logs_.open(std::string(metadata_log_name), raft::metadata_topic_id, log_config_, hints);
    if (log.failed())
        return StartFailure{
            log.error(),
            fmt::format("the metadata log cannot be recovered: the log lines above say what is "
                        "wrong with its files. Restore {} from a copy.",
                        metadata_log_name)};
    log_ = std::move(*log);
    return load_state();
}

Result<void, StartFailure> QuorumDriver::load_state() {
    const auto state = directory_.quorum_state();
    if (state.failed()) return state_unreadable();
    if (*state) kept_ = **state;
    const auto latest = log_->epochs().latest();
    // Whoever has records of an epoch has heard of it.
    if (latest && latest->epoch > kept_.epoch) kept_ = {latest->epoch, std::nullopt, std::nullopt};
    return {};
}

Result<void, StartFailure> QuorumDriver::begin(raft::LogPoint snapshot) {
    if (snapshot.epoch > kept_.epoch) kept_ = {snapshot.epoch, std::nullopt, std::nullopt};
    // A crash came between a snapshot of the leader's and the log that goes on from it.
    if (!is_lone() && !goes_on_from(snapshot)) {
        auto anew =
            logs_.cut(std::move(log_), {.end = snapshot.offset, .all = true}, setup_.checkpoint);
        if (anew.failed())
            return StartFailure{anew.error(), "the metadata log cannot go on from its snapshot"};
        log_ = std::move(*anew);
    }
    const QuorumConfig& quorum = config_.quorum;
    Quorum::Options options{.self = self_,
                            .election_timeout = quorum.election_timeout,
                            .election_backoff_max = quorum.election_backoff_max,
                            .fetch_timeout = quorum.fetch_timeout,
                            .retry_backoff = quorum.retry_backoff};
    for (const BrokerId voter : voters_.ids()) options.bootstrap.push_back(voter);
    for (std::size_t i = 0; i < quorum.bootstrap_servers.size(); ++i)
        options.bootstrap.push_back(nameless(i));
    const LogOffsets& offsets = log_->offsets();
    Quorum::Log log{
        .snapshot = snapshot, .start = offsets.start, .end = offsets.end, .epochs = log_->epochs()};
    // An epoch whose first record a crash took is none that this log is of: it would seem more up
    // to date than it is.
    log.epochs.truncate_from_end(offsets.end);
    high_watermark_ = snapshot.offset;
    if (const auto shown = show_log(); shown.failed())
        return StartFailure{shown.error(), "the metadata log cannot be read"};
    rules_ = std::make_unique<Quorum>(std::move(options), kept_, std::move(log),
                                      raft::VoterHistory(voters_), env_.clock.now());
    take();
    if (fibers_.spawn("quorum", [this] { run(); }).failed())
        return StartFailure{Error::limit, "the metadata quorum cannot begin. Raise fibers.max."};
    return {};
}

Result<void> QuorumDriver::show_log() {
    if (setup_.watch == nullptr) return {};
    setup_.watch->opened(log_->offsets().start);
    Offset at = log_->offsets().start;
    while (at < log_->offsets().end) {
        TRY(const LogRead read, log_->read({.from = at, .before = log_->offsets().end}));
        for (const Bytes& piece : read.pieces) {
            protocol::BatchSplitter batches(piece.view());
            while (const auto batch = batches.next()) {
                setup_.watch->appended(*batch);
                at = batch->next_offset();
            }
        }
        if (read.pieces.empty()) return Error::corrupt;
    }
    return {};
}

bool QuorumDriver::goes_on_from(raft::LogPoint snapshot) const {
    const LogOffsets& offsets = log_->offsets();
    if (snapshot.offset < offsets.start || snapshot.offset > offsets.end) return false;
    if (snapshot.offset == offsets.start) return true;
    return log_->epochs().epoch_of(Offset(snapshot.offset.value - 1)) == snapshot.epoch;
}

QuorumDriver::Ticket QuorumDriver::take() {
    for (raft::Effect& effect : rules_->take_effects()) {
        queue_.push_back(std::move(effect));
        ++taken_;
    }
    work_.set();
    return taken_;
}

Result<void> QuorumDriver::settle(Ticket ticket) {
    while (performed_ < ticket) {
        if (failed_) return Error::io;
        if (stopping_) return Error::stopped;
        CHECK_OK(changed_.wait());
    }
    return {};
}

Result<raft::VoteReply> QuorumDriver::asked(const raft::VoteAsk& ask) {
    if (!rules_ || failed_ || stopping_) return Error::stopped;
    const raft::VoteReply reply = rules_->vote_asked(ask, env_.clock.now());
    const Ticket voted = take();
    if (!PLANT("quorum.vote_answered_before_it_is_kept")) CHECK_OK(settle(voted));
    return reply;
}

Result<raft::LeaderReply> QuorumDriver::asked(const raft::LeaderAsk& ask) {
    if (!rules_ || failed_ || stopping_) return Error::stopped;
    const raft::LeaderReply reply = rules_->leader_announced(ask, env_.clock.now());
    CHECK_OK(settle(take()));
    return reply;
}

Result<raft::ResignReply> QuorumDriver::asked(const raft::ResignAsk& ask) {
    if (!rules_ || failed_ || stopping_) return Error::stopped;
    const raft::ResignReply reply = rules_->leader_resigned(ask, env_.clock.now());
    CHECK_OK(settle(take()));
    return reply;
}

Result<QuorumDriver::Fetched> QuorumDriver::asked(const raft::FetchAsk& ask,
                                                  const FetchWish& wish) {
    if (!rules_ || failed_ || stopping_) return Error::stopped;
    rules_->fetched(ask, env_.clock.now());
    take();
    TRY(raft::FetchReply reply, settled_reply(ask));
    const Time deadline = env_.clock.now() + std::min(wish.wait_max, config_.fetch_wait_max);
    while (!has_news(ask, reply) && !leaving_ && env_.clock.now() < deadline) {
        const auto waited = changed_.wait_until(deadline);
        if (waited.failed() && waited.error() != Error::timed_out) return waited.error();
        if (stopping_ || leaving_) break;
        TRY(reply, settled_reply(ask));
    }
    return read_for(ask, std::move(reply), wish.bytes_max);
}

// What it tells is on disk: an epoch that was only heard of a moment ago may not be.
Result<raft::FetchReply> QuorumDriver::settled_reply(const raft::FetchAsk& ask) {
    for (;;) {
        raft::FetchReply reply = rules_->fetch_reply(ask);
        const Ticket told = taken_;
        CHECK_OK(settle(told));
        if (taken_ == told) return reply;
    }
}

bool QuorumDriver::has_news(const raft::FetchAsk& ask, const raft::FetchReply& reply) const {
    return reply.error != protocol::ErrorCode::none || reply.diverging || reply.snapshot ||
           rules_->log_end().offset > ask.log_end.offset ||
           reply.high_watermark > ask.high_watermark;
}

Result<QuorumDriver::Fetched> QuorumDriver::read_for(const raft::FetchAsk& ask,
                                                     raft::FetchReply reply,
                                                     std::size_t bytes_max) {
    if (!log_) return Error::stopped;
    Fetched fetched{std::move(reply), {.log_start = log_->offsets().start}};
    const raft::FetchReply& said = fetched.reply;
    if (said.error != protocol::ErrorCode::none || said.diverging || said.snapshot) return fetched;
    const LeaderEpoch epoch = said.known.epoch;
    TRY(const LogRead read,
        log_->read(
            {.from = ask.log_end.offset, .before = log_->offsets().end, .bytes_max = bytes_max}));
    // Somebody else may have been elected meanwhile, and other records stand there.
    if (!leads() || leadership().epoch != epoch) {
        TRY(fetched.reply, settled_reply(ask));
        return fetched;
    }
    fetched.log.records = joined(read.pieces);
    return fetched;
}

Result<Offset> QuorumDriver::append(const Bytes& batch, LeaderEpoch epoch) {
    if (failed_) return Error::io;
    if (!leads() || leadership().epoch != epoch || !log_) return Error::stopped;
    ASSERT(rules_->log_end().offset == log_->offsets().end);
    const auto facts = protocol::validate_batch(batch.view(), sound_batch());
    ASSERT(!facts.failed());
    const auto taken = log_->append(batch.view(), *facts, epoch);
    if (taken.failed()) {
        lost_log(taken.error());
        return taken.error();
    }
    const AppendedBatch& appended = *taken;
    show_appended(batch, appended.base, epoch);
    rules_->appended(appended.next, env_.clock.now());
    take();
    changed_.notify_all();
    return appended.next;
}

// A leader whose log is offline must not keep others from being elected.
void QuorumDriver::lost_log(Error why) {
    if (why == Error::io && !is_lone() && !failed_) fail(why);
}

// The batch as it stands in the log.
void QuorumDriver::show_appended(const Bytes& batch, Offset base, LeaderEpoch epoch) {
    if (setup_.watch == nullptr) return;
    Buffer placed = Buffer::allocate(batch.size());
    std::ranges::copy(batch.view(), placed.data());
    protocol::place_batch(placed.all(), base, epoch);
    setup_.watch->appended(protocol::BatchView(placed.all()));
}

Result<void> QuorumDriver::wait_committed(Offset end, LeaderEpoch epoch) {
    if (!leads() || leadership().epoch != epoch || !log_) return Error::stopped;
    if (high_watermark_ >= end) return {};
    if (const auto durable = log_->wait_durable(end); durable.failed()) {
        lost_log(durable.error());
        return durable;
    }
    if (leads() && leadership().epoch == epoch) {
        rules_->flushed(log_->offsets().durable, env_.clock.now());
        take();
    }
    while (high_watermark_ < end) {
        if (failed_) return Error::io;
        if (!leads() || leadership().epoch != epoch || stopping_) return Error::stopped;
        CHECK_OK(changed_.wait());
    }
    return {};
}

Result<LogRead> QuorumDriver::read(const PartitionLog::ReadRange& range) {
    if (!log_) return Error::stopped;
    return log_->read(range);
}

void QuorumDriver::answered(raft::AskId id, const Result<raft::Reply>& reply) {
    if (stopping_ || failed_) return;
    const Time now = env_.clock.now();
    if (reply)
        rules_->answered(id, *reply, now);
    else
        rules_->failed(id, now);
    take();
    const bool stores = std::ranges::any_of(queue_, [id](const raft::Effect& effect) {
        const auto* store = std::get_if<raft::Store>(&effect);
        return store != nullptr && store->fetched_by == id;
    });
    if (!stores) fetched_.erase(id);
}

void QuorumDriver::note_presence(BrokerId peer, const Result<raft::Reply>& reply) {
    if (reply) {
        gone_since_[peer].reset();
        return;
    }
    const auto known = gone_since_.find(peer);
    if (reply.error() != Error::refused || known == gone_since_.end() || known->second) return;
    known->second = env_.clock.now();
    if (stopping_ || failed_) return;
    rules_->lost(peer, env_.clock.now());
    take();
    setup_.moved();
}

std::optional<Time> QuorumDriver::gone_since(BrokerId id) const {
    const auto known = gone_since_.find(id);
    return known == gone_since_.end() ? std::nullopt : known->second;
}

Result<raft::Reply> QuorumDriver::ask_peer(BrokerId to, raft::AskId id, const raft::Ask& ask) {
    const auto there = endpoint_of(to);
    if (!there || !peers_) return Error::not_found;
    const env::Address address{there->host, there->port};
    const std::string& cluster = setup_.cluster_id;
    if (const auto* vote = std::get_if<raft::VoteAsk>(&ask)) {
        TRY(const auto response, peers_->ask(address, request_of(*vote, cluster), {}));
        return raft::Reply(raft::reply_of(response));
    }
    if (const auto* lead = std::get_if<raft::LeaderAsk>(&ask)) {
        TRY(const auto response, peers_->ask(address, request_of(*lead, cluster), {}));
        return raft::Reply(raft::reply_of(response));
    }
    if (const auto* resign = std::get_if<raft::ResignAsk>(&ask)) {
        TRY(const auto response, peers_->ask(address, request_of(*resign, cluster), {}));
        return raft::Reply(raft::reply_of(response));
    }
    const auto& fetch = std::get<raft::FetchAsk>(ask);
    const Duration wait_max = config_.quorum.fetch_wait_max;
    const auto request = request_of(
        fetch, cluster, {.wait_max = wait_max, .bytes_max = config_.quorum.fetch_bytes_max});
    TRY(const auto response,
        peers_->ask(address, request, {.line = Peers::Line::fetch, .extra_time = wait_max}));
    for (const auto& each : response.node_endpoints)
        if (!PLANT("cluster.leaders_address_not_noted"))
            told_ = raft::Endpoint{each.node_id, each.host, static_cast<std::uint16_t>(each.port)};
    TRY(raft::FetchReply reply, raft::reply_of(response, fetch));
    if (!reply.runs.empty()) {
        const auto& records = response.responses.front().partitions.front().records;
        CHECK_OK(check_batches(*records));
        fetched_[id] = *records;
    }
    return raft::Reply(std::move(reply));
}

// What any batch of the metadata log is. The clocks of its leaders may be hours apart.
protocol::ValidationRules QuorumDriver::sound_batch() {
    protocol::ValidationRules rules;
    rules.from_client = false;
    rules.batch_bytes_max = SIZE_MAX;
    rules.timestamp_after_max_ms = std::numeric_limits<std::int64_t>::max();
    return rules;
}

// Nothing is believed of them before: who sends damage is asked again.
Result<void> QuorumDriver::check_batches(const Bytes& records) const {
    protocol::BatchSplitter batches(records.view());
    while (const auto batch = batches.next())
        if (protocol::validate_batch(batch->bytes(), sound_batch()).failed()) return Error::corrupt;
    return {};
}

std::optional<raft::Endpoint> QuorumDriver::endpoint_of(BrokerId id) const {
    const auto* voter = voters().find(id);
    if (voter != nullptr && !voter->endpoints.empty()) {
        const auto& endpoint = voter->endpoints.front();
        return raft::Endpoint{id, endpoint.host, endpoint.port};
    }
    const auto& servers = config_.quorum.bootstrap_servers;
    for (std::size_t i = 0; i < servers.size(); ++i)
        if (nameless(i) == id) return raft::Endpoint{id, servers[i].host, servers[i].port};
    return told_ && told_->node == id ? told_ : std::nullopt;
}

std::optional<raft::Endpoint> QuorumDriver::leader_endpoint() const {
    const auto leader = leadership().leader;
    return leader ? endpoint_of(*leader) : std::nullopt;
}

std::optional<Quorum::Description> QuorumDriver::describe() const {
    return rules_ ? rules_->describe(env_.clock.now()) : std::nullopt;
}

void QuorumDriver::snapshot_taken(raft::LogPoint snapshot) {
    if (rules_) rules_->snapshot_taken(snapshot);
}

Result<void> QuorumDriver::forget_before(Offset start) {
    if (!log_) return Error::stopped;
    CHECK_OK(log_->advance_start(start));
    if (!log_) return Error::stopped;
    if (rules_) rules_->log_start_moved(log_->offsets().start);
    return log_->maintain(start, env_.clock.wall());
}

void QuorumDriver::begin_stop() {
    leaving_ = true;
    changed_.notify_all();
    if (!rules_ || failed_ || !leads() || is_lone()) return;
    rules_->resign(env_.clock.now());
    const Ticket resigned = take();
    // Not longer: a full disk keeps what was resigned from.
    const Time deadline = env_.clock.now() + farewell_time;
    while ((performed_ < resigned || asking_ > 0) && !failed_ && changed_.wait_until(deadline)) {
    }
}

void QuorumDriver::stop() {
    stopping_ = true;
    work_.set();
    changed_.notify_all();
    if (peers_) peers_->break_off();
    fibers_.join();
}

Result<void> QuorumDriver::close() {
    if (!log_) return {};
    auto log = std::move(log_);
    return logs_.close(*log);
}

}  // namespace sluice::broker
