#include "storage/log/data_root.h"

#include "core/base/crc32c.h"
#include "core/base/probe.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/journal_replay.h"
#include "storage/log/names.h"
#include "storage/log/quorum_state_file.h"
#include "storage/log/summaries_file.h"

namespace sluice::storage {
namespace {

constexpr std::string_view top;  // The directory itself.
constexpr std::size_t identity_bytes_max = 64 << 10;
constexpr std::size_t checkpoint_bytes_max = 64 << 20;
constexpr std::size_t summaries_bytes_max = std::size_t{1} << 30;
constexpr std::int64_t no_broker_epoch = -1;

}  // namespace

Result<std::optional<broker::DirectoryIdentity>> DataRoot::open() {
    CHECK_OK(env_.disk.make_directory(std::string(top)));
    TRY(lock_, env_.disk.lock(".lock"));
    const auto text = read_file(env_.disk, std::string(meta_properties_file), identity_bytes_max);
    if (text.failed()) {
        if (text.error() == Error::not_found) return std::optional<broker::DirectoryIdentity>();
        return text.error();
    }
    const auto meta = parse_meta_properties(as_text({text->data(), text->size()}));
    if (!meta) return Error::corrupt;
    return std::optional(
        broker::DirectoryIdentity{meta->cluster_id, meta->node_id, meta->directory_id});
}

Result<void> DataRoot::format(const broker::DirectoryIdentity& identity) {
    const std::string text =
        meta_properties_text({identity.cluster_id, identity.node_id, identity.directory_id});
    return replace_file(env_.disk, std::string(top), meta_properties_file, as_slice(text));
}

Result<std::optional<std::string>> DataRoot::read_if_there(std::string_view file) {
    const auto text = read_file(env_.disk, std::string(file), checkpoint_bytes_max);
    if (text) return std::optional(std::string(as_text({text->data(), text->size()})));
    if (text.error() == Error::not_found) return std::optional<std::string>();
    return text.error();
}

Result<std::map<std::string, Offset>> DataRoot::offsets_in(std::string_view file) {
    TRY(const auto text, read_if_there(file));
    auto offsets = parse_offsets(text.value_or(std::string()));
    if (!offsets) return Error::corrupt;
    return std::move(*offsets);
}

Result<DataRoot::LastStop> DataRoot::last_stop() {
    const auto mark = read_file(env_.disk, std::string(clean_shutdown_file), identity_bytes_max);
    if (mark.failed() && mark.error() != Error::not_found) return mark.error();
    if (mark.failed()) return LastStop::unclean;
    const bool ours = as_text({mark->data(), mark->size()}) == clean_shutdown_text(no_broker_epoch);
    return ours ? LastStop::clean : LastStop::clean_of_kafka;
}

// Kafka tells where logs begin here, by their names alone, and our logs tell it themselves. What
// it says is brought to them, and it goes before anything is served: a topic that is made again
// under its old name begins at 0.
Result<void> DataRoot::take_starts(LastStop last) {
    if (last != LastStop::clean) {
        TRY(const auto starts, offsets_in(log_starts_file));
        for (const auto& [name, start] : starts) CHECK_OK(bring_start(name, start));
    }
    return remove_if_present(env_.disk, std::string(log_starts_file));
}

Result<void> DataRoot::bring_start(const std::string& log, Offset start) {
    const auto there = env_.disk.list(log);
    if (there.failed()) return there.error() == Error::not_found ? Result<void>() : there.error();
    const auto known = read_file(env_.disk, join(log, start_file), identity_bytes_max);
    if (known.failed() && known.error() != Error::not_found) return known.error();
    // The log's own word is newer.
    if (known) return {};
    const std::string text = start_text(start);
    return replace_file(env_.disk, log, start_file, as_slice(text));
}

Result<void> DataRoot::take_clean_mark() {
    if (PLANT("log.clean_mark_stays")) return {};
    CHECK_OK(env_.disk.remove(std::string(clean_shutdown_file)));
    return env_.disk.sync_directory(std::string(top));
}

Result<std::map<std::string, broker::LogHints>> DataRoot::read_hints(LastStop last) {
    TRY(const auto recovery_points, offsets_in(recovery_points_file));
    TRY(const auto high_watermarks, offsets_in(high_watermarks_file));
    const bool clean = last != LastStop::unclean;
    std::map<std::string, broker::LogHints> hints;
    for (const auto& [name, offset] : high_watermarks) hints[name].high_watermark = offset;
    for (const auto& [name, offset] : recovery_points) {
        hints[name].recovery_point = offset;
        hints[name].clean = clean;
    }
    // Kafka may have shortened logs since that was written.
    foreign_ = last == LastStop::clean_of_kafka;
    if (foreign_) return hints;
    auto file = read_file(env_.disk, std::string(summaries_file), summaries_bytes_max);
    foreign_ = file.failed() && file.error() == Error::not_found;
    if (foreign_) return hints;
    if (file.failed()) return file.error();
    const auto known = parse_summaries(Bytes(std::move(*file)));
    if (!known) {
        env_.logger.error("checkpoint.damaged", {{"file", std::string(summaries_file)}});
        return Error::corrupt;
    }
    for (const auto& [name, log] : *known) {
        hints[name].synced = log.synced;
        hints[name].summary = log.summary;
        hints[name].outdated = log.outdated;
    }
    return hints;
}

Result<std::map<std::string, broker::LogHints>> DataRoot::begin() {
    TRY(const LastStop last, last_stop());
    CHECK_OK(take_starts(last));
    TRY(auto hints, read_hints(last));
    const LogDoors doors = LogDoors::of(env_);
    const std::string root(top);
    // A start that is interrupted here is still one after a clean stop.
    if (last != LastStop::unclean) {
        CHECK_OK(discard_journals(doors, root));
        CHECK_OK(take_clean_mark());
        return hints;
    }
    TRY(const Replayed replayed, replay_journals(doors, root, hints));
    for (const auto& [log, known] : replayed.known) {
        hints[log].synced = known.synced;
        hints[log].summary = known.summary;
    }
    for (const std::string& log : replayed.unreached) hints[log].lacks_journal = true;
    keeps_journals_ = !replayed.unreached.empty();
    // What stays is for those alone: the others have what is theirs, and may be cut from now on.
    for (auto& [log, hint] : hints) {
        if (replayed.unreached.contains(log)) continue;
        hint.outdated.clear();
        if (!keeps_journals_) continue;
        for (const Uuid& journal : replayed.journals)
            hint.outdated.push_back({journal, UINT64_MAX});
    }
    // Who is killed while the logs are opened need not find it out again.
    if (!replayed.known.empty()) CHECK_OK(keep_known(hints));
    return hints;
}

Result<void> DataRoot::keep_known(const std::map<std::string, broker::LogHints>& hints) {
    KnownLogs known;
    for (const auto& [name, log] : hints)
        if (log.synced) known[name] = {*log.synced, log.summary, log.outdated};
    return replace_summaries(summaries_bytes(known));
}

Result<void> DataRoot::replace_summaries(const std::vector<std::uint8_t>& file) {
    const std::uint32_t crc = crc32c(file);
    if (summaries_crc_ == crc) return {};
    summaries_crc_.reset();
    CHECK_OK(replace_file(env_.disk, std::string(top), summaries_file, file));
    summaries_crc_ = crc;
    return {};
}

Result<void> DataRoot::checkpoint(const std::vector<broker::LogStore::Checkpoint>& logs) {
    std::map<std::string, Offset> recovery_points;
    std::map<std::string, Offset> high_watermarks;
    KnownLogs known;
    starts_.clear();
    for (const auto& log : logs) {
        recovery_points[log.name] = log.recovery_point;
        // With one replica all that is durable is committed.
        high_watermarks[log.name] = log.high_watermark.value_or(log.recovery_point);
        if (log.start > Offset(0)) starts_[log.name] = log.start;
        known[log.name] = {log.synced, log.summary, log.outdated};
    }
    CHECK_OK(replace_if_changed(recovery_points_file, offsets_text(recovery_points)));
    CHECK_OK(replace_if_changed(high_watermarks_file, offsets_text(high_watermarks)));
    if (PLANT("log.starts_told_by_names"))
        CHECK_OK(replace_if_changed(log_starts_file, offsets_text(starts_)));
    return replace_summaries(summaries_bytes(known));
}

// An idle broker leaves its disk alone.
Result<void> DataRoot::replace_if_changed(std::string_view file, std::string text) {
    const auto known = written_.find(file);
    if (known != written_.end() && known->second == text) return {};
    written_.erase(file);
    CHECK_OK(replace_file(env_.disk, std::string(top), file, as_slice(text)));
    written_[file] = std::move(text);
    return {};
}

Result<void> DataRoot::mark_clean() {
    // A log is still owed what stands in journals: the next start must look at them again.
    if (keeps_journals_) return {};
    const std::string starts = offsets_text(starts_);
    CHECK_OK(replace_file(env_.disk, std::string(top), log_starts_file, as_slice(starts)));
    const std::string text = clean_shutdown_text(no_broker_epoch);
    return replace_file(env_.disk, std::string(top), clean_shutdown_file, as_slice(text));
}

// Their names, oldest first.
Result<std::vector<std::string>> DataRoot::snapshots() {
    std::vector<std::string> names;
    const auto entries = env_.disk.list(std::string(broker::metadata_log_name));
    if (entries.failed()) {
        if (entries.error() == Error::not_found) return names;
        return entries.error();
    }
    for (const auto& entry : *entries)
        if (parse_metadata_snapshot_file(entry.name)) names.push_back(entry.name);
    return names;
}

Result<std::optional<metadata::Snapshot>> DataRoot::newest_snapshot() {
    TRY(const auto names, snapshots());
    if (names.empty()) return std::optional<metadata::Snapshot>();
    const auto file = parse_metadata_snapshot_file(names.back());
    const std::string path = join(broker::metadata_log_name, names.back());
    TRY(auto content, read_file(env_.disk, path, metadata::snapshot_bytes_max));
    return std::optional(metadata::Snapshot{file->end, file->epoch, Bytes(std::move(content))});
}

Result<std::optional<std::string>> DataRoot::quorum_state_text_kept() {
    return read_if_there(join(broker::metadata_log_name, quorum_state_file));
}

Result<std::optional<raft::QuorumState>> DataRoot::quorum_state() {
    TRY(const auto text, quorum_state_text_kept());
    if (!text) return std::optional<raft::QuorumState>();
    const auto state = parse_quorum_state(*text);
    if (!state) return Error::corrupt;
    return state;
}

Result<std::vector<BrokerId>> DataRoot::quorum_voters() {
    TRY(const auto text, quorum_state_text_kept());
    return text ? quorum_state_voters(*text) : std::vector<BrokerId>();
}

Result<void> DataRoot::keep_quorum_state(const raft::QuorumState& state,
                                         const std::vector<BrokerId>& configured) {
    const std::string text = quorum_state_text(state, configured);
    return replace_file(env_.disk, std::string(broker::metadata_log_name), quorum_state_file,
                        as_slice(text));
}

Result<std::optional<broker::BrokerLife>> DataRoot::last_life() {
    const auto text = read_file(env_.disk, std::string(life_file), identity_bytes_max);
    if (text.failed() && text.error() == Error::not_found)
        return std::optional<broker::BrokerLife>();
    if (text.failed()) return text.error();
    const auto life = parse_life(as_text({text->data(), text->size()}));
    if (!life) return Error::corrupt;
    return std::optional(
        broker::BrokerLife{protocol::BrokerEpoch(life->broker_epoch), life->opted_out});
}

Result<void> DataRoot::keep_life(const broker::BrokerLife& life) {
    const std::string text = life_text({life.epoch.value, life.opted_out});
    return replace_file(env_.disk, std::string(top), life_file, as_slice(text));
}

Result<void> DataRoot::keep_snapshot(const metadata::Snapshot& snapshot) {
    const std::string directory(broker::metadata_log_name);
    TRY(const auto older, snapshots());
    const std::string name = metadata_snapshot_file(snapshot.end, snapshot.epoch);
    CHECK_OK(replace_file(env_.disk, directory, name, snapshot.content.view()));
    for (const std::string& each : older)
        if (each < name) CHECK_OK(remove_if_present(env_.disk, join(directory, each)));
    return {};
}

}  // namespace sluice::storage
