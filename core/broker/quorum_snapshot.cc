// How a replica that is too far behind begins with a snapshot of the leader's (KIP-630).

#include <algorithm>

#include "core/broker/quorum_driver.h"
#include "core/metadata/snapshot.h"

namespace sluice::broker {

using protocol::ErrorCode;

namespace {

constexpr std::size_t snapshot_bytes_max = 512 << 20;
constexpr std::int32_t part_bytes_max = 1 << 20;

protocol::FetchSnapshotRequest request_of(const raft::ReplicaKey& self, LeaderEpoch epoch,
                                          raft::LogPoint snapshot, std::int64_t position) {
    protocol::FetchSnapshotRequest request;
    request.replica_id = self.id;
    request.max_bytes = part_bytes_max;
    request.topics.emplace_back();
    request.topics.front().name = raft::metadata_topic;
    auto& partition = request.topics.front().partitions.emplace_back();
    partition.current_leader_epoch = epoch;
    partition.snapshot_id = {snapshot.offset, snapshot.epoch};
    partition.position = position;
    partition.replica_directory_id = self.directory;
    return request;
}

}  // namespace

Result<QuorumDriver::SnapshotPart> QuorumDriver::asked(const SnapshotWish& wish) {
    if (!rules_ || failed_ || stopping_) return Error::stopped;
    SnapshotPart part;
    part.error = rules_->snapshot_asked(wish.replica, wish.epoch, env_.clock.now());
    part.known = leadership();
    CHECK_OK(settle(take()));
    if (part.error != ErrorCode::none) return part;
    TRY(const auto snapshot, directory_.newest_snapshot());
    if (!snapshot || snapshot->end != wish.snapshot.offset ||
        snapshot->epoch != wish.snapshot.epoch) {
        part.error = ErrorCode::snapshot_not_found;
        return part;
    }
    part.size = static_cast<std::int64_t>(snapshot->content.size());
    if (wish.position < 0 || wish.position >= part.size) {
        part.error = ErrorCode::position_out_of_range;
        return part;
    }
    const auto at = static_cast<std::size_t>(wish.position);
    part.bytes =
        snapshot->content.slice(at, std::min(wish.bytes_max, snapshot->content.size() - at));
    return part;
}

// Whatever fails, the leader is taken for silent after a while, and asked from the beginning.
Result<void> QuorumDriver::perform(const raft::Restore& effect) {
    auto snapshot = fetch_snapshot(effect);
    if (snapshot.failed()) {
        if (snapshot.error() == Error::stopped || stopping_) return Error::stopped;
        env_.logger.warn("quorum.snapshot-not-fetched",
                         {{"from", std::to_string(effect.from.value)},
                          {"why", std::string(name_of(snapshot.error()))}});
        return {};
    }
    restored_ = std::move(*snapshot);
    if (!rules_->restored(effect.snapshot, raft::VoterHistory(voters_), env_.clock.now()))
        restored_.reset();
    take();
    return {};
}

Result<metadata::Snapshot> QuorumDriver::fetch_snapshot(const raft::Restore& effect) {
    const auto there = endpoint_of(effect.from);
    if (!there || !peers_) return Error::not_found;
    std::vector<std::uint8_t> content;
    std::int64_t size = 1;
    const LeaderEpoch epoch = leadership().epoch;
    while (static_cast<std::int64_t>(content.size()) < size) {
        if (stopping_) return Error::stopped;
        auto request =
            request_of(self_, epoch, effect.snapshot, static_cast<std::int64_t>(content.size()));
        request.cluster_id = setup_.cluster_id;
        TRY(const auto response,
            peers_->ask({there->host, there->port}, request, {.line = Peers::Line::fetch}));
        if (response.topics.size() != 1 || response.topics.front().partitions.size() != 1)
            return Error::invalid;
        const auto& part = response.topics.front().partitions.front();
        const bool goes_on = part.error_code == ErrorCode::none &&
                             !part.unaligned_records.empty() &&
                             part.position == static_cast<std::int64_t>(content.size());
        if (!goes_on) return Error::not_found;
        if (part.size > static_cast<std::int64_t>(snapshot_bytes_max)) return Error::limit;
        size = part.size;
        const Slice bytes = part.unaligned_records.view();
        content.insert(content.end(), bytes.begin(), bytes.end());
    }
    metadata::Snapshot snapshot{effect.snapshot.offset, effect.snapshot.epoch,
                                Bytes::copy_of(content)};
    if (metadata::decode_snapshot(snapshot, config_.decompressed_bytes_max).failed())
        return Error::corrupt;
    return snapshot;
}

// The snapshot first: a start that finds it goes on from it, whatever became of the log.
Result<void> QuorumDriver::perform(const raft::Replace& effect) {
    ASSERT(restored_);
    const metadata::Snapshot snapshot = std::move(*restored_);
    restored_.reset();
    env_.logger.info("quorum.restored", {{"end", std::to_string(effect.snapshot.offset.value)}});
    CHECK_OK(directory_.keep_snapshot(snapshot));
    TRY(log_, logs_.cut(std::move(log_), {.end = snapshot.end, .all = true}, setup_.checkpoint));
    ASSERT(log_->offsets().end == snapshot.end);
    if (setup_.watch) setup_.watch->cut(snapshot.end, true);
    return {};
}

}  // namespace sluice::broker
