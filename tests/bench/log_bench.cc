#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "core/env/event.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/validate_batch.h"
#include "storage/log/store.h"
#include "tests/bench/allocations.h"

// The log's own cost, over plain blocking files: appending, reading near the end, recovering,
// opening many. SLUICE_BENCH_DIR says where; by default memory (/dev/shm), so that the disk's speed
// is not what is measured.

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

struct SteadyClock final : env::Clock {
    Time now() const override {
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        return Time{std::chrono::duration_cast<Duration>(since)};
    }
    Timestamp wall() const override { return Timestamp(1'700'000'000'000); }
};

struct SilentLogger final : env::Logger {
    using Logger::Logger;
    void write_line(std::string_view) override {}
};

class BlockingFile final : public env::File {
public:
    BlockingFile(int fd, std::uint64_t& writes) : fd_(fd), writes_(writes) {}
    ~BlockingFile() override { ::close(fd_); }
    Result<std::size_t> read(std::uint64_t offset, MutableSlice into) override {
        return counted(::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset)));
    }
    Result<std::size_t> write(std::uint64_t offset, std::span<const Slice> pieces) override {
        return write_as(0, offset, pieces);
    }
    Result<std::size_t> write_durable(std::uint64_t offset,
                                      std::span<const Slice> pieces) override {
        return write_as(RWF_DSYNC, offset, pieces);
    }
    Result<void> sync() override {
        if (::fdatasync(fd_) != 0) return Error::io;
        return {};
    }
    Result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return Error::io;
        return {};
    }
    Result<std::uint64_t> size() override {
        struct stat status {};
        if (::fstat(fd_, &status) != 0) return Error::io;
        return static_cast<std::uint64_t>(status.st_size);
    }

private:
    Result<std::size_t> write_as(int flags, std::uint64_t offset, std::span<const Slice> pieces) {
        std::vector<iovec> vectors;
        for (const Slice piece : pieces)
            vectors.push_back({const_cast<std::uint8_t*>(piece.data()), piece.size()});
        const auto count = static_cast<int>(std::min<std::size_t>(vectors.size(), 1024));
        ++writes_;
        return counted(::pwritev2(fd_, vectors.data(), count, static_cast<off_t>(offset), flags));
    }
    static Result<std::size_t> counted(ssize_t count) {
        if (count < 0) return Error::io;
        return static_cast<std::size_t>(count);
    }
    int fd_;
    std::uint64_t& writes_;
};

class BlockingDisk final : public env::Disk {
public:
    explicit BlockingDisk(fs::path root) : root_(std::move(root)) {}

    std::uint64_t writes = 0;  // Calls, of all files.

    Result<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override {
        int flags = mode == env::OpenMode::read ? O_RDONLY : O_RDWR;
        if (mode == env::OpenMode::create || mode == env::OpenMode::create_new) flags |= O_CREAT;
        const int fd = ::open((root_ / path).c_str(), flags | O_CLOEXEC, 0644);
        if (fd < 0) return errno == ENOENT ? Error::not_found : Error::io;
        return std::unique_ptr<env::File>(std::make_unique<BlockingFile>(fd, writes));
    }
    Result<void> make_directory(const std::string& path) override {
        fs::create_directories(root_ / path);
        return {};
    }
    Result<void> remove(const std::string& path) override {
        if (!fs::remove(root_ / path)) return Error::not_found;
        return {};
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        fs::rename(root_ / from, root_ / to);
        return {};
    }
    Result<std::vector<env::DirectoryEntry>> list(const std::string& path) override {
        if (!fs::exists(root_ / path)) return Error::not_found;
        std::vector<env::DirectoryEntry> entries;
        for (const auto& entry : fs::directory_iterator(root_ / path))
            entries.push_back({entry.path().filename(), entry.is_directory()});
        std::sort(entries.begin(), entries.end());
        return entries;
    }
    Result<void> sync_directory(const std::string& path) override {
        TRY(const auto directory, open(path, env::OpenMode::read));
        return directory->sync();
    }
    Result<env::DiskSpace> space(const std::string&) override {
        return env::DiskSpace{UINT64_MAX, UINT64_MAX};
    }
    Result<std::unique_ptr<env::DiskLock>> lock(const std::string&) override {
        return std::make_unique<env::DiskLock>();
    }

private:
    const fs::path root_;
};

