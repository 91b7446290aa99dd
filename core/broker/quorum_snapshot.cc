// How a replica that is too far behind begins with a snapshot of the leader's (KIP-630).

#include <algorithm>

#include "core/broker/quorum_driver.h"
#include "core/metadata/snapshot.h"

namespace sluice::broker {

using protocol::ErrorCode;

namespace {

// A snapshot that nobody asked for so long need not stay in memory.
constexpr Duration served_time = seconds(10);

}  // namespace

Result<raft::SnapshotPart> QuorumDriver::asked(const raft::SnapshotAsk& ask,
                                               std::size_t bytes_max) {
    if (!rules_ || failed_ || stopping_) return Error::stopped;
    raft::SnapshotPart part;
    part.error = rules_->snapshot_asked(ask.replica, ask.epoch, env_.clock.now());
    part.known = leadership();
    CHECK_OK(settle(take()));
    if (part.error != ErrorCode::none) return part;
    TRY(const bool is_here, serve_snapshot(ask.snapshot));
    if (!is_here) {
        part.error = ErrorCode::snapshot_not_found;
        return part;
    }
    const Bytes& content = served_->snapshot.content;
    part.size = static_cast<std::int64_t>(content.size());
    if (ask.position < 0 || ask.position >= part.size) {
        part.error = ErrorCode::position_out_of_range;
        return part;
    }
    const auto at = static_cast<std::size_t>(ask.position);
    part.bytes = content.slice(at, std::min(bytes_max, content.size() - at));
    return part;
}

// It is asked for in many parts, and read for the first of them.
Result<bool> QuorumDriver::serve_snapshot(raft::LogPoint wanted) {
    const auto is_wanted = [&](const metadata::Snapshot& snapshot) {
        return snapshot.end == wanted.offset && snapshot.epoch == wanted.epoch;
    };
    if (!served_ || !is_wanted(served_->snapshot)) {
        TRY(auto snapshot, directory_.newest_snapshot());
        if (!snapshot || !is_wanted(*snapshot)) return false;
        served_ = Served{std::move(*snapshot), {}};
    }
    served_->until = env_.clock.now() + served_time;
    return true;
}

void QuorumDriver::maintain() {
    if (served_ && env_.clock.now() >= served_->until) served_.reset();
}

// The network may take long, and nobody else's effects wait for it. Whatever fails, the leader is
// taken for silent after a while, and asked from the beginning.
Result<void> QuorumDriver::perform(const raft::Restore& effect) {
    // One at a time: what comes of it is as good for whoever asks now.
    if (restoring_) return {};
    restoring_ = true;
    const auto spawned = fibers_.spawn("quorum-restore", [this, effect] {
        restore(effect);
        restoring_ = false;
    });
    if (spawned.failed()) {
        restoring_ = false;
        say_not_restored(effect, spawned.error());
    }
    return {};
}

void QuorumDriver::restore(const raft::Restore& effect) {
    auto snapshot = fetch_snapshot(effect);
    if (stopping_ || failed_) return;
    if (snapshot.failed()) return say_not_restored(effect, snapshot.error());
    if (rules_->restored(effect.snapshot, raft::VoterHistory(voters_), env_.clock.now()))
        restored_.insert_or_assign(effect.snapshot, std::move(*snapshot));
    take();
}

void QuorumDriver::say_not_restored(const raft::Restore& effect, Error why) {
    env_.logger.warn("quorum.snapshot-not-fetched", {{"from", std::to_string(effect.from.value)},
                                                     {"why", std::string(name_of(why))}});
}

Result<metadata::Snapshot> QuorumDriver::fetch_snapshot(const raft::Restore& effect) {
    const auto there = endpoint_of(effect.from);
    if (!there || !peers_) return Error::not_found;
    std::vector<std::uint8_t> content;
    std::int64_t size = 1;
    raft::SnapshotAsk ask{self_, leadership().epoch, effect.snapshot};
    while (ask.position < size) {
        if (stopping_) return Error::stopped;
        TRY(const auto response,
            peers_->ask({there->host, there->port},
                        request_of(ask, setup_.cluster_id, config_.quorum.snapshot_part_bytes),
                        {.line = Peers::Line::fetch}));
        TRY(const raft::SnapshotPart part, raft::reply_of(response, ask));
        if (part.error != ErrorCode::none) return Error::not_found;
        if (part.size > static_cast<std::int64_t>(metadata::snapshot_bytes_max))
            return Error::limit;
        size = part.size;
        const Slice bytes = part.bytes.view();
        content.insert(content.end(), bytes.begin(), bytes.end());
        ask.position = static_cast<std::int64_t>(content.size());
        rules_->restoring_goes_on(effect.snapshot, env_.clock.now());
        take();
    }
    metadata::Snapshot snapshot{effect.snapshot.offset, effect.snapshot.epoch,
                                Bytes::copy_of(content)};
    if (metadata::decode_snapshot(snapshot, config_.decompressed_bytes_max).failed())
        return Error::corrupt;
    return snapshot;
}

// The snapshot first: a start that finds it goes on from it, whatever became of the log.
Result<void> QuorumDriver::perform(const raft::Replace& effect) {
    const auto found = restored_.extract(effect.snapshot);
    ASSERT(!found.empty());
    const metadata::Snapshot& snapshot = found.mapped();
    env_.logger.info("quorum.restored", {{"end", std::to_string(effect.snapshot.offset.value)}});
    CHECK_OK(directory_.keep_snapshot(snapshot));
    TRY(log_, logs_.cut(std::move(log_), {.end = snapshot.end, .all = true}, setup_.checkpoint));
    ASSERT(log_->offsets().end == snapshot.end);
    if (setup_.watch) setup_.watch->cut(snapshot.end, true);
    return {};
}

}  // namespace sluice::broker
