#include "sim/log_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sluice::sim {

std::string_view name_of(AnomalyKind kind) {
    switch (kind) {
        case AnomalyKind::lost:
            return "lost";
        case AnomalyKind::read_then_lost:
            return "read then lost";
        case AnomalyKind::moved:
            return "moved";
        case AnomalyKind::inconsistent:
            return "inconsistent";
        case AnomalyKind::never_written:
            return "never written";
        case AnomalyKind::duplicate:
            return "duplicate";
        case AnomalyKind::reordered:
            return "reordered";
        case AnomalyKind::real_time_order:
            return "real-time order";
        case AnomalyKind::gap:
            return "gap";
        case AnomalyKind::unseen:
            return "unseen";
    }
    return "?";
}

// What concerns one log.
class LogChecker::LogJudge {
public:
    LogJudge(std::uint32_t log, bool damaged, const Options& options,
             std::vector<Anomaly>& anomalies)
        : log_(log), damaged_(damaged), options_(options), anomalies_(anomalies) {}

    void add(const Send& send) { sends_.push_back(&send); }
    void add(const Read& read) { reads_.push_back(&read); }
    void add_final(const Read& read) {
        reads_.push_back(&read);
        final_known_ = true;
        begins_ = read.from;
        for (const SeenRecord& record : read.records) final_.push_back(record);
    }

    void judge() {
        std::sort(sends_.begin(), sends_.end(),
                  [](const Send* a, const Send* b) { return a->value < b->value; });
        std::stable_sort(
            final_.begin(), final_.end(),
            [](const SeenRecord& a, const SeenRecord& b) { return a.offset < b.offset; });
        judge_reads();
        judge_seen();
        judge_empty_reads();
        if (!final_known_) return;
        judge_acknowledged();
        judge_order();
        judge_real_time();
    }

private:
    const Send* sent(std::uint64_t value) const {
        const auto found = std::lower_bound(
            sends_.begin(), sends_.end(), value,
            [](const Send* send, std::uint64_t wanted) { return send->value < wanted; });
        return found != sends_.end() && (*found)->value == value ? *found : nullptr;
    }

    template <class... Args>
    void found(AnomalyKind kind, fmt::format_string<Args...> format, Args&&... args) {
        if (anomalies_.size() < options_.anomalies_max)
            anomalies_.push_back({kind, log_, fmt::format(format, std::forward<Args>(args)...)});
    }

    // Within one read, offsets follow each other.
    void judge_reads() {
        for (const Read* read : reads_) {
            std::int64_t expected = read->from;
            for (const SeenRecord& record : read->records) {
                if (record.offset != expected && !damaged_)
                    found(AnomalyKind::gap, "reader {} asked from {} and got {} instead of {}",
                          read->reader, read->from, record.offset, expected);
                expected = record.offset + 1;
            }
        }
    }

