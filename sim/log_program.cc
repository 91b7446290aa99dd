#include "sim/log_program.h"

#include <algorithm>

#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "core/protocol/validate_batch.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"
#include "sim/value.h"

namespace sluice::sim {
namespace {

constexpr Duration checkpoint_interval_max{3'000'000};

protocol::ValidatedBatch facts_of(Slice bytes) {
    const protocol::BatchView batch(bytes);
    protocol::ValidatedBatch facts;
    facts.record_count = batch.record_count();
    facts.last_offset_delta = batch.last_offset_delta();
    facts.max_timestamp = batch.max_timestamp();
    facts.max_timestamp_offset_delta = batch.last_offset_delta();
    facts.producer_id = batch.producer_id();
    facts.producer_epoch = batch.producer_epoch();
    facts.base_sequence = batch.base_sequence();
    facts.last_sequence = batch.last_sequence();
    return facts;
}

// Adds the records from `from` on; 0 stands for a batch that is none.
void collect_records(Slice bytes, Offset from, std::vector<SeenRecord>& into) {
    protocol::BatchSplitter splitter(bytes);
    while (const auto batch = splitter.next()) {
        if (!batch->crc_matches()) into.push_back({batch->base_offset().value, 0});
        protocol::RecordReader records(*batch, batch->records());
        while (const auto record = records.next()) {
            const Offset offset = records.offset_of(*record);
            if (offset >= from) into.push_back({offset.value, number_of(record->value)});
        }
        if (!records.finished_well()) into.push_back({batch->base_offset().value, 0});
    }
    if (!splitter.rest().empty()) into.push_back({-1, 0});
}

}  // namespace

void LogProgram::run(env::Env& env) {
    const ShardId self = env.shards.self();
    bool complete = false;
    const auto known = env::call(env.shards, ShardId(0), [&] {
        envs_[self.value] = &env;
        complete = ++envs_known_ == envs_.size();
    });
    // Whoever comes last has the first shard begin.
    if (known.failed() || !complete) return;
    static_cast<void>(env::call(env.shards, ShardId(0), [this] { run_all(); }).failed());
}

void LogProgram::on_each_shard(const std::function<void(ShardWork&)>& body) {
    for (const auto& shard : shards_)
        static_cast<void>(env::call(envs_.front()->shards, shard->env.shards.self(), [&] {
                              body(*shard);
                          }).failed());
}

void LogProgram::run_all() {
    stop_asked_.emplace(envs_.front()->scheduler);
    if (stop_wanted_) stop_asked_->set();
    for (env::Env* env : envs_) shards_.push_back(std::make_unique<ShardWork>(*env));
    storage::DataRoot root(*envs_.front());
    const bool worked = !work(root).failed();
    on_each_shard([](ShardWork& shard) {
        shard.stopping = true;
        shard.woken.notify_all();
        shard.fibers.join();
    });
    on_each_shard([this](ShardWork& shard) { close_logs(shard); });
    bool clean = worked;
    for (const auto& shard : shards_) clean = clean && shard->clean;
    const auto points = checkpoints();
    on_each_shard([](ShardWork& shard) {
        shard.logs.clear();
        if (shard.store) shard.store->stop();
        shard.store.reset();
    });
    if (clean && !root.checkpoint(points).failed()) static_cast<void>(root.mark_clean().failed());
}

Result<void> LogProgram::work(storage::DataRoot& root) {
    TRY(const auto identity, root.open());
    if (!identity)
        CHECK_OK(root.format({.cluster_id = "simulated",
                              .node_id = BrokerId(1),
                              .directory_id = Uuid::random(envs_.front()->random)}));
    TRY(const auto hints, root.begin());
    Result<void> opened;
    on_each_shard([&](ShardWork& shard) {
        if (auto result = open_logs(shard, hints); result.failed()) opened = result;
    });
    CHECK_OK(opened);
    scenario_.opened();
    on_each_shard([this](ShardWork& shard) { start_workers(shard); });
    env::Env& env = *envs_.front();
    for (;;) {
        const Duration wait(env.random.between(10'000, checkpoint_interval_max.count()));
        const auto asked = stop_asked_->wait_until(env.scheduler.now() + wait);
        if (asked) return {};
        if (asked.error() != Error::timed_out) return asked.error();
        static_cast<void>(root.checkpoint(checkpoints()).failed());
    }
}

std::vector<broker::LogStore::Checkpoint> LogProgram::checkpoints() {
    std::vector<broker::LogStore::Checkpoint> all;
    on_each_shard([&](ShardWork& shard) {
        if (!shard.store) return;
        const auto own = shard.store->checkpoints();
        all.insert(all.end(), own.begin(), own.end());
    });
    return all;
}

Result<void> LogProgram::open_logs(ShardWork& shard,
                                   const std::map<std::string, broker::LogHints>& hints) {
    shard.store =
        std::make_unique<storage::Store>(storage::LogDoors::of(shard.env), "", scenario_.options());
    for (LogModel& model : scenario_.logs()) {
        if (model.number % envs_.size() != shard.env.shards.self().value) continue;
        const auto hint = hints.find(model.name);
        auto log = shard.store->open(model.name, model.topic, model.config,
                                     hint == hints.end() ? broker::LogHints{} : hint->second);
        if (log.failed()) {
            if (shard.env.scheduler.stopped()) return Error::stopped;
            if (log.error() == Error::corrupt && !scenario_.is_damaged(model))
                scenario_.fail(model, "corrupt though nothing was damaged");
            model.reported_damage = model.reported_damage || scenario_.is_damaged(model);
            if (!scenario_.is_damaged(model)) return log.error();
            continue;
        }
        if ((*log)->offsets().end < Offset(model.acknowledged_end) && !scenario_.is_damaged(model))
            scenario_.fail(model, "lost");
        shard.logs.push_back(
            std::make_unique<OpenLog>(OpenLog{model, std::move(*log), model.producers.size()}));
    }
    return {};
}

void LogProgram::start_workers(ShardWork& shard) {
    const auto spawn = [&](std::string_view name, Task body) {
        ASSERT(!shard.fibers.spawn(name, std::move(body)).failed());
    };
    for (const auto& owned : shard.logs) {
        OpenLog& log = *owned;
        for (Producer& producer : log.model.producers)
            spawn("producer", [this, &shard, &log, &producer] { produce(shard, log, producer); });
        spawn("reader", [this, &shard, &log] { read_now_and_then(shard, log); });
        spawn("maintainer", [this, &shard, &log] { maintain(shard, log); });
    }
}

void LogProgram::close_logs(ShardWork& shard) {
    for (const auto& log : shard.logs)
        if (shard.store->close(*log->log).failed()) shard.clean = false;
}

Result<void> LogProgram::pause(ShardWork& shard, Duration most) {
    if (shard.stopping) return Error::stopped;
    const Duration some(shard.env.random.between(0, most.count()));
    const auto woken = shard.woken.wait_until(shard.env.scheduler.now() + some);
    if (woken || shard.stopping) return Error::stopped;
    if (woken.error() != Error::timed_out) return woken.error();
    return {};
}

// A log that failed stays offline until the process starts again.
void LogProgram::went_wrong(ShardWork& shard, OpenLog& log, Error error) {
    if (error == Error::stopped || shard.stopping || shard.env.scheduler.stopped()) return;
    if (scenario_.is_damaged(log.model)) {
        log.model.reported_damage = true;
        return;
    }
    if (error == Error::corrupt) scenario_.fail(log.model, "corrupt though nothing was damaged");
    ask_to_restart(shard);
}

void LogProgram::ask_to_restart(ShardWork& shard) {
    static_cast<void>(
        env::call(shard.env.shards, ShardId(0), [this] { stop_asked_->set(); }).failed());
}

// --- Producing ---

void LogProgram::produce(ShardWork& shard, OpenLog& log, Producer& producer) {
    std::deque<Appended> appended;  // Of the open batches, in this process.
    for (;;) {
        if (scenario_.finishing() && producer.open.empty()) break;
        if (const auto result = produce_some(shard, log, producer, appended); result.failed()) {
            went_wrong(shard, log, result.error());
            return;
        }
        if (pause(shard, scenario_.think_time_max()).failed()) return;
    }
    if (--log.producers_left > 0) return;
    while (!read_everything(log) && !pause(shard, milliseconds(500)).failed()) {
    }
}

Result<void> LogProgram::produce_some(ShardWork& shard, OpenLog& log, Producer& producer,
                                      std::deque<Appended>& appended) {
    const std::uint64_t more = 1 + shard.env.random.below(scenario_.batches_open_max());
    for (std::uint64_t i = 0; i < more && producer.open.size() < scenario_.batches_open_max(); ++i)
        if (!scenario_.finishing()) scenario_.make_batch(log.model, producer);
    while (appended.size() < producer.open.size()) {
        TRY(const Appended one, append(shard, log, producer.open[appended.size()]));
        appended.push_back(one);
    }
    // The oldest ones are waited for, perhaps not all.
    std::uint64_t answers = 1 + shard.env.random.below(appended.size() + 1);
    if (scenario_.finishing()) answers = appended.size();
    for (; answers > 0 && !appended.empty(); --answers) {
        CHECK_OK(log.log->wait_durable(appended.front().next));
        scenario_.acknowledge(log.model, producer.open.front(), appended.front().base);
        appended.pop_front();
        producer.open.pop_front();
    }
    return {};
}

Result<LogProgram::Appended> LogProgram::append(ShardWork& shard, OpenLog& log,
                                                const LogScenario::Batch& batch) {
    for (;;) {
        auto appended = append_once(log, batch);
        if (appended) return appended;
        if (appended.error() == Error::limit) {
            CHECK_OK(log.log->wait_for_room());
            // There may be room, and still not for a batch as large as this one.
            CHECK_OK(pause(shard, milliseconds(5)));
        } else if (appended.error() == Error::no_space) {
            CHECK_OK(pause(shard, milliseconds(100)));
        } else {
            return appended;
        }
    }
}

// As a leader does: what was stored before is not stored again.
Result<LogProgram::Appended> LogProgram::append_once(OpenLog& log,
                                                     const LogScenario::Batch& batch) {
    const auto facts = facts_of(batch.bytes.view());
    const auto verdict = log.log->producers().check(replication::ProducerBatch::of(facts));
    if (const auto* duplicate = std::get_if<replication::ProducerStates::Duplicate>(&verdict))
        return Appended{duplicate->base, duplicate->next};
    if (std::holds_alternative<protocol::ErrorCode>(verdict)) {
        if (!scenario_.is_damaged(log.model))
            scenario_.fail(log.model, "a producer's next batch is refused");
        return Error::corrupt;
    }
    TRY(const auto appended, log.log->append(batch.bytes.view(), facts, LeaderEpoch(epoch_)));
    return Appended{appended.base, appended.next};
}

// --- Reading ---

Result<Read> LogProgram::read_from(OpenLog& log, Offset from, std::size_t bytes_max) {
    Read done{.log = log.model.number,
              .reader = 1,
              .from = from.value,
              .invoked = scenario_.world().now()};
    TRY(const auto read,
        log.log->read(
            {.from = from, .before = log.log->offsets().durable, .bytes_max = bytes_max}));
    for (const Bytes& piece : read.pieces) {
        collect_records(piece.view(), from, done.records);
        check_epochs(log, piece.view());
    }
    done.answered = scenario_.world().now();
    return done;
}

// The log knows which epoch wrote what it holds.
void LogProgram::check_epochs(const OpenLog& log, Slice bytes) {
    protocol::BatchSplitter splitter(bytes);
    while (const auto batch = splitter.next())
        if (log.log->epochs().epoch_of(batch->base_offset()) != batch->leader_epoch() &&
            !scenario_.is_damaged(log.model))
            scenario_.fail(log.model, "an epoch is not known where it wrote");
}

void LogProgram::read_now_and_then(ShardWork& shard, OpenLog& log) {
    Random& random = shard.env.random;
    Offset at = log.log->offsets().start;
    while (!pause(shard, scenario_.think_time_max() * 2).failed()) {
        const auto& offsets = log.log->offsets();
        const auto span = static_cast<std::uint64_t>(offsets.durable.minus(offsets.start));
        // Goes on where it was, or somewhere else.
        if (at > offsets.durable || random.below(4) == 0)
            at = offsets.start.plus(static_cast<std::int64_t>(random.below(span + 1)));
        auto read = read_from(log, at, std::size_t{64} << random.below(12));
        if (read.failed()) {
            // A read may fail now and then; only damage and the end of the log are remembered.
            if (read.error() == Error::corrupt) went_wrong(shard, log, Error::corrupt);
            if (scenario_.is_damaged(log.model)) log.model.reported_damage = true;
            if (log.log->offline()) return;
            continue;
        }
        if (!read->records.empty()) at = Offset(read->records.back().offset + 1);
        scenario_.history().read(std::move(*read));
    }
}

bool LogProgram::read_everything(OpenLog& log) {
    Read all{.log = log.model.number,
             .reader = 2,
             .from = log.log->offsets().start.value,
             .invoked = scenario_.world().now()};
    Offset at(all.from);
    while (at < log.log->offsets().durable) {
        auto some = read_from(log, at, 4096);
        if (some.failed() || some->records.empty()) {
            if (scenario_.is_damaged(log.model)) log.model.reported_damage = true;
            if (some.failed() && some.error() != Error::stopped &&
                !scenario_.is_damaged(log.model) && some.error() != Error::io)
                scenario_.fail(log.model, "cannot be read");
            return false;
        }
        at = Offset(some->records.back().offset + 1);
        all.records.insert(all.records.end(), some->records.begin(), some->records.end());
    }
    all.answered = scenario_.world().now();
    scenario_.history().read_all(std::move(all));
    log.model.read_at_end = true;
    return true;
}

void LogProgram::maintain(ShardWork& shard, OpenLog& log) {
    while (!pause(shard, seconds(3)).failed()) {
        log.log->configure(log.model.config);
        const auto done = log.log->maintain(log.log->offsets().durable, shard.env.clock.wall());
        if (done.failed() && log.log->offline()) return;
    }
}

}  // namespace sluice::sim
