#include "sim/session_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/protocol/record.h"
#include "sim/value.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::size_t session_shards_max = 3;  // Of the broker.

std::string name_of_log(const SessionLog& log) {
    return fmt::format("{}-{}", log.topic, log.index.value);
}

}  // namespace

void SessionView::want(SessionLog& log, std::int64_t from) {
    wanted_[log.number] = {.log = &log, .position = from};
}

void SessionView::forget(std::uint32_t log) {
    forgotten_.push_back(wanted_.at(log).log);
    wanted_.erase(log);
    // Fewer take turns from here on.
    for (auto& [number, wanted] : wanted_) wanted.passed_over = 0;
}

void SessionView::read_again(std::uint32_t log) {
    Wanted& wanted = wanted_.at(log);
    wanted.position = wanted.log->start;
    wanted.position_told = wanted.is_lost = false;
}

std::vector<std::uint32_t> SessionView::wanted() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, wanted] : wanted_) numbers.push_back(number);
    return numbers;
}

bool SessionView::is_over(std::uint32_t log) const {
    return wanted_.at(log).log->deletion_asked;
}

FetchRequest SessionView::full() {
    FetchRequest request;
    epoch = 0;
    incremental_ = false;
    forgotten_.clear();
    for (auto& [number, wanted] : wanted_)
        wanted = {.log = wanted.log, .position = wanted.position};
    note_what_is(request);
    return request;
}

FetchRequest SessionView::incremental() {
    FetchRequest request;
    incremental_ = true;
    for (const SessionLog* log : std::exchange(forgotten_, {}))
        request.forgotten_topics_data.push_back({log->topic, log->id, {log->index}});
    note_what_is(request);
    return request;
}

void SessionView::note_what_is(FetchRequest& request) {
    request.session_id = id;
    request.session_epoch = epoch;
    for (auto& [number, wanted] : wanted_) {
        wanted.end_then = wanted.log->acknowledged_end;
        wanted.start_then = wanted.log->start;
        wanted.deleted_then = wanted.log->deleted;
        wanted.answered = wanted.has_records = false;
        if (std::exchange(wanted.position_told, true)) continue;
        FetchRequest::Partition partition;
        partition.partition = wanted.log->index;
        partition.fetch_offset = Offset(wanted.position);
        request.topics.push_back({wanted.log->topic, wanted.log->id, {partition}});
    }
}

SessionView::Wanted* SessionView::find(const FetchResponse::Topic& topic, PartitionIndex index) {
    for (auto& [number, wanted] : wanted_) {
        const bool same =
            by_id_ ? wanted.log->id == topic.topic_id : wanted.log->topic == topic.topic;
        if (same && wanted.log->index == index) return &wanted;
    }
    return nullptr;
}

std::optional<std::string> SessionView::answered(const FetchResponse& response) {
    for (const auto& topic : response.responses)
        for (const Answer& answer : topic.partitions) {
            Wanted* const wanted = find(topic, answer.partition_index);
            if (wanted == nullptr)
                return fmt::format("a partition that nobody wants is answered: {}-{}",
                                   by_id_ ? topic.topic_id.text() : topic.topic,
                                   answer.partition_index.value);
            if (std::exchange(wanted->answered, true))
                return fmt::format("{} is answered twice", name_of_log(*wanted->log));
            if (auto wrong = take(*wanted, answer)) return wrong;
        }
    for (const auto& [number, wanted] : wanted_)
        if (!wanted.answered)
            if (auto wrong = judge_left_out(wanted)) return wrong;
    return judge_turns();
}

// KIP-74: what does not fit is not given; but the first batch there is, so that whoever reads gets
// on.
std::optional<std::string> SessionView::too_large(const FetchResponse& response,
                                                  const FetchRequest& request) {
    std::size_t bytes = 0;
    std::size_t batches = 0;
    for (const auto& topic : response.responses)
        for (const Answer& answer : topic.partitions) {
            if (!answer.records) continue;
            bytes += answer.records->size();
            BatchSplitter splitter(answer.records->view());
            while (splitter.next()) ++batches;
        }
    if (bytes <= static_cast<std::size_t>(request.max_bytes) || batches <= 1) return std::nullopt;
    return fmt::format("{} batches of {} bytes, though at most {} bytes are wanted", batches, bytes,
                       request.max_bytes);
}

std::optional<std::string> SessionView::take(Wanted& wanted, const Answer& answer) {
    SessionLog& log = *wanted.log;
    wanted.must_answer = answer.error_code != ErrorCode::none;
    wanted.high_watermark = answer.high_watermark.value;
    wanted.start = answer.log_start_offset.value;
    wanted.has_records = answer.records && !answer.records->empty();
    // Another topic may have the name by now.
    if (!by_id_ && log.deletion_asked) return std::nullopt;
    if (answer.error_code != ErrorCode::none) return take_error(wanted, answer);
    if (wanted.deleted_then) return fmt::format("{} is served, and was deleted", name_of_log(log));
    if (wanted.high_watermark < std::max(wanted.end_then, log.high_watermark) &&
        !log.deletion_asked)
        return fmt::format("{} ends at {}, and {} was acknowledged and {} told before",
                           name_of_log(log), wanted.high_watermark, wanted.end_then,
                           log.high_watermark);
    log.high_watermark = std::max(log.high_watermark, wanted.high_watermark);
    if (wanted.start < wanted.start_then || wanted.start > log.start_asked)
        return fmt::format("{} begins at {}, and {} was granted and {} asked for", name_of_log(log),
                           wanted.start, wanted.start_then, log.start_asked);
    if (wanted.position < wanted.start_then)
        return fmt::format("{} is served from {}, and begins at {}", name_of_log(log),
                           wanted.position, wanted.start_then);
    return wanted.has_records ? take_records(wanted, *answer.records) : std::nullopt;
}

