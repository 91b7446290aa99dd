#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/consume_wishes.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partition_troubles.h"
#include "cmd/sluice/partitions.h"
#include "core/client/group_offsets.h"

namespace sluice::cmd {
namespace {

// Prints records until there have been enough of them, or none comes for too long.
class Printer {
public:
    Printer(const env::Clock& clock, const ConsumeWishes& wishes)
        : clock_(clock), wishes_(wishes), last_news_(clock.now()) {}

    // How many of them were printed, and are out: none when the output takes no more.
    std::size_t print(std::span<const client::ReadRecord> records) {
        std::string out;
        std::size_t now = 0;
        for (; now < records.size() && printed_ < wishes_.count; ++now, ++printed_) {
            if (wishes_.json)
                out += json_of(records[now]) + "\n";
            else
                wishes_.format.append(out, records[now]);
        }
        if (now > 0) last_news_ = clock_.now();
        write_out(out);
        return flush_out() ? now : 0;
    }
    bool wants_more() const { return printed_ < wishes_.count && !output_failed() && !timed_out(); }
    bool timed_out() const {
        return wishes_.timeout && clock_.now() - last_news_ >= *wishes_.timeout;
    }

private:
    const env::Clock& clock_;
    const ConsumeWishes& wishes_;
    std::int64_t printed_ = 0;
    Time last_news_;
};

Duration patience(const ConsumeWishes& wishes) {
    return milliseconds(wishes.follow ? 500 : 100);
}

// The end was not reached.
int timed_out(const ConsumeWishes& wishes) {
    print_error("sluice: no record came for {} s, though the end was not reached\n",
                wishes.timeout->count() / 1'000'000);
    return exit_failed;
}

// Whether it was a damaged batch, which is then named with its place: its partition cannot be read
// past it.
template <class Reader>
bool tell_damage(std::string_view what, const Reader& reader, const client::Refusal& why) {
    const bool is_damaged =
        why.code == protocol::ErrorCode::none && why.error == Error::corrupt && reader.damage();
    if (!is_damaged) return false;
    const auto& [partition, offset] = *reader.damage();
    print_error(
        "sluice: {}: the batch at offset {} of partition {} of {} is damaged; 'sluice dump' on the "
        "broker's machine shows it, and --from beyond it reads on\n",
        what, offset.value, partition.partition.value, partition.topic);
    return true;
}

// Says of partitions that cannot be read that they cannot. Of a topic that is gone that is said
// once, by whoever leaves it.
template <class Reader>
void note_troubles(PartitionTroubles& troubles, const Reader& reader, Time now) {
    troubles.keep_only(reader.assignment());
    for (const client::TopicPartition& partition : reader.assignment()) {
        const auto why = reader.trouble(partition);
        const auto sentence = troubles.note(partition, why, now);
        if (sentence && why != protocol::ErrorCode::unknown_topic_or_partition)
            print_error("sluice: {}\n", *sentence);
    }
}

// Of all partitions that can be read.
template <class Reader>
bool at_the_end(const Reader& reader, const PartitionTroubles& troubles) {
    const auto assignment = reader.assignment();
    return !assignment.empty() && std::ranges::all_of(assignment, [&](const auto& partition) {
        const auto position = reader.position(partition);
        const auto end = reader.high_watermark(partition);
        return troubles.lasts(partition) || (position && end && *position >= *end);
    });
}

// Without a group: each partition from where it should begin.
class LoneReading {
public:
    LoneReading(ClientSession& session, const ConsumeWishes& wishes)
        : session_(session),
          wishes_(wishes),
          printer_(session.clock, wishes),
          consumer_(session.cluster, {.reset = wishes.reset}) {}