// A shard with one store, driven until nothing is left to do.
class Shard {
public:
    Shard() {
        fs::remove_all(directory);
        fs::create_directories(directory);
    }
    ~Shard() {
        run([&] { store->stop(); });
        store.reset();
        fs::remove_all(directory);
    }
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    void run(const std::function<void()>& body) {
        bool done = false;
        const auto spawned = scheduler.spawn("bench", [&] {
            body();
            done = true;
        });
        if (spawned.failed()) std::abort();
        while (!done) {
            scheduler.fire_timers(clock.now());
            if (scheduler.ready_count() > 0) scheduler.resume(0);
        }
    }
    std::unique_ptr<broker::PartitionLog> open(const std::string& name, bool clean = false) {
        std::unique_ptr<broker::PartitionLog> log;
        run([&] {
            auto opened = store->open(name, TopicId{{1}}, {}, {.clean = clean});
            if (opened.failed()) std::abort();
            log = std::move(*opened);
        });
        return log;
    }
    void close(std::unique_ptr<broker::PartitionLog> log) {
        run([&] {
            if (store->close(*log).failed()) std::abort();
        });
    }

    const char* chosen = std::getenv("SLUICE_BENCH_DIR");
    const fs::path directory = fs::path(chosen ? chosen : "/dev/shm") / "sluice-log-bench";
    SteadyClock clock;
    SilentLogger logger{clock, {}};
    env::Scheduler scheduler{clock, {.fibers_max = 1000}};
    BlockingDisk disk{directory};
    PageHeap pages;
    Random random{1};
    std::unique_ptr<Store> store =
        std::make_unique<Store>(LogDoors{scheduler, clock, disk, pages, logger, random}, "");
};

