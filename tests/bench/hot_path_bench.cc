// A produce request from the socket to the disk and back, by a real broker on the real doors: how
// long, and what it asks for. Against a disk, so the time is mostly the disk's.

#include <benchmark/benchmark.h>

#include "tests/bench/produce_path.h"

namespace sluice {
namespace {

void produce(benchmark::State& state, posix::EngineChoice engine) {
    const ProduceLoad load{.engine = engine,
                           .records = static_cast<int>(state.range(0)),
                           .under_way = static_cast<int>(state.range(1))};
    for (auto _ : state) {
        std::string why;
        const auto counts = count_produce(load, why);
        if (!counts) return state.SkipWithError(why.c_str());
        state.SetIterationTime(counts->seconds / load.requests);
        state.counters["allocations"] = counts->allocations;
        state.counters["allocated_per_byte"] = counts->allocated_per_byte;
        state.counters["copied_per_byte"] = counts->copied_per_byte;
        if (counts->system_calls) state.counters["system_calls"] = *counts->system_calls;
    }
}
BENCHMARK_CAPTURE(produce, io_uring, posix::EngineChoice::io_uring)
    ->ArgNames({"records", "under_way"})
    ->ArgsProduct({{1, 16, 64}, {1, 32}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(produce, epoll, posix::EngineChoice::epoll)
    ->ArgNames({"records", "under_way"})
    ->ArgsProduct({{1, 16, 64}, {1, 32}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sluice
