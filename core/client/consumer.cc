#include "core/client/consumer.h"

#include <algorithm>

#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "core/protocol/record_batch.h"

namespace sluice::client {

using protocol::ErrorCode;

void Consumer::assign(const TopicPartition& partition, Offset from) {
    positions_[partition] = {.next = from, .found = from >= Offset(0)};
}

Result<void> Consumer::assign_topic(const std::string& topic, Offset from) {
    TRY(const Cluster::Topic known, cluster_.topic(topic, false, true));
    if (known.error != ErrorCode::none || known.leaders.empty()) return Error::not_found;
    for (const auto& [index, leader] : known.leaders) assign({topic, index}, from);
    return {};
}

std::optional<Offset> Consumer::position(const TopicPartition& partition) const {
    const auto found = positions_.find(partition);
    if (found == positions_.end() || !found->second.found) return std::nullopt;
    return found->second.next;
}

std::optional<Offset> Consumer::high_watermark(const TopicPartition& partition) const {
    const auto found = positions_.find(partition);
    if (found == positions_.end() || found->second.high_watermark < Offset(0)) return std::nullopt;
    return found->second.high_watermark;
}

std::optional<ErrorCode> Consumer::trouble(const TopicPartition& partition) const {
    const auto found = positions_.find(partition);
    return found == positions_.end() ? std::nullopt : found->second.trouble;
}

std::vector<TopicPartition> Consumer::assignment() const {
    std::vector<TopicPartition> all;
    for (const auto& [partition, position] : positions_) all.push_back(partition);
    return all;
}

Result<Offset, Refusal> Consumer::look_up(const TopicPartition& partition, Timestamp time) {
    const auto leader = cluster_.leader(partition);
    if (leader.failed()) {
        // Somebody else leads by now, if it is dead.
        if (leader.error() != Error::not_found) cluster_.forget(partition.topic);
        return refusal(leader.error());
    }
    protocol::ListOffsetsRequest request;
    request.replica_id = BrokerId(-1);
    request.topics.push_back(
        {partition.topic, {{.partition_index = partition.partition, .timestamp = time}}});
    const auto reply = (*leader)->ask(request);
    if (reply.failed()) {
        cluster_.forget(partition.topic);
        return refusal(reply.error());
    }
    if (reply->topics.size() != 1 || reply->topics.front().partitions.size() != 1)
        return refusal(Error::invalid);
    const auto& answer = reply->topics.front().partitions.front();
    if (answer.error_code == ErrorCode::none) return answer.offset;
    cluster_.forget(partition.topic);
    return refusal(answer.error_code);
}

Result<std::optional<Offset>, Refusal> Consumer::offset_at(const TopicPartition& partition,
                                                           Timestamp time) {
    TRY(const Offset offset, look_up(partition, time));
    if (offset < Offset(0)) return std::optional<Offset>();
    return std::optional(offset);
}

Result<void> Consumer::find_positions() {
    for (auto& [partition, position] : positions_) {
        if (position.found) continue;
        const auto offset = look_up(partition, Timestamp(position.next.value));
        if (offset.failed()) {
            const Refusal& why = offset.error();
            if (why.code == ErrorCode::none) {
                if (why.error == Error::stopped || why.error == Error::invalid) return why.error;
                if (why.error == Error::not_found) note_no_leader(partition, position);
                continue;  // Its leader is away for the moment.
            }
            if (!protocol::retriable(why.code)) return Error::invalid;
            position.trouble = why.code;
            continue;
        }
        position.next = *offset;
        position.found = true;
        position.trouble.reset();
    }
    return {};
}

// A leader's answer says more than that there is none, unless its topic is gone.
void Consumer::note_no_leader(const TopicPartition& partition, Position& position) const {
    if (cluster_.is_missing(partition.topic))
        position.trouble = ErrorCode::unknown_topic_or_partition;
    else if (!position.trouble)
        position.trouble = ErrorCode::leader_not_available;
}

Result<std::vector<ReadRecord>> Consumer::poll(Duration time) {
    const env::Clock& clock = cluster_.env().clock;
    const Time deadline = clock.now() + time;
    std::vector<ReadRecord> records;
    CHECK_OK(find_positions());
    std::map<BrokerId, std::vector<TopicPartition>> by_leader;
    for (const auto& [partition, position] : std::map(positions_)) {
        if (!position.found) continue;
        if (const auto leader = cluster_.leader_of(partition))
            by_leader[*leader].push_back(partition);
        else if (leader.error() == Error::not_found)
            note_no_leader(partition, positions_[partition]);
    }
    for (const auto& [leader, partitions] : by_leader) {
        // Only the last one waits for news when there are several.
        const bool waits = leader == by_leader.rbegin()->first;
        const Duration left =
            records.empty() && waits ? std::max(deadline - clock.now(), Duration{0}) : Duration{0};
        const auto fetched = fetch_from(leader, partitions, left, records);
        if (fetched) continue;
        // The next poll meets it again.
        if (fetched.error() == Error::corrupt && !records.empty()) return records;
        if (fetched.error() == Error::stopped || fetched.error() == Error::corrupt ||
            fetched.error() == Error::invalid)
            return fetched.error();
        for (const TopicPartition& partition : partitions) cluster_.forget(partition.topic);
    }
    if (by_leader.empty() && clock.now() < deadline)
        CHECK_OK(
            env::sleep_for(cluster_.env().scheduler,
                           std::min(deadline - clock.now(), cluster_.options().retry_backoff)));
    return records;
}

Result<void> Consumer::fetch_from(BrokerId leader, const std::vector<TopicPartition>& partitions,
                                  Duration time, std::vector<ReadRecord>& records) {
    protocol::FetchRequest request;
    request.max_wait_ms = static_cast<std::int32_t>(to_milliseconds(time));
    request.min_bytes = options_.fetch_bytes_min;
    request.max_bytes = static_cast<std::int32_t>(options_.fetch_bytes_max);
    for (const TopicPartition& partition : partitions) {
        if (request.topics.empty() || request.topics.back().topic != partition.topic)
            request.topics.push_back({partition.topic, {}, {}});
        protocol::FetchRequest::Partition wanted;
        wanted.partition = partition.partition;
        wanted.fetch_offset = positions_[partition].next;
        wanted.partition_max_bytes = static_cast<std::int32_t>(options_.partition_bytes_max);
        request.topics.back().partitions.push_back(wanted);
    }
    constexpr Version newest_fetch_by_name{12};
    TRY(BrokerConnection * broker, cluster_.broker(leader, line_));
    TRY(const auto reply, broker->ask(request, time, newest_fetch_by_name));
    if (reply.error_code != ErrorCode::none) return Error::timed_out;
    for (const auto& topic : reply.responses)
        for (const auto& answer : topic.partitions)
            CHECK_OK(take({topic.topic, answer.partition_index}, answer, records));
    return {};
}

Result<void> Consumer::take(const TopicPartition& partition,
                            const protocol::FetchResponse::Partition& answer,
                            std::vector<ReadRecord>& records) {
    const auto position = positions_.find(partition);
    if (position == positions_.end()) return {};
    if (answer.error_code == ErrorCode::offset_out_of_range) {
        if (options_.reset == OffsetReset::none) return Error::invalid;
        position->second = {.next = options_.reset == OffsetReset::latest ? latest : earliest};
        return {};
    }
    if (answer.error_code == ErrorCode::corrupt_message) {
        damage_ = {partition, position->second.next};
        return Error::corrupt;
    }
    position->second.trouble.reset();
    if (answer.error_code != ErrorCode::none) {
        position->second.trouble = answer.error_code;
        cluster_.forget(partition.topic);
        return {};
    }
    position->second.high_watermark = answer.high_watermark;
    if (!answer.records) return {};
    auto taken = take_records(partition, *answer.records, records);
    if (taken.failed()) damage_ = {partition, position->second.next};
    return taken;
}

Result<void> Consumer::take_records(const TopicPartition& partition, const Bytes& batches,
                                    std::vector<ReadRecord>& records) {
    Offset& next = positions_[partition].next;
    protocol::BatchSplitter splitter(batches.view());
    while (const auto batch = splitter.next()) {
        if (options_.check_crc && !batch->crc_matches()) return Error::corrupt;
        if (batch->is_control()) {
            next = std::max(next, batch->next_offset());
            continue;
        }
        const auto at = static_cast<std::size_t>(batch->bytes().data() - batches.data());
        TRY(const Bytes plain, protocol::records_of(batches.slice(at, batch->size()),
                                                    options_.decompressed_bytes_max));
        const auto part = [&plain](Slice slice) {
            return plain.slice(static_cast<std::size_t>(slice.data() - plain.data()), slice.size());
        };
        protocol::RecordReader reader(*batch, plain.view());
        while (const auto record = reader.next()) {
            const Offset offset = reader.offset_of(*record);
            if (offset < next) continue;  // A batch may begin before what was asked for.
            ReadRecord read{partition, offset, reader.timestamp_of(*record), {}, {}, {}};
            if (record->has_key) read.key = part(record->key);
            if (record->has_value) read.value = part(record->value);
            protocol::HeaderReader headers(*record);
            while (const auto header = headers.next())
                read.headers.emplace_back(
                    as_text(header->key),
                    header->has_value ? std::optional(part(header->value)) : std::nullopt);
            records.push_back(std::move(read));
        }
        if (!reader.finished_well()) return Error::corrupt;
        next = std::max(next, batch->next_offset());
    }
    return {};
}

}  // namespace sluice::client
