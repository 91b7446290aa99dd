#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "core/base/probe.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/validate_batch.h"
#include "sim/testing.h"
#include "storage/log/journal_replay.h"
#include "storage/log/store.h"

// The log against a model of it, on a simulated disk, through crashes in the middle of any call,
// power cuts and the disk's other moods:
//   what was acknowledged is there; what was never appended is not; offsets are dense;
//   epochs and producers are what replaying the records gives; opening again changes nothing.

namespace sluice::storage {
namespace {

using broker::LogHints;
using sim::FaultKind;

struct ModelBatch {
    Offset base;
    Bytes bytes;
    LeaderEpoch epoch;

    Offset next() const {
        return base.plus(protocol::BatchView(bytes.view()).last_offset_delta() + 1);
    }
};

protocol::ValidatedBatch facts_of(const Bytes& bytes) {
    const protocol::BatchView view(bytes.view());
    protocol::ValidatedBatch facts;
    facts.record_count = view.record_count();
    facts.last_offset_delta = view.last_offset_delta();
    facts.max_timestamp = view.max_timestamp();
    facts.producer_id = view.producer_id();
    facts.producer_epoch = view.producer_epoch();
    facts.base_sequence = view.base_sequence();
    facts.last_sequence = view.last_sequence();
    return facts;
}

// What the law allows: everything appended so far, how much of it is owed, and what the node would
// know from its checkpoint files.
struct Model {
    std::vector<ModelBatch> batches;
    Offset acknowledged{0};
    Offset start_owed{0};   // advance_start succeeded.
    Offset start_asked{0};  // Perhaps.
    Offset end{0};
    LogHints hints{.clean = false, .recovery_point = Offset(0)};

    // What a log that ends at `at` must know of epochs and producers.
    replication::LeaderEpochs epochs(Offset start, Offset at) const {
        replication::LeaderEpochs all;
        for (const ModelBatch& batch : batches)
            if (batch.base < at && (!all.latest() || all.latest()->epoch < batch.epoch))
                all.assign(batch.epoch, batch.base);
        all.truncate_from_start(start);
        return all;
    }
    replication::ProducerStates producers(Offset at) const {
        replication::ProducerStates states;
        for (const ModelBatch& batch : batches)
            if (batch.base < at)
                states.apply(
                    replication::ProducerBatch::of(protocol::BatchView(batch.bytes.view())),
                    batch.base);
        return states;
    }
    void cut(Offset at) {
        while (!batches.empty() && batches.back().base >= at) batches.pop_back();
        end = at;
    }
};

class LogLaw {
public:
    explicit LogLaw(std::uint64_t seed)
        : random_(Random(seed).stream("law")), bench_({.world = {.seed = seed}}) {
        options_.block_bytes_min = 4096;
        options_.block_bytes_max = 4096u << random_.below(3);
        options_.cache_bytes_max = 4096u << random_.below(6);
        options_.pending_bytes_max = 4096u << random_.below(4);
        options_.journal_files_max = random_.chance(0.1) ? 0 : 2 + random_.below(3);
        options_.journal_file_bytes = 8192u << random_.below(4);
        options_.journal_growth_bytes = 4096u << random_.below(4);
        options_.journal_commit_bytes_max = 256u << random_.below(6);
        options_.journal_entries_max = 1 + random_.below(4);
        options_.journal_copy_bytes_max = 128u << random_.below(6);
        options_.write_behind_bytes = 256u << random_.below(6);
        options_.write_behind_bytes_min = options_.write_behind_bytes >> random_.below(4);
        options_.write_behind_delay =
            milliseconds(static_cast<std::int64_t>(1 + random_.below(2000)));
        options_.housekeeping_interval =
            milliseconds(static_cast<std::int64_t>(10 + random_.below(1000)));
        options_.write_bytes_max = 256u << random_.below(6);
        options_.flushes_max = 1 + random_.below(3);
        options_.idle_files_max = random_.below(4);
        options_.index_cache_bytes_max = 64u << random_.below(6);
        options_.scan_bytes = 128u << random_.below(6);
        options_.read_slack_bytes = random_.below(300);
        options_.recovery_bytes_max = random_.below(2) == 0 ? 0 : random_.below(5000);
        options_.recovery_interval = milliseconds(static_cast<std::int64_t>(random_.below(2000)));
        options_.fresh_index_bytes_max = 16u << random_.below(10);
        options_.free_bytes_min = 0;
        config_.segment_bytes = 400 + random_.below(4000);
        config_.index_interval_bytes = static_cast<std::uint32_t>(50 + random_.below(500));
        config_.segment_index_bytes = static_cast<std::uint32_t>(48 + random_.below(2000));
        config_.segment_age_max =
            milliseconds(static_cast<std::int64_t>(100 + random_.below(5000)));
        config_.retention_age = Duration(-1);
        faulty_ = random_.chance(0.5);
    }

