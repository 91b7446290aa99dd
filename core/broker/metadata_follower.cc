// What becomes of the metadata where the quorum moves: followed, led, or led no more.

#include "core/broker/cluster/features.h"
#include "core/broker/metadata_driver.h"

namespace sluice::broker {

void MetadataDriver::follow() {
    while (!stopping_) {
        const auto caught_up = catch_up();
        activated_.notify_all();
        changed_();
        if (caught_up.failed() && caught_up.error().error != Error::stopped && !stopping_) {
            env_.logger.error("metadata.cannot-follow", {{"why", caught_up.error().message}});
            failed_();
            return;
        }
        if (moved_.wait().failed()) break;
    }
    activated_.notify_all();
}

Result<void, StartFailure> MetadataDriver::catch_up() {
    if (active_in_ && !is_active()) step_down();
    if (is_active() || quorum_.failed() || quorum_.log() == nullptr) return {};
    // The leader gave a snapshot instead of what it has no more.
    if (quorum_.log()->offsets().start > builder_.image().next_offset) CHECK_OK(load_snapshot());
    CHECK_OK(replay(quorum_.high_watermark()));
    if (const auto published = publish_committed(); published.failed())
        return StartFailure{published.error(), "the shards cannot be told"};
    const raft::Leadership led = quorum_.leadership();
    // Then all of the log is committed and applied: the first record of this leader is its last.
    if (!quorum_.leads() || builder_.image().epoch != led.epoch) return {};
    active_in_ = led.epoch;
    changed_();
    const auto begun = activate();
    if (begun.failed() && begun.error() != Error::stopped)
        return StartFailure{begun.error(), "the metadata log cannot be written"};
    return {};
}

// What was decided and not committed is forgotten: what of it counts comes back with the log.
void MetadataDriver::step_down() {
    active_in_.reset();
    builder_ = metadata::ImageBuilder(*committed_);
}

Result<void> MetadataDriver::activate() {
    // What a leader before began and did not finish never counts.
    if (builder_.in_transaction()) CHECK_OK(append({protocol::AbortTransactionRecord{}}));
    if (!config_.is_clustered() || !builder_.image().features.empty()) return {};
    CHECK_OK(append(first_features(true)));
    return publish();
}

// A follower's image, which is of what is committed, but for a transaction that has not ended.
Result<void> MetadataDriver::publish_committed() {
    if (quorum_.is_lone() || builder_.in_transaction()) return {};
    TRY(const env::Mutex::Guard guard, publishing_.lock());
    if (published_ >= builder_.image().next_offset) return {};
    return give_to_shards(Shared<const metadata::MetadataImage>::make(builder_.image()));
}

}  // namespace sluice::broker
