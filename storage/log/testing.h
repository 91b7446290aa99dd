#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/env/env.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/record.h"
#include "core/protocol/record_batch.h"
#include "core/protocol/validate_batch.h"
#include "storage/log/journal_replay.h"
#include "storage/log/store.h"

namespace sluice::storage::testing {

struct HandClock final : env::Clock {
    Time now() const override { return time; }
    Timestamp wall() const override {
        return Timestamp(1'700'000'000'000 + to_milliseconds(time.since_start));
    }
    Time time{};
};

struct LinesLogger final : env::Logger {
    using Logger::Logger;
    void write_line(std::string_view line) override { lines.emplace_back(line); }
    bool said(std::string_view word) const {
        for (const auto& line : lines)
            if (line.find(word) != std::string::npos) return true;
        return false;
    }
    std::vector<std::string> lines;
};

// What a batch for a test says; one record a value.
struct BatchSpec {
    std::vector<std::string> values;
    Timestamp timestamp{1'000};       // Of the first record,
    std::int64_t timestamp_step = 1;  // and how much later each further one is.
    ProducerId producer = no_producer_id;
    ProducerEpoch producer_epoch = no_producer_epoch;
    Sequence sequence = no_sequence;
};

inline Bytes encode_batch(const BatchSpec& spec) {
    protocol::RecordBatchBuilder builder({.producer_id = spec.producer,
                                          .producer_epoch = spec.producer_epoch,
                                          .base_sequence = spec.sequence});
    Timestamp timestamp = spec.timestamp;
    for (const std::string& value : spec.values) {
        builder.append({.timestamp = timestamp, .value = as_slice(value)});
        timestamp = timestamp.plus(spec.timestamp_step);
    }
    return builder.build();
}

inline protocol::ValidatedBatch facts_of(Slice batch) {
    const protocol::BatchView view(batch);
    protocol::ValidatedBatch facts;
    facts.record_count = view.record_count();
    facts.last_offset_delta = view.last_offset_delta();
    facts.max_timestamp = view.max_timestamp();
    facts.max_timestamp_offset_delta = view.last_offset_delta();
    facts.producer_id = view.producer_id();
    facts.producer_epoch = view.producer_epoch();
    facts.base_sequence = view.base_sequence();
    facts.last_sequence = view.last_sequence();
    return facts;
}

// One log on a disk that can crash. Everything that waits runs in a fiber until nothing is left to
// do.
template <class TestedDisk>
class LogFixture {
public:
    LogFixture() { options.free_bytes_min = 0; }
    ~LogFixture() { stop_node(); }
    LogFixture(const LogFixture&) = delete;
    LogFixture& operator=(const LogFixture&) = delete;

    // Runs a fiber to its end, and others as far as they come meanwhile.
    void in_fiber(std::function<void()> body) {
        bool done = false;
        ASSERT_TRUE(scheduler->spawn("test", [&] {
            body();
            done = true;
        }));
        drive([&] { return done; });
        ASSERT_TRUE(done);
    }
    template <class Until>
    void drive(Until until) {
        while (!until()) {
            if (scheduler->ready_count() > 0) {
                scheduler->resume(0);
                continue;
            }
            if (scheduler->next_timer() == never) return;
            clock.time = std::max(clock.time, scheduler->next_timer());
            scheduler->fire_timers(clock.time);
        }
    }

    Result<void> open(broker::LogHints hints = {}) {
        Result<void> opened;
        store = std::make_unique<Store>(LogDoors{*scheduler, clock, disk, pages, logger, random},
                                        "data", options);
        in_fiber([&] {
            ASSERT_TRUE(disk.make_directory("data"));
            ASSERT_TRUE(disk.sync_directory(""));
            replay();
            auto result = store->open("topic-0", topic, config, hints);
            if (result)
                log = std::move(*result);
            else
                opened = result.error();
        });
        return opened;
    }
    // What a start does before it opens logs.
    void replay() {
        const LogDoors doors{*scheduler, clock, disk, pages, logger, random};
        std::map<std::string, broker::LogHints> hints;
        hints["topic-0"].recovery_point = recovery_point;
        ASSERT_TRUE(replay_journals(doors, "data", hints));
    }
    // As a start after a crash does; recovers from the last checkpoint taken.
    Result<void> reopen() {
        crash();
        return open({.recovery_point = recovery_point});
    }
    // As a stop and a start do.
    void restart() {
        in_fiber([&] {
            ASSERT_TRUE(store->close(*log));
            log.reset();
            store->stop();
        });
        store.reset();
        ASSERT_TRUE(open({.clean = true}));
    }
    // The process dies; the page cache lives.
    void crash() {
        stop_node();
        scheduler =
            std::make_unique<env::Scheduler>(clock, env::Scheduler::Options{.fibers_max = 1000});
        disk.use(*scheduler);
    }
    void power_cut() {
        crash();
        disk.power_cut();
        ASSERT_TRUE(open({.recovery_point = recovery_point}));
    }