    void run(int lives) {
        probe::begin_run(Random(bench_.world().seed()).stream("probe"));
        for (int i = 0; i < lives && !failed(); ++i) {
            live();
            if (!failed()) verify();
        }
        probe::end_run();
    }
    bool failed() const { return !problem_.empty(); }
    std::string problem() const { return problem_; }

private:
    void owe(bool holds, std::string_view what) {
        if (!holds && problem_.empty()) problem_ = what;
    }

    // One process: opens, works, and dies one way or another.
    void live() {
        set_faults();
        const bool clean_stop = random_.chance(0.2);
        bench_.start([this, clean_stop](env::Env& env) { work(env, clean_stop); });
        const bool power_lost = random_.chance(0.5);
        const auto keep = static_cast<std::uint32_t>(random_.below(101));
        if (!clean_stop)
            bench_.node().crash_in_call({.calls_from_now = 1 + random_.below(400),
                                         .power_lost = power_lost,
                                         .keep_unsynced_percent = keep});
        wait_for_end();
        // Killed, and before it could be started again the power went too.
        if (!clean_stop && random_.chance(0.2)) bench_.node().cut_power(keep);
        bench_.node().disk().heal();
    }
    void wait_for_end() {
        const bool ended = bench_.world().run_until_done(
            bench_.world().now() + seconds(3600), [this] { return !bench_.node().running(); });
        owe(ended, "the process never ended");
    }
    void set_faults() {
        if (!faulty_) return;
        sim::DiskDevice& disk = bench_.node().disk();
        const auto maybe = [&](FaultKind kind, double chance) {
            if (random_.chance(0.4)) disk.set_chance(kind, chance);
        };
        maybe(FaultKind::short_write, 0.3);
        maybe(FaultKind::short_read, 0.3);
        maybe(FaultKind::write_error, 0.01);
        maybe(FaultKind::read_error, 0.01);
        maybe(FaultKind::directory_error, 0.01);
        maybe(FaultKind::sync_drops_pages, 0.01);
        maybe(FaultKind::sync_forgets_pages, 0.01);
    }

    // What a start does before it opens logs.
    bool replay(env::Env& env) {
        const auto replayed = replay_journals(LogDoors::of(env), "", {{"t-0", model_.hints}});
        owe(!replayed.failed() || replayed.error() != Error::corrupt, "a journal is corrupt");
        if (replayed.failed()) return false;
        for (const auto& [name, known] : replayed->known) {
            model_.hints.synced = known.synced;
            model_.hints.summary = known.summary;
        }
        if (replayed->unreached.empty()) model_.hints.outdated.clear();
        return true;
    }