std::optional<std::string> SessionView::take_error(Wanted& wanted, const Answer& answer) {
    const SessionLog& log = *wanted.log;
    if (log.deletion_asked) return std::nullopt;
    if (answer.high_watermark.value != -1 || answer.log_start_offset.value != -1)
        return fmt::format("an error of {} tells of {} and {}", name_of_log(log),
                           answer.high_watermark.value, answer.log_start_offset.value);
    if (answer.error_code == ErrorCode::unknown_topic_id ||
        answer.error_code == ErrorCode::unknown_topic_or_partition)
        return fmt::format("{} is not known, and was made", name_of_log(log));
    if (answer.error_code != ErrorCode::offset_out_of_range) return std::nullopt;
    if (wanted.position >= log.start_asked && wanted.position <= log.high_watermark)
        return fmt::format("{} is out of range at {}, between {} and {}", name_of_log(log),
                           wanted.position, log.start_asked, log.high_watermark);
    wanted.is_lost = true;
    return std::nullopt;
}

std::vector<std::uint32_t> SessionView::lost() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, wanted] : wanted_)
        if (wanted.is_lost && !wanted.log->deletion_asked) numbers.push_back(number);
    return numbers;
}

std::optional<std::string> SessionView::begins_at(std::uint32_t log, std::int64_t start) {
    Wanted& wanted = wanted_.at(log);
    if (start < wanted.start_then || start > wanted.log->start_asked)
        return fmt::format("{} begins at {}, and {} was granted and {} asked for",
                           name_of_log(*wanted.log), start, wanted.start_then,
                           wanted.log->start_asked);
    wanted.position = start;
    wanted.position_told = wanted.is_lost = false;
    return std::nullopt;
}

// Goes on behind the last record. What the network damaged does not count.
std::optional<std::string> SessionView::take_records(Wanted& wanted, const Bytes& records) {
    SessionLog& log = *wanted.log;
    BatchSplitter splitter(records.view());
    while (const auto batch = splitter.next()) {
        if (!batch->crc_matches()) return std::nullopt;
        RecordReader reader(*batch, batch->records());
        while (const auto record = reader.next()) {
            const std::int64_t offset = reader.offset_of(*record).value;
            if (offset < wanted.position) continue;
            const std::uint64_t value = number_of(record->value);
            const auto known = log.acknowledged.find(offset);
            if (offset != wanted.position)
                return fmt::format("{} goes on at {} instead of {}", name_of_log(log), offset,
                                   wanted.position);
            if (offset >= wanted.high_watermark)
                return fmt::format("{} shows {} behind its high watermark {}", name_of_log(log),
                                   offset, wanted.high_watermark);
            if (!log.is_value(value) || (known != log.acknowledged.end() && known->second != value))
                return fmt::format("{} shows another value at {}", name_of_log(log), offset);
            ++wanted.position;
            wanted.position_told = false;
        }
    }
    return std::nullopt;
}

std::optional<std::string> SessionView::judge_left_out(const Wanted& wanted) const {
    const SessionLog& log = *wanted.log;
    if (!incremental_ || wanted.must_answer)
        return fmt::format("{} is not answered", name_of_log(log));
    if (wanted.deleted_then && by_id_)
        return fmt::format("{} is not said to be deleted", name_of_log(log));
    if (log.deletion_asked) return std::nullopt;
    if (wanted.high_watermark < wanted.end_then)
        return fmt::format("{} is not said to end at {} by now but at {}", name_of_log(log),
                           wanted.end_then, wanted.high_watermark);
    if (wanted.start < wanted.start_then)
        return fmt::format("{} is not said to begin at {} by now but at {}", name_of_log(log),
                           wanted.start_then, wanted.start);
    return std::nullopt;
}

// Whoever has got records stands behind all others of his shard the next time, and shards take
// turns: so it is everybody's turn in the end.
std::optional<std::string> SessionView::judge_turns() {
    const bool any =
        std::ranges::any_of(wanted_, [](const auto& e) { return e.second.has_records; });
    for (auto& [number, wanted] : wanted_) {
        const SessionLog& log = *wanted.log;
        const bool has_some =
            wanted.position < wanted.end_then && wanted.position >= log.start_asked;
        const bool gave = wanted.has_records || wanted.must_answer || !has_some;
        if (gave || log.deletion_asked) {
            wanted.passed_over = 0;
            continue;
        }
        if (!any)
            return fmt::format("nothing is served, and {} has records at {}", name_of_log(log),
                               wanted.position);
        if (++wanted.passed_over > session_shards_max * wanted_.size())
            return fmt::format("{} has records at {} and was passed over {} times",
                               name_of_log(log), wanted.position, wanted.passed_over);
    }
    return std::nullopt;
}

}  // namespace sluice::sim