    // One value an offset, everywhere and at all times, and only values that were sent.
    void judge_seen() {
        std::vector<SeenRecord> seen;
        for (const Read* read : reads_)
            seen.insert(seen.end(), read->records.begin(), read->records.end());
        std::sort(seen.begin(), seen.end(), [](const SeenRecord& a, const SeenRecord& b) {
            return a.offset != b.offset ? a.offset < b.offset : a.value < b.value;
        });
        const std::int64_t end = final_.empty() ? begins_ : final_.back().offset + 1;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const auto [offset, value] = seen[i];
            if (i > 0 && seen[i - 1].offset == offset && seen[i - 1].value == value) continue;
            if (i > 0 && seen[i - 1].offset == offset)
                found(AnomalyKind::inconsistent, "offset {} was seen with {} and with {}", offset,
                      seen[i - 1].value, value);
            const Send* send = sent(value);
            if (!send || send->outcome == SendOutcome::refused)
                found(AnomalyKind::never_written, "offset {} holds {}, which {}", offset, value,
                      send ? "was refused" : "nobody sent");
            if (final_known_ && !damaged_ && offset >= end)
                found(AnomalyKind::read_then_lost, "{} was read at {}, and the log ends at {}",
                      value, offset, end);
        }
    }

    // After an acknowledgement the record can be read.
    void judge_empty_reads() {
        std::vector<std::pair<Time, std::int64_t>> acknowledged;
        for (const Send* send : sends_)
            if (send->outcome == SendOutcome::acknowledged && send->offset >= 0)
                acknowledged.emplace_back(send->answered, send->offset);
        std::sort(acknowledged.begin(), acknowledged.end());
        std::int64_t highest = -1;
        for (auto& [time, offset] : acknowledged) offset = highest = std::max(highest, offset);
        for (const Read* read : reads_) {
            if (!read->records.empty() || damaged_) continue;
            const auto later = std::lower_bound(acknowledged.begin(), acknowledged.end(),
                                                std::pair(read->invoked, std::int64_t{INT64_MIN}));
            if (later == acknowledged.begin() || std::prev(later)->second < read->from) continue;
            found(AnomalyKind::unseen,
                  "reader {} found nothing from {}, though {} was acknowledged before",
                  read->reader, read->from, std::prev(later)->second);
        }
    }

    // Where each value stands at the end.
    void judge_acknowledged() {
        std::vector<std::pair<std::uint64_t, std::int64_t>> places;
        for (const SeenRecord& record : final_) places.emplace_back(record.value, record.offset);
        std::sort(places.begin(), places.end());
        for (std::size_t i = 1; i < places.size(); ++i)
            if (options_.idempotent && places[i].first == places[i - 1].first &&
                places[i].second != places[i - 1].second && sent(places[i].first))
                found(AnomalyKind::duplicate, "{} stands at {} and at {}", places[i].first,
                      places[i - 1].second, places[i].second);
        for (const Send* send : sends_) {
            if (send->outcome != SendOutcome::acknowledged) continue;
            // Retention has taken it.
            if (send->offset >= 0 && send->offset < begins_) continue;
            const auto first = std::lower_bound(places.begin(), places.end(),
                                                std::pair(send->value, std::int64_t{INT64_MIN}));
            if (first == places.end() || first->first != send->value) {
                if (!damaged_)
                    found(AnomalyKind::lost, "{} of producer {} was acknowledged at {}",
                          send->value, send->producer, send->offset);
                continue;
            }
            const bool there = std::binary_search(places.begin(), places.end(),
                                                  std::pair(send->value, send->offset));
            if (send->offset >= 0 && !there)
                found(AnomalyKind::moved, "{} was acknowledged at {} and stands at {}", send->value,
                      send->offset, first->second);
        }
    }

    void judge_order() {
        if (!options_.ordered) return;
        std::map<std::uint32_t, SeenRecord> last;  // By producer.
        std::set<std::uint64_t> repeated;
        for (const SeenRecord& record : final_) {
            const Send* send = sent(record.value);
            if (!send) continue;
            // Of a value that stands twice without idempotence the first place counts.
            if (!repeated.insert(record.value).second) continue;
            const auto before = last.find(send->producer);
            if (before != last.end() && before->second.value > record.value)
                found(AnomalyKind::reordered, "producer {}: {} at {} before {} at {}",
                      send->producer, before->second.value, before->second.offset, record.value,
                      record.offset);
            last[send->producer] = record;
        }
    }

    // What was sent after an acknowledgement stands behind what was acknowledged.
    void judge_real_time() {
        Time earliest = never;  // Acknowledgement of what stands behind.
        SeenRecord of;
        for (auto at = final_.rbegin(); at != final_.rend(); ++at) {
            const Send* send = sent(at->value);
            if (!send) continue;
            if (send->invoked > earliest)
                found(AnomalyKind::real_time_order,
                      "{} at {} was sent after {} at {} was acknowledged", at->value, at->offset,
                      of.value, of.offset);
            const bool counts =
                send->outcome == SendOutcome::acknowledged && send->offset == at->offset;
            if (counts && send->answered < earliest) {
                earliest = send->answered;
                of = *at;
            }
        }
    }

    const std::uint32_t log_;
    const bool damaged_;
    const Options& options_;
    std::vector<Anomaly>& anomalies_;
    std::vector<const Send*> sends_;
    std::vector<const Read*> reads_;
    std::vector<SeenRecord> final_;
    bool final_known_ = false;
    std::int64_t begins_ = 0;
};

std::vector<Anomaly> LogChecker::check(const History& history) const {
    std::vector<Anomaly> anomalies;
    std::map<std::uint32_t, LogJudge> judges;
    const auto judge_of = [&](std::uint32_t log) -> LogJudge& {
        const bool damaged = options_.damaged.contains(log);
        return judges.try_emplace(log, log, damaged, options_, anomalies).first->second;
    };
    for (const Send& send : history.sends()) judge_of(send.log).add(send);
    for (const Read& read : history.reads()) judge_of(read.log).add(read);
    for (const Read& read : history.final_reads()) judge_of(read.log).add_final(read);
    for (auto& [log, judge] : judges) judge.judge();
    return anomalies;
}

}  // namespace sluice::sim
