// What the hot path pays for the protocol: reading and writing Produce and Fetch, checking batches.

#include <benchmark/benchmark.h>

#include <string>

#include "core/base/crc32c.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/codec.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/produce.h"
#include "core/protocol/validate_batch.h"
#include "tests/bench/allocations.h"

namespace sluice::protocol {
namespace {

constexpr int topics = 4;
constexpr int partitions = 8;

Bytes batch_of(int records, std::size_t value_size, CompressionType type) {
    RecordBatchBuilder builder({.compression = type});
    std::string value;
    for (int i = 0; value.size() < value_size; ++i) value += std::to_string(i * i);
    value.resize(value_size);
    for (int i = 0; i < records; ++i) {
        const std::string key = "key-" + std::to_string(i);
        builder.append(
            {.timestamp = Timestamp(1000 + i), .key = as_slice(key), .value = as_slice(value)});
    }
    return builder.build();
}

ProduceRequest produce_request() {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30'000;
    const Bytes batch = batch_of(10, 100, CompressionType::none);
    for (int t = 0; t < topics; ++t) {
        ProduceRequest::Topic topic{.name = "topic-" + std::to_string(t)};
        for (int p = 0; p < partitions; ++p)
            topic.partition_data.push_back({PartitionIndex(p), batch});
        request.topic_data.push_back(std::move(topic));
    }
    return request;
}

void decode_produce(benchmark::State& state) {
    const Bytes bytes = *encode(produce_request(), Version(9));
    AllocationCounters allocations(state);
    for (auto _ : state) benchmark::DoNotOptimize(decode<ProduceRequest>(bytes, Version(9)));
    allocations.finish(static_cast<double>(state.iterations()),
                       static_cast<double>(state.iterations()) * static_cast<double>(bytes.size()));
}
BENCHMARK(decode_produce);

void encode_produce(benchmark::State& state) {
    const ProduceRequest request = produce_request();
    for (auto _ : state) benchmark::DoNotOptimize(encode(request, Version(9)));
}
BENCHMARK(encode_produce);

void encode_produce_parts(benchmark::State& state) {
    const ProduceRequest request = produce_request();
    for (auto _ : state) benchmark::DoNotOptimize(encode_parts(request, Version(9)));
}
BENCHMARK(encode_produce_parts);

void size_produce(benchmark::State& state) {
    const ProduceRequest request = produce_request();
    for (auto _ : state) benchmark::DoNotOptimize(encoded_size(request, Version(9)));
}
BENCHMARK(size_produce);

void encode_produce_response(benchmark::State& state) {
    ProduceResponse response;
    for (int t = 0; t < topics; ++t) {
        ProduceResponse::Topic topic{.name = "topic-" + std::to_string(t)};
        for (int p = 0; p < partitions; ++p)
            topic.partition_responses.push_back({.index = PartitionIndex(p)});
        response.responses.push_back(std::move(topic));
    }
    for (auto _ : state) benchmark::DoNotOptimize(encode(response, Version(10)));
}
BENCHMARK(encode_produce_response);

void validate(benchmark::State& state, CompressionType type) {
    const auto records = static_cast<int>(state.range(0));
    const Bytes batch = batch_of(records, static_cast<std::size_t>(state.range(1)), type);
    ValidationRules rules;
    rules.now = Timestamp(2000);
    rules.batch_bytes_max = batch.size();
    AllocationCounters allocations(state);
    for (auto _ : state) {
        const auto validated = validate_batch(batch.view(), rules);
        if (validated.failed()) state.SkipWithError(validated.error().message.c_str());
        benchmark::DoNotOptimize(validated->max_timestamp);
    }
    allocations.finish(static_cast<double>(state.iterations()), 0);
    state.SetItemsProcessed(state.iterations() * records);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK_CAPTURE(validate, none, CompressionType::none)
    ->Args({1, 100})
    ->Args({100, 10})
    ->Args({1000, 10})
    ->Args({1000, 100})
    ->Args({1000, 1000});
BENCHMARK_CAPTURE(validate, gzip, CompressionType::gzip)->Args({1000, 100});
BENCHMARK_CAPTURE(validate, snappy, CompressionType::snappy)->Args({1000, 100});
BENCHMARK_CAPTURE(validate, lz4, CompressionType::lz4)->Args({1000, 100});
BENCHMARK_CAPTURE(validate, zstd, CompressionType::zstd)->Args({1000, 100});

void build_batch(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(batch_of(100, 100, CompressionType::none));
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(build_batch);

void checksum(benchmark::State& state) {
    const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
    for (auto _ : state) benchmark::DoNotOptimize(crc32c(as_slice(bytes)));
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum)->Arg(1024)->Arg(65536);

}  // namespace
}  // namespace sluice::protocol