Bytes batch_of(int records) {
    const std::string value(100, 'v');
    protocol::RecordBatchBuilder builder;
    for (int i = 0; i < records; ++i)
        builder.append({.timestamp = Timestamp(1'000), .value = as_slice(value)});
    return builder.build();
}

protocol::ValidatedBatch facts_of(const Bytes& bytes) {
    const protocol::BatchView view(bytes.view());
    protocol::ValidatedBatch facts;
    facts.record_count = view.record_count();
    facts.last_offset_delta = view.last_offset_delta();
    facts.max_timestamp = view.max_timestamp();
    return facts;
}

// Appends `bytes` in batches, each wave of them with one sync.
void append_bytes(Shard& shard, broker::PartitionLog& log, const Bytes& batch,
                  std::uint64_t bytes) {
    constexpr int wave = 64;
    const auto facts = facts_of(batch);
    shard.run([&] {
        for (std::uint64_t done = 0; done < bytes;) {
            for (int i = 0; i < wave; ++i, done += batch.size())
                if (log.append(batch.view(), facts, LeaderEpoch(1)).failed()) std::abort();
            if (log.wait_durable(log.offsets().end).failed()) std::abort();
        }
    });
}

void append(benchmark::State& state) {
    Shard shard;
    const Bytes batch = batch_of(static_cast<int>(state.range(0)));
    const auto facts = facts_of(batch);
    auto log = shard.open("t-0");
    constexpr int wave = 64;
    std::int64_t batches = 0;
    AllocationCounters allocations(state);
    const std::uint64_t writes_before = shard.disk.writes;
    shard.run([&] {
        for (auto _ : state) {
            for (int i = 0; i < wave; ++i)
                if (log->append(batch.view(), facts, LeaderEpoch(1)).failed()) std::abort();
            if (log->wait_durable(log->offsets().end).failed()) std::abort();
            batches += wave;
            if (log->size_bytes() > (std::uint64_t{1} << 30)) {
                state.PauseTiming();
                log->configure({.file_delete_delay = Duration(0)});
                if (log->advance_start(log->offsets().end).failed() ||
                    log->maintain(log->offsets().end, {}).failed() ||
                    log->maintain(log->offsets().end, {}).failed())
                    std::abort();
                state.ResumeTiming();
            }
        }
    });
    allocations.finish(static_cast<double>(batches),
                       static_cast<double>(batches) * static_cast<double>(batch.size()));
    state.counters["disk_writes"] =
        static_cast<double>(shard.disk.writes - writes_before) / static_cast<double>(batches);
    state.SetBytesProcessed(batches * static_cast<std::int64_t>(batch.size()));
    state.SetItemsProcessed(batches * state.range(0));
    shard.close(std::move(log));
}
BENCHMARK(append)->Name("log/append/records_per_batch")->Arg(145)->Arg(1)->UseRealTime();

void read_tail(benchmark::State& state) {
    Shard shard;
    auto log = shard.open("t-0");
    append_bytes(shard, *log, batch_of(145), 16 << 20);
    std::int64_t bytes = 0;
    shard.run([&] {
        Offset at{0};
        for (auto _ : state) {
            const auto read = log->read({.from = at, .before = log->offsets().end});
            if (read.failed()) std::abort();
            bytes += static_cast<std::int64_t>(read->size);
            at = at.plus(145 * 64);
            if (at >= log->offsets().end) at = Offset(0);
        }
    });
    state.SetBytesProcessed(bytes);
    shard.close(std::move(log));
}
BENCHMARK(read_tail)->Name("log/read_tail/1MiB")->UseRealTime();

void read_cold(benchmark::State& state) {
    Shard shard;
    auto log = shard.open("t-0");
    append_bytes(shard, *log, batch_of(145), 64 << 20);
    shard.close(std::move(log));
    log = shard.open("t-0", true);
    std::int64_t bytes = 0;
    shard.run([&] {
        Offset at{0};
        for (auto _ : state) {
            const auto read = log->read({.from = at, .before = log->offsets().end});
            if (read.failed()) std::abort();
            bytes += static_cast<std::int64_t>(read->size);
            at = at.plus(145 * 64);
            if (at >= log->offsets().end) at = Offset(0);
        }
    });
    state.SetBytesProcessed(bytes);
    shard.close(std::move(log));
}
BENCHMARK(read_cold)->Name("log/read_disk/1MiB")->UseRealTime();

void recover(benchmark::State& state) {
    constexpr std::uint64_t size = 256 << 20;
    Shard shard;
    auto log = shard.open("t-0");
    append_bytes(shard, *log, batch_of(static_cast<int>(state.range(0))), size);
    shard.close(std::move(log));
    // As if there had been no checkpoint: all of it is checked and written again.
    for (const auto& entry : fs::directory_iterator(shard.directory / "t-0"))
        if (entry.path().extension() == ".snapshot") fs::remove(entry.path());
    for (auto _ : state) {
        log = shard.open("t-0");
        state.PauseTiming();
        shard.close(std::move(log));
        for (const auto& entry : fs::directory_iterator(shard.directory / "t-0"))
            if (entry.path().extension() == ".snapshot") fs::remove(entry.path());
        state.ResumeTiming();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(recover)->Name("log/recover/records_per_batch")->Arg(145)->Arg(1)->UseRealTime();

void open_many(benchmark::State& state) {
    Shard shard;
    const bool clean = state.range(1) != 0;
    std::vector<std::unique_ptr<broker::PartitionLog>> logs;
    const auto open_all = [&] {
        for (int i = 0; i < state.range(0); ++i)
            logs.push_back(shard.open("t-" + std::to_string(i), clean));
    };
    const auto close_all = [&] {
        for (auto& log : logs) shard.close(std::move(log));
        logs.clear();
    };
    const Bytes batch = batch_of(10);
    open_all();
    for (auto& log : logs) append_bytes(shard, *log, batch, 1);
    close_all();
    for (auto _ : state) {
        const std::size_t before = mallinfo2().uordblks;
        open_all();
        state.PauseTiming();
        state.counters["bytes_per_log"] =
            static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(logs.size());
        close_all();
        state.ResumeTiming();
    }
}
BENCHMARK(open_many)
    ->Name("log/open/logs/clean")
    ->Args({1000, 1})
    ->Args({1000, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace sluice::storage