    void work(env::Env& env, bool clean_stop) {
        if (!replay(env)) return;
        Store store(LogDoors::of(env), "", options_);
        auto log = store.open("t-0", topic_, config_, model_.hints);
        const bool was_clean = std::exchange(model_.hints.clean, false);
        if (log.failed()) {
            owe(log.error() != Error::corrupt, was_clean ? "a clean log is corrupt" : "corrupt");
            store.stop();
            return;
        }
        check_opened(**log);
        const auto steps = random_.below(60);
        for (std::uint64_t i = 0; i < steps && *log && !failed(); ++i) step(env, store, *log);
        const auto closed = *log ? store.close(**log) : Result<void>(Error::stopped);
        if (closed) {
            model_.acknowledged = model_.end;
            model_.hints.clean = clean_stop;
            if (random_.chance(0.5)) checkpoint(store);
        }
        log->reset();
        store.stop();
    }

    void step(env::Env& env, Store& store, std::unique_ptr<broker::PartitionLog>& owned) {
        broker::PartitionLog& log = *owned;
        switch (random_.below(13)) {
            case 0:
                return checkpoint(store);
            case 12:
                return cut(store, owned);
            case 1:
                return maintain(log);
            case 2:
                return advance(log);
            case 3:
            case 4:
                return read_some(log);
            case 5: {
                const auto durable = log.wait_durable(model_.end);
                if (durable) model_.acknowledged = std::max(model_.acknowledged, model_.end);
                return;
            }
            case 6:
                static_cast<void>(env::sleep_for(env.scheduler, milliseconds(50)));
                return;
            default:
                return append(log);
        }
    }

    void append(broker::PartitionLog& log) {
        const auto id = random_.below(4);
        auto& sequence = sequences_[id];
        if (random_.chance(0.1)) ++epoch_;
        protocol::RecordBatchBuilder builder({
            .producer_id = id == 0 ? no_producer_id : ProducerId(static_cast<std::int64_t>(id)),
            .producer_epoch = id == 0 ? no_producer_epoch : ProducerEpoch(0),
            .base_sequence = id == 0 ? no_sequence : Sequence(sequence),
        });
        const auto count = 1 + random_.below(4);
        now_ += static_cast<std::int64_t>(random_.below(100));
        const std::size_t size = random_.below(300);
        const std::string value(size, static_cast<char>('a' + random_.below(26)));
        for (std::uint64_t i = 0; i < count; ++i)
            builder.append({.timestamp = Timestamp(now_), .value = as_slice(value)});
        const Bytes bytes = builder.build();
        const auto appended = log.append(bytes.view(), facts_of(bytes), LeaderEpoch(epoch_));
        if (appended.failed()) return;
        sequence += static_cast<std::int32_t>(count);
        owe(appended->base == model_.end, "the offset is not the next one");
        model_.batches.push_back({appended->base, bytes, LeaderEpoch(epoch_)});
        model_.end = appended->next;
        owe(log.offsets().end == model_.end, "the end is not behind the last batch");
    }

    // Whatever comes of it, what is before the new end is owed. A log that could not be cut is
    // none.
    void cut(Store& store, std::unique_ptr<broker::PartitionLog>& log) {
        const broker::LogOffsets at = log->offsets();
        const Offset wanted = at.start.plus(random_.between(0, at.end.minus(at.start)));
        Offset end = at.end;
        for (const ModelBatch& batch : model_.batches)
            if (batch.next() > wanted) end = std::min(end, batch.base);
        if (end < at.start) return;
        was_cut_ = true;
        model_.acknowledged = std::min(model_.acknowledged, end);
        auto after = store.cut(std::move(log), {.end = wanted}, [&]() -> Result<void> {
            checkpoint(store);
            return {};
        });
        if (after.failed()) return owe(after.error() != Error::corrupt, "corrupt when cut");
        log = std::move(*after);
        owe(log->offsets().end == end,
            fmt::format("cut at {} and ends at {}", wanted.value, log->offsets().end.value));
        check_opened(*log);
    }