    int run() {
        for (const std::string& topic : wishes_.topics)
            if (const int code = begin(topic); code != exit_ok) return code;
        while (!session_.interrupted && printer_.wants_more() && !consumer_.assignment().empty()) {
            const auto records = consumer_.poll(patience(wishes_));
            if (records.failed()) {
                const client::Refusal why = client::refusal(records.error());
                if (!tell_damage("cannot read on", consumer_, why))
                    return failed("cannot read on", why);
                // The others are read to their ends.
                consumer_.unassign(consumer_.damage()->partition);
                left_out_ = true;
                continue;
            }
            printer_.print(wanted(*records));
            note_troubles(troubles_, consumer_, session_.clock.now());
            leave_deleted();
            end_partitions();
            if (!wishes_.follow && at_the_end(consumer_, troubles_)) return ended();
        }
        const bool too_late = printer_.timed_out() && !wishes_.follow && !session_.lost;
        return too_late ? timed_out(wishes_) : ended();
    }

private:
    int ended() const {
        if (session_.lost && !session_.interrupted) return exit_unreachable;
        return left_out_ || troubles_.any_lasts() ? exit_failed : exit_ok;
    }
    int begin(const std::string& topic) {
        const std::string what = "cannot read " + topic;
        const auto partitions = partitions_of(session_, what, topic, wishes_.partition);
        if (partitions.failed()) return partitions.error();
        bool out_of_range = false;
        for (const client::TopicPartition& partition : *partitions) {
            const auto begun = begin(partition);
            if (begun.failed() && begun.error().code == protocol::ErrorCode::kafka_storage_error) {
                print_error("sluice: {}\n",
                            PartitionTroubles::sentence(partition, begun.error().code));
                left_out_ = true;
                continue;
            }
            if (begun.failed()) return failed_topic(session_, what, topic, begun.error());
            out_of_range |= !*begun;
        }
        return out_of_range ? exit_failed : exit_ok;
    }

    // False when the partition does not have the offset that was asked for.
    Result<bool, client::Refusal> begin(const client::TopicPartition& partition) {
        TRY(const Offset from, wishes_.from.offset_in(consumer_, partition));
        if (from >= Offset(0)) {
            TRY(const OffsetRange range, offset_range(consumer_, partition));
            if (from < range.first || from > range.end) {
                print_error(
                    "sluice: partition {} of {} has offsets {} to {}: it cannot be read from {}\n",
                    partition.partition.value, partition.topic, range.first.value, range.end.value,
                    from.value);
                return false;
            }
        }
        if (wishes_.until) {
            TRY(Offset end, wishes_.until->offset_in(consumer_, partition));
            if (end < Offset(0)) {
                TRY(const auto found, consumer_.offset_at(partition, Timestamp(end.value)));
                end = found.value_or(Offset(0));
            }
            ends_[partition] = end;
        }
        consumer_.assign(partition, from);
        return true;
    }

    // Without what comes at or behind the end of its partition.
    std::vector<client::ReadRecord> wanted(std::vector<client::ReadRecord> records) const {
        std::erase_if(records, [&](const client::ReadRecord& record) {
            const auto end = ends_.find(record.partition);
            return end != ends_.end() && record.offset >= end->second;
        });
        return records;
    }
    void leave_deleted() {
        for (const std::string& topic : troubles_.deleted_topics()) {
            print_error("sluice: topic {} was deleted\n", topic);
            left_out_ = true;
            for (const client::TopicPartition& partition : consumer_.assignment())
                if (partition.topic == topic) consumer_.unassign(partition);
        }
    }
    void end_partitions() {
        for (const auto& [partition, end] : ends_) {
            const auto position = consumer_.position(partition);
            if (position && *position >= end) consumer_.unassign(partition);
        }
    }

    ClientSession& session_;
    const ConsumeWishes& wishes_;
    Printer printer_;
    client::Consumer consumer_;
    PartitionTroubles troubles_;
    // A partition whose beginning nobody could tell, or that is gone.
    bool left_out_ = false;
    std::map<client::TopicPartition, Offset> ends_;  // That --until comes to.
};

// As a member of a group. Everything that was printed is committed, and nothing else.
class GroupReading {
public:
    GroupReading(ClientSession& session, const ConsumeWishes& wishes)
        : session_(session),
          wishes_(wishes),
          topics_(wishes.topics),
          printer_(session.clock, wishes),
          consumer_(session.cluster, *wishes.group, {.reset = wishes.reset}, events()) {
        consumer_.subscribe(topics_);
    }

