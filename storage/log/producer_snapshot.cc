#include "storage/log/producer_snapshot.h"

#include <map>

#include "core/base/crc32c.h"
#include "core/base/endian.h"
#include "core/base/probe.h"

namespace sluice::storage {
namespace {

using replication::ProducerState;
using replication::ProducerStates;

constexpr std::int16_t format_version = 1;

// Where the parts of the file begin, and of one entry in it.
constexpr std::size_t crc_at = sizeof(std::int16_t);
constexpr std::size_t count_at = crc_at + sizeof(std::uint32_t);
constexpr std::size_t entries_at = count_at + sizeof(std::int32_t);
constexpr std::size_t epoch_at = sizeof(std::int64_t);
constexpr std::size_t last_sequence_at = epoch_at + sizeof(std::int16_t);
constexpr std::size_t last_offset_at = last_sequence_at + sizeof(std::int32_t);
constexpr std::size_t offset_delta_at = last_offset_at + sizeof(std::int64_t);
constexpr std::size_t timestamp_at = offset_delta_at + sizeof(std::int32_t);
constexpr std::size_t coordinator_epoch_at = timestamp_at + sizeof(std::int64_t);
constexpr std::size_t transaction_start_at = coordinator_epoch_at + sizeof(std::int32_t);
constexpr std::size_t entry_size = transaction_start_at + sizeof(std::int64_t);
static_assert(entry_size == 46);

void put_entry(std::vector<std::uint8_t>& file, ProducerId id, const ProducerState& state,
               const ProducerState::Batch& batch) {
    const std::size_t begin = file.size();
    file.resize(begin + entry_size);
    std::uint8_t* const at = file.data() + begin;
    store_big(at, id.value);
    store_big(at + epoch_at, state.epoch.value);
    store_big(at + last_sequence_at, batch.last_sequence.value);
    store_big(at + last_offset_at, batch.last_offset.value);
    store_big(at + offset_delta_at, batch.offset_delta);
    store_big(at + timestamp_at, batch.timestamp.value);
    store_big(at + coordinator_epoch_at, state.coordinator_epoch);
    store_big(at + transaction_start_at, state.transaction_start.value_or(Offset(-1)).value);
}

// Adds the entry at `at` to what the entries before it said about the same producer.
void take_entry(const std::uint8_t* at, std::map<ProducerId, ProducerState>& producers) {
    ProducerState& state = producers[ProducerId(load_big<std::int64_t>(at))];
    const ProducerEpoch epoch(load_big<std::int16_t>(at + epoch_at));
    if (state.epoch != epoch) state = ProducerState();
    state.epoch = epoch;
    state.last_timestamp = Timestamp(load_big<std::int64_t>(at + timestamp_at));
    state.coordinator_epoch = load_big<std::int32_t>(at + coordinator_epoch_at);
    const Offset transaction_start(load_big<std::int64_t>(at + transaction_start_at));
    if (transaction_start >= Offset(0)) state.transaction_start = transaction_start;
    const Offset last_offset(load_big<std::int64_t>(at + last_offset_at));
    if (last_offset < Offset(0)) return;
    state.keep({.last_sequence = Sequence(load_big<std::int32_t>(at + last_sequence_at)),
                .offset_delta = load_big<std::int32_t>(at + offset_delta_at),
                .last_offset = last_offset,
                .timestamp = state.last_timestamp});
}

}  // namespace

std::vector<std::uint8_t> snapshot_bytes(const ProducerStates& states) {
    std::vector<std::uint8_t> file(entries_at);
    std::int32_t count = 0;
    for (const auto& [id, state] : states.producers()) {
        const auto batches = state.batches();
        const std::size_t begin = PLANT("producer.snapshot_keeps_one_batch") ? batches.size() : 0;
        for (std::size_t i = begin; i + 1 < batches.size(); ++i, ++count)
            put_entry(file, id, state, batches[i]);
        ProducerState::Batch last = batches.empty() ? ProducerState::Batch{} : batches.back();
        // A marker may be younger than the last batch.
        last.timestamp = state.last_timestamp;
        put_entry(file, id, state, last);
        ++count;
    }
    store_big(file.data(), format_version);
    store_big(file.data() + count_at, count);
    store_big(file.data() + crc_at, crc32c(Slice(file).subspan(count_at)));
    return file;
}

Result<void> restore_snapshot(Slice bytes, ProducerStates& states) {
    if (bytes.size() < entries_at) return Error::corrupt;
    if (load_big<std::int16_t>(bytes.data()) != format_version) return Error::corrupt;
    if (load_big<std::uint32_t>(bytes.data() + crc_at) != crc32c(bytes.subspan(count_at)))
        return Error::corrupt;
    const auto count = load_big<std::int32_t>(bytes.data() + count_at);
    if (count < 0 || bytes.size() - entries_at != static_cast<std::size_t>(count) * entry_size)
        return Error::corrupt;
    std::map<ProducerId, ProducerState> producers;
    for (std::size_t at = entries_at; at < bytes.size(); at += entry_size)
        take_entry(bytes.data() + at, producers);
    for (const auto& [id, state] : producers) states.restore(id, state);
    return {};
}

}  // namespace sluice::storage