    void checkpoint(Store& store) {
        for (const auto& at : store.checkpoints()) {
            model_.hints.recovery_point = at.recovery_point;
            owe(at.recovery_point <= model_.end, "a checkpoint beyond the end");
            model_.hints.synced = at.synced;
            model_.hints.summary = at.summary;
            model_.hints.outdated = at.outdated;
        }
    }
    void advance(broker::PartitionLog& log) {
        if (random_.chance(0.7)) return;
        const Offset start(static_cast<std::int64_t>(
            random_.below(static_cast<std::uint64_t>(model_.end.value) + 1)));
        model_.start_asked = std::max(model_.start_asked, start);
        if (log.advance_start(start)) {
            // Only what is on disk can be given up.
            model_.acknowledged = std::max(model_.acknowledged, start);
            model_.start_owed = std::max(model_.start_owed, start);
        }
    }
    void maintain(broker::PartitionLog& log) {
        auto config = config_;
        if (random_.chance(0.3))
            config.retention_bytes = static_cast<std::int64_t>(random_.below(5000));
        log.configure(config);
        const auto maintained = log.maintain(model_.end, Timestamp(now_));
        static_cast<void>(maintained.failed());
        model_.start_asked = std::max(model_.start_asked, log.offsets().start);
    }

    void read_some(broker::PartitionLog& log) {
        const auto span = log.offsets().end.minus(log.offsets().start);
        if (span == 0) return;
        const Offset from = log.offsets().start.plus(random_.between(0, span - 1));
        read_and_compare(log, from, 1 + random_.below(3000));
    }
    // Returns the offset behind what was read; nothing when the disk failed.
    std::optional<Offset> read_and_compare(broker::PartitionLog& log, Offset from,
                                           std::size_t bytes_max) {
        const auto read =
            log.read({.from = from, .before = log.offsets().end, .bytes_max = bytes_max});
        if (read.failed()) {
            owe(read.error() != Error::corrupt, "corrupt when read");
            return std::nullopt;
        }
        owe(read->size > 0, "nothing to read before the end");
        std::optional<Offset> next;
        for (const Bytes& piece : read->pieces) {
            protocol::BatchSplitter splitter(piece.view());
            while (const auto batch = splitter.next()) {
                if (!next) owe(batch->base_offset() <= from, "read begins too late");
                owe(!next || batch->base_offset() == *next, "offsets are not dense");
                owe(is_in_model(*batch), "a batch that was never appended");
                next = batch->next_offset();
            }
            owe(splitter.rest().empty(), "half a batch");
        }
        return next;
    }
    bool is_in_model(const protocol::BatchView& batch) const {
        const auto found =
            std::ranges::find(model_.batches, batch.base_offset(), &ModelBatch::base);
        if (found == model_.batches.end()) return false;
        const Slice expected = found->bytes.view().subspan(protocol::batch_at::crc);
        return batch.leader_epoch() == found->epoch &&
               std::ranges::equal(batch.bytes().subspan(protocol::batch_at::crc), expected);
    }

    void check_opened(broker::PartitionLog& log) {
        const auto& offsets = log.offsets();
        owe(offsets.end >= model_.acknowledged,
            fmt::format("acknowledged {} and found {}", model_.acknowledged.value,
                        offsets.end.value));
        owe(offsets.end <= model_.end, "more than was appended");
        owe(offsets.durable == offsets.end, "not all of it is durable");
        owe(offsets.start >= model_.start_owed, "forgotten records are back");
        owe(offsets.start <= model_.start_asked, "records are gone that nobody deleted");
        model_.cut(offsets.end);
        // A log that was cut to nothing may not know who wrote what it had before.
        const bool knows_less = offsets.start == offsets.end && log.epochs().entries().empty();
        owe(knows_less || log.epochs() == model_.epochs(offsets.start, offsets.end),
            "epochs differ from replay");
        owe(log.producers() == model_.producers(offsets.end) ||
                (was_cut_ && knows_recent_producers(log)),
            "producers differ from replay");
        // What was found counts from now on.
        model_.acknowledged = offsets.end;
        for (auto& [id, sequence] : sequences_) {
            const auto* state = log.producers().find(ProducerId(static_cast<std::int64_t>(id)));
            sequence = state ? state->batches().back().last_sequence.value + 1 : 0;
        }
    }

