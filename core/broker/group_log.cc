// How a coordinator reads its log, and keeps it short.

#include "core/base/probe.h"
#include "core/broker/broker.h"
#include "core/broker/group_coordinator.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// So that clients who try again do not make us read a damaged log again and again.
constexpr Duration pause_after_failure = seconds(10);
// How often a rewrite is put off, 10 ms each time, before it is given up.
constexpr int attempts_max = 1000;

}  // namespace

void GroupCoordinator::load() {
    if (state_ != State::unloaded || env_.clock.now() < load_again_) return;
    const Partition::Use partition = broker_.find(id_);
    // Its leadership may begin a little later than the image says.
    if (!partition || partition->check_epoch(no_leader_epoch) != ErrorCode::none) return;
    state_ = State::loading;
    const std::uint64_t load = ++loads_;
    rules_ = std::make_unique<group::Coordinator>(settings_);
    const auto replayed = replay(*partition);
    if (state_ == State::closed) rules_.reset();
    // Another one leads meanwhile, or this broker does again, and what was read is not the log.
    if (load != loads_) return;
    if (replayed.failed()) {
        rules_.reset();
        state_ = State::unloaded;
        load_again_ = env_.clock.now() + pause_after_failure;
        if (replayed.error() != Error::stopped)
            env_.logger.error(
                "group.load-failed",
                {{"partition", std::to_string(id_.index.value)},
                 {"why", std::string(name_of(replayed.error()))},
                 {"remedy", replayed.error() == Error::invalid
                                ? "it holds groups of a kind this version does not serve: delete "
                                  "them with the broker that made them"
                                : "restore the partition's directory from a copy"}});
        return;
    }
    rules_->restored(now());
    image_bytes_ = 0;
    state_ = State::ready;
    drop_offsets_of_missing_topics();
    if (rules_ && !rules_->logged().groups().empty())
        env_.logger.info("group.loaded",
                         {{"partition", std::to_string(id_.index.value)},
                          {"groups", std::to_string(rules_->logged().groups().size())},
                          {"offsets", std::to_string(rules_->logged().offset_count())}});
    woken_(wants_rewrite());
}

Result<void> GroupCoordinator::check_log() {
    const Partition::Use partition = broker_.find(id_);
    if (!partition) return {};
    CHECK_OK(each_record(*partition, partition->log().offsets().end, [](const group::Record&) {}));
    return {};
}

Result<void> GroupCoordinator::replay(Partition& partition) {
    logged_end_ = partition.log().offsets().end;
    TRY(bytes_since_image_,
        each_record(partition, logged_end_,
                    [this](const group::Record& record) { rules_->apply(record); }));
    return {};
}

// Gives `take` all of the log's records before `before` that are served. Returns how much was read;
// Error::invalid when something is left that is not served.
Result<std::uint64_t> GroupCoordinator::each_record(Partition& partition, Offset before,
                                                    const TakeRecord& take) {
    std::uint64_t bytes = 0;
    Offset at = partition.log().offsets().start;
    ForeignKeys foreign;
    const std::uint64_t load = loads_;
    while (at < before) {
        TRY(const LogRead read, partition.read({.from = at, .before = before}));
        if (load != loads_) return Error::stopped;
        if (read.pieces.empty()) return Error::corrupt;
        bytes += read.size;
        for (const Bytes& piece : read.pieces) CHECK_OK(each_record_of(piece, take, foreign, at));
    }
    if (!foreign.empty()) return Error::invalid;
    return bytes;
}

Result<void> GroupCoordinator::each_record_of(const Bytes& piece, const TakeRecord& take,
                                              ForeignKeys& foreign, Offset& next) {
    BatchSplitter batches(piece.view());
    while (const auto batch = batches.next()) {
        const auto from = static_cast<std::size_t>(batch->bytes().data() - piece.data());
        TRY(const Bytes records,
            records_of(piece.slice(from, batch->size()), broker_.config().decompressed_bytes_max));
        RecordReader reader(*batch, records.view());
        next = batch->next_offset();
        if (batch->is_control()) continue;
        while (const auto record = reader.next()) {
            // What the rules keep must not keep the whole piece.
            group::RecordBytes bytes{Bytes::copy_of(record->key), std::nullopt};
            if (record->has_value) bytes.value = Bytes::copy_of(record->value);
            const auto decoded = group::decode(bytes);
            // The broker that made it may have deleted it since.
            const bool is_foreign = decoded.failed() && decoded.error() == Error::invalid;
            if (is_foreign) foreign.emplace(bytes.key.text());
            if (is_foreign) continue;
            if (decoded.failed()) return decoded.error();
            if (!bytes.value) foreign.erase(std::string(bytes.key.text()));
            if (*decoded) take(**decoded);
        }
        if (!reader.finished_well()) return Error::corrupt;
    }
    return {};
}

// The log doubled since its image, and is worth the work.
bool GroupCoordinator::wants_rewrite() const {
    if (state_ != State::ready || bytes_since_image_ == 0) return false;
    if (BUGGIFY("group.rewrite_early")) return true;
    return bytes_since_image_ > settings_.offsets_rewrite_bytes &&
           bytes_since_image_ > 2 * image_bytes_;
}

void GroupCoordinator::rewrite() {
    if (state_ != State::ready) return;
    const Partition::Use partition = broker_.find(id_);
    if (!partition) return;
    const Offset begin = logged_end_;
    bytes_since_image_ = 0;
    const auto written = append_image(*partition);
    image_bytes_ = bytes_since_image_;
    if (written.failed() || state_ != State::ready) return;
    // Only when the image is durable may what it replaces be forgotten.
    if (wait_logged(logged_end_) != ErrorCode::none) return;
    const auto forgotten = partition->log().advance_start(begin);
    SOMETIMES("group.log_rewritten", !forgotten.failed());
    if (forgotten.failed()) return;
    env_.logger.info("group.log-rewritten", {{"partition", std::to_string(id_.index.value)},
                                             {"start", std::to_string(begin.value)},
                                             {"bytes", std::to_string(image_bytes_)}});
}

// Group by group, each as it is at that moment: whatever changes meanwhile is logged behind `begin`
// anyway, and never overtaken by an older state of the same group.
Result<void> GroupCoordinator::append_image(Partition& partition) {
    std::string last;
    bool is_first = true;
    for (int failures = 0; state_ == State::ready && failures < attempts_max;) {
        const auto& groups = rules_->logged().groups();
        const auto group = is_first ? groups.begin() : groups.upper_bound(last);
        if (group == groups.end()) return {};
        bool any = false;
        const ErrorCode code = append(partition, group::image_of(group->first, group->second), any);
        if (code == ErrorCode::none) {
            last = group->first;
            is_first = false;
            continue;
        }
        ++failures;
        // Too much waits for the disk: this group once more, as it will be then.
        CHECK_OK(partition.log().wait_for_room());
        CHECK_OK(env::sleep_for(env_.scheduler, milliseconds(10)));
    }
    return Error::stopped;
}

}  // namespace sluice::broker
