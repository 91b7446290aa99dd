// How fast a history is judged: sends and polls of a sound one, in values (each is sent once and
// polled once).

#include <benchmark/benchmark.h>

#include "sim/checker/checker.h"

namespace sluice::checker {
namespace {

History sound_history(std::int64_t values) {
    constexpr std::uint32_t logs = 8, batch = 50;
    History history;
    for (std::uint32_t log = 0; log < logs; ++log)
        history.logs.push_back("log-" + std::to_string(log));
    std::int64_t clock = 0;
    for (std::int64_t sent = 0; sent < values; sent += logs * batch)
        for (std::uint32_t log = 0; log < logs; ++log) {
            Polled polled{LogId(log), {}};
            for (std::uint32_t i = 0; i < batch; ++i) {
                const Offset offset(sent / logs + i);
                const Value value(static_cast<std::uint64_t>(sent + log * batch + i));
                const Time now{Duration(clock += 10)};
                history.operations.push_back({ProcessId(log),
                                              Outcome::ok,
                                              now,
                                              now + Duration(25),
                                              {Sent{LogId(log), value, offset}}});
                polled.records.push_back({offset, value});
            }
            const Time now{Duration(clock += 10)};
            history.operations.push_back(
                {ProcessId(logs + log), Outcome::ok, now, now + Duration(25), {std::move(polled)}});
        }
    return history;
}

void judge_history(benchmark::State& state) {
    const History history = sound_history(state.range(0));
    for ([[maybe_unused]] auto _ : state) {
        const Findings findings = check(history);
        if (!findings.counts().empty()) state.SkipWithError("a sound history has anomalies");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(judge_history)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::checker