    int run() {
        if (wishes_.says_from) tell_what_from_means();
        Result<void, client::Refusal> done = read();
        if (done) done = commit();
        if (done.failed()) printed_.clear();  // It was tried; leaving does not try it again.
        consumer_.close();
        if (done && printer_.timed_out() && !wishes_.follow && !session_.lost)
            return timed_out(wishes_);
        if (done && session_.lost && !session_.interrupted) return exit_unreachable;
        if (done) return left_out_ || troubles_.any_lasts() ? exit_failed : exit_ok;
        const std::string what = "cannot read on in group " + wishes_.group->group;
        return tell_damage(what, consumer_, done.error()) ? exit_failed
                                                          : failed(what, done.error());
    }

private:
    client::GroupEvents events() {
        return {.revoked =
                    [this](const auto& partitions) {
                        static_cast<void>(commit().failed());
                        for (const auto& each : partitions) printed_.erase(each);
                    },
                .lost =
                    [this](const auto& partitions) {
                        for (const auto& each : partitions) printed_.erase(each);
                    }};
    }

    // It is only for partitions that the group has committed nothing of.
    void tell_what_from_means() {
        client::Coordinator coordinator(session_.cluster, wishes_.group->group);
        const auto committed = client::GroupOffsets(coordinator).all();
        if (committed.failed()) return;
        const auto count = std::ranges::count_if(*committed, [&](const auto& each) {
            return std::ranges::find(wishes_.topics, each.first.topic) != wishes_.topics.end();
        });
        if (count == 0) return;
        print_error(
            "sluice: group {} goes on where it is in {}, whatever --from says: 'sluice group "
            "reset-offsets' moves it\n",
            wishes_.group->group, counted(count, "partition"));
    }

    Result<void, client::Refusal> read() {
        while (!session_.interrupted && printer_.wants_more() && !topics_.empty()) {
            TRY(const auto records, consumer_.poll(patience(wishes_)));
            const std::size_t count = printer_.print(records);
            for (std::size_t i = 0; i < count; ++i)
                printed_[records[i].partition] = {.offset = records[i].offset.next()};
            // A commit that is refused because the group is sharing out anew comes again.
            if (session_.clock.now() >= next_commit_ && commit())
                next_commit_ = session_.clock.now() + wishes_.group->commit_interval;
            note_troubles(troubles_, consumer_, session_.clock.now());
            leave_deleted();
            if (!wishes_.follow && at_the_end(consumer_, troubles_)) return {};
        }
        return {};
    }

    // The others are read on, as Kafka's consumer does.
    void leave_deleted() {
        for (const std::string& topic : troubles_.deleted_topics()) {
            if (std::erase(topics_, topic) == 0) continue;
            print_error("sluice: topic {} was deleted\n", topic);
            left_out_ = true;
            std::erase_if(printed_, [&](const auto& each) { return each.first.topic == topic; });
            consumer_.subscribe(topics_);
        }
    }

    Result<void, client::Refusal> commit() {
        if (printed_.empty()) return {};
        auto committed = consumer_.commit(printed_);
        if (committed) printed_.clear();
        return committed;
    }

    ClientSession& session_;
    const ConsumeWishes& wishes_;
    std::vector<std::string> topics_;  // Without those that were deleted.
    Printer printer_;
    bool left_out_ = false;             // One of them was.
    client::CommittedOffsets printed_;  // And not committed yet.
    Time next_commit_;
    PartitionTroubles troubles_;
    client::GroupConsumer consumer_;
};

}  // namespace

int run_consume(const Arguments& arguments) {
    const auto wishes = ConsumeWishes::of(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    // A group may be loading, or share out anew.
    const Duration least = wishes->group ? seconds(5) : seconds(1);
    const Duration patience = std::max<Duration>(wishes->timeout.value_or(Duration::max()), least);
    return with_client(arguments, patience, [&](ClientSession& session) {
        if (!wishes->group) return LoneReading(session, *wishes).run();
        return GroupReading(session, *wishes).run();
    });
}

}  // namespace sluice::cmd