    Result<broker::AppendedBatch> try_append(const BatchSpec& spec, LeaderEpoch epoch) {
        const Bytes batch = encode_batch(spec);
        return log->append(batch.view(), facts_of(batch.view()), epoch);
    }
    // Returns the batch's offset once it is durable.
    std::int64_t append_batch(const BatchSpec& spec, LeaderEpoch epoch = LeaderEpoch(1)) {
        std::int64_t base = -1;
        in_fiber([&] {
            const auto appended = try_append(spec, epoch);
            ASSERT_TRUE(appended);
            ASSERT_TRUE(log->wait_durable(appended->next));
            base = appended->base.value;
        });
        return base;
    }
    std::int64_t append(const std::string& value) { return append_batch({.values = {value}}); }

    // The values from `from` on, whatever it takes.
    std::vector<std::string> values(std::int64_t from = 0, std::size_t bytes_max = 1 << 20) {
        std::vector<std::string> all;
        in_fiber([&] {
            Offset at(from);
            while (at < log->offsets().end) {
                const auto read =
                    log->read({.from = at, .before = log->offsets().end, .bytes_max = bytes_max});
                ASSERT_TRUE(read) << name_of(read.error());
                ASSERT_GT(read->size, 0u);
                for (const Bytes& piece : read->pieces) take_values(piece.view(), at, all);
            }
        });
        return all;
    }
    static void take_values(Slice bytes, Offset& at, std::vector<std::string>& all) {
        protocol::BatchSplitter splitter(bytes);
        while (const auto batch = splitter.next()) {
            ASSERT_TRUE(batch->crc_matches());
            protocol::RecordReader records(*batch, batch->records());
            while (const auto record = records.next())
                if (records.offset_of(*record) >= at) all.emplace_back(as_text(record->value));
            at = batch->next_offset();
        }
        ASSERT_TRUE(splitter.rest().empty());
    }
    Result<void> read_error(std::int64_t from) {
        Result<void> result;
        in_fiber([&] {
            const auto read = log->read({.from = Offset(from), .before = log->offsets().end});
            if (read.failed()) result = read.error();
        });
        return result;
    }
    // What goes on behind appends ends.
    void settle() {
        in_fiber([&] { ASSERT_TRUE(env::sleep_for(*scheduler, milliseconds(10))); });
    }
    void checkpoint() {
        in_fiber([&] {
            // With no budget at all every log is brought up to date.
            for (const auto& at : store->checkpoints()) recovery_point = at.recovery_point;
        });
    }
    void maintain(std::int64_t high_watermark, std::int64_t wall_ms) {
        in_fiber([&] {
            log->configure(config);
            ASSERT_TRUE(log->maintain(Offset(high_watermark), Timestamp(wall_ms)));
        });
    }
    std::int64_t start() const { return log->offsets().start.value; }
    std::int64_t durable() const { return log->offsets().durable.value; }
    std::int64_t end() const { return log->offsets().end.value; }

    std::string file(std::int64_t base, std::string_view suffix = ".log") const {
        return "data/topic-0/" + offset_file(Offset(base), suffix);
    }

    HandClock clock;
    Random random{7};
    LinesLogger logger{clock, {.burst = 1000}};
    std::unique_ptr<env::Scheduler> scheduler =
        std::make_unique<env::Scheduler>(clock, env::Scheduler::Options{.fibers_max = 1000});
    TestedDisk disk{*scheduler};
    PageHeap pages;
    LogOptions options{.recovery_bytes_max = 0, .recovery_interval = {}};
    broker::LogConfig config;
    TopicId topic{{1, 2, 3}};
    std::optional<Offset> recovery_point;
    std::unique_ptr<Store> store;
    std::unique_ptr<broker::PartitionLog> log;

private:
    void stop_node() {
        scheduler->stop();
        drive([&] { return scheduler->alive() == 0; });
        log.reset();
        store.reset();
    }
};

}  // namespace sluice::storage::testing