    // A cut loses snapshots that told of producers whose records were deleted: what is in the log
    // must be known, and nothing that was never there.
    bool knows_recent_producers(broker::PartitionLog& log) const {
        const auto all = model_.producers(log.offsets().end);
        for (std::int64_t id = 1; id <= 3; ++id) {
            const auto* const found = log.producers().find(ProducerId(id));
            const auto* const told = all.find(ProducerId(id));
            std::vector<Offset> known;
            if (found != nullptr)
                for (const auto& batch : found->batches()) known.push_back(batch.last_offset);
            std::vector<Offset> owed;
            if (told != nullptr)
                for (const auto& batch : told->batches()) owed.push_back(batch.last_offset);
            if (known.size() > owed.size()) return false;
            const auto rest = owed.end() - static_cast<std::ptrdiff_t>(known.size());
            if (!std::equal(known.begin(), known.end(), rest)) return false;
            if (rest != owed.begin() && *(rest - 1) >= log.offsets().start) return false;
        }
        return true;
    }

    // Without faults: opens twice, reads everything.
    void verify() {
        Offset end_before;
        for (int round = 0; round < 2 && !failed(); ++round) {
            bench_.start([this, round, &end_before](env::Env& env) {
                if (!replay(env)) return owe(false, "a journal cannot be replayed without faults");
                Store store(LogDoors::of(env), "", options_);
                auto log = store.open("t-0", topic_, config_, model_.hints);
                model_.hints.clean = false;
                owe(log || log.error() != Error::corrupt, "corrupt without faults");
                owe(!log.failed(), "cannot be opened without faults");
                if (log) {
                    check_opened(**log);
                    if (round == 1) owe((*log)->offsets().end == end_before, "another end");
                    end_before = (*log)->offsets().end;
                    std::optional<Offset> at = (*log)->offsets().start;
                    while (at && *at < end_before && !failed()) {
                        at = read_and_compare(**log, *at, 2000);
                        owe(at.has_value(), "a read failed without faults");
                    }
                    die(**log, store);
                    log->reset();
                }
                store.stop();
            });
            wait_for_end();
        }
    }
    // Ends without a clean stop: the next start recovers again.
    void die(broker::PartitionLog& log, Store& store) { static_cast<void>(store.close(log)); }

    Random random_;
    sim::TestBench bench_;
    LogOptions options_;
    broker::LogConfig config_;
    const TopicId topic_{{1}};
    bool faulty_ = false;
    bool was_cut_ = false;
    std::map<std::uint64_t, std::int32_t> sequences_{{1, 0}, {2, 0}, {3, 0}};
    std::int32_t epoch_ = 0;
    std::int64_t now_ = 1'000'000;
    Model model_;
    std::string problem_;
};

// SLUICE_SEED=n runs one seed again.
RC_GTEST_PROP(Log, KeepsWhatItAcknowledgedThroughCrashesAndPowerCuts, ()) {
    const char* const again = std::getenv("SLUICE_SEED");
    const auto seed = again ? static_cast<std::uint32_t>(std::strtoul(again, nullptr, 10))
                            : *rc::gen::noShrink(rc::gen::inRange<std::uint32_t>(0, UINT32_MAX));
    // In a build with planted bugs SLUICE_PLANT=name must make this fail.
    if (const char* const plant = std::getenv("SLUICE_PLANT"))
        RC_ASSERT(probe::set_plant(plant, true));
    LogLaw law(seed);
    law.run(6);
    if (law.failed()) RC_LOG() << "seed " << seed << ": " << law.problem();
    RC_ASSERT(law.problem() == "");
}

}  // namespace
}  // namespace sluice::storage
