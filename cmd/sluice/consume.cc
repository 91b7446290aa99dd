#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/record_format.h"
#include "cmd/sluice/start_point.h"
#include "core/client/group_consumer.h"

namespace sluice::cmd {

const CommandHelp& consume_help() {
    static const CommandHelp help{
        .name = "consume",
        .positional = "TOPIC...",
        .summary = "Print the records of topics and stop at their end, or follow them.",
        .options = {bootstrap_option,
                    {"from", "WHERE",
                     "beginning, end, an offset, or a time: @MILLISECONDS, @2026-11-21T13:28:52 "
                     "(beginning)"},
                    {"partition", "N", "only this partition"},
                    {"group", "NAME",
                     "as a member of this group: from where it is, committing what was printed",
                     false, any_group},
                    {"strategy", "NAME", "with --group: how it shares partitions out (range)",
                     false, "range|roundrobin|sticky|cooperative-sticky"},
                    {"instance", "ID", "with --group: a static member"},
                    {"count", "N", "stop after N records"},
                    {"follow", "", "wait for more at the end"},
                    {"format", "TEXT",
                     "%s value, %k key, %S %K lengths, %o offset, %p partition, %t topic, %T time, "
                     "%h headers, \\n, \\t, \\xHH (%s\\n)"},
                    {"json", "", "an object a line"}},
        .examples =
            "  sluice consume words\n"
            "  sluice consume words --follow --format '%p %o %s\\n'\n"
            "  sluice consume words --partition 2 --from 100 --count 5\n"
            "  sluice consume words --from @2026-11-21 --json\n"
            "  sluice consume orders --group billing --follow",
        .values = any_topic};
    return help;
}

namespace {

struct Wishes {
    std::vector<std::string> topics;
    std::optional<PartitionIndex> partition;
    StartPoint from;
    std::optional<client::GroupOptions> group;
    client::OffsetReset reset = client::OffsetReset::earliest;
    std::int64_t count = std::numeric_limits<std::int64_t>::max();
    bool follow = false;
    bool json = false;
    RecordFormat format;
};

Result<client::GroupOptions, std::string> group_of(const Arguments& arguments) {
    client::GroupOptions group{.group = *arguments.get("group")};
    group.instance_id = arguments.get("instance");
    // What was printed is committed, not what was read.
    group.commits_by_itself = false;
    if (const auto name = arguments.get("strategy"))
        group.strategies = {*client::strategy_named(*name)};
    if (arguments.has("partition"))
        return std::string("--partition and --group exclude each other: a group shares them out");
    const std::string from = arguments.get("from").value_or("beginning");
    if (from != "beginning" && from != "end")
        return std::string(
            "--from with --group is beginning or end, for partitions it has committed nothing of; "
            "'sluice group reset-offsets' moves it");
    return group;
}

Result<Wishes, std::string> wishes_of(const Arguments& arguments) {
    Wishes wishes;
    wishes.topics = arguments.positional();
    wishes.follow = arguments.has("follow");
    wishes.json = arguments.has("json");
    TRY(wishes.format, RecordFormat::parse(arguments.get("format").value_or("%s\\n")));
    if (const auto text = arguments.get("partition")) {
        const auto index = whole_number(*text);
        if (!index || *index > INT32_MAX)
            return fmt::format("--partition {}: not a partition's number", *text);
        wishes.partition = PartitionIndex(static_cast<std::int32_t>(*index));
    }
    if (const auto text = arguments.get("count")) {
        const auto count = whole_number(*text);
        if (!count) return fmt::format("--count {}: not a whole number", *text);
        wishes.count = *count;
    }
    const std::string from = arguments.get("from").value_or("beginning");
    TRY(wishes.from, StartPoint::parse("from", from));
    if (from == "end") wishes.reset = client::OffsetReset::latest;
    if (arguments.has("group")) {
        TRY(wishes.group, group_of(arguments));
    } else if (arguments.has("strategy") || arguments.has("instance")) {
        return std::string("--strategy and --instance say something only with --group");
    }
    return wishes;
}

// Prints records until there have been enough of them.
class Printer {
public:
    explicit Printer(const Wishes& wishes) : wishes_(wishes) {}

    // How many of them were printed.
    std::size_t print(const std::vector<client::ReadRecord>& records) {
        std::string out;
        std::size_t now = 0;
        for (; now < records.size() && printed_ < wishes_.count; ++now, ++printed_) {
            if (wishes_.json)
                out += json_of(records[now]) + "\n";
            else
                wishes_.format.append(out, records[now]);
        }
        std::fwrite(out.data(), 1, out.size(), stdout);
        std::fflush(stdout);
        return now;
    }
    bool wants_more() const { return printed_ < wishes_.count && std::ferror(stdout) == 0; }

private:
    const Wishes& wishes_;
    std::int64_t printed_ = 0;
};

template <class Reader>
bool at_the_end(const Reader& reader) {
    const auto assignment = reader.assignment();
    return !assignment.empty() && std::ranges::all_of(assignment, [&](const auto& partition) {
        const auto position = reader.position(partition);
        const auto end = reader.high_watermark(partition);
        return position && end && *position >= *end;
    });
}

Result<void> begin(client::Consumer& consumer, const Wishes& wishes, const std::string& topic) {
    CHECK_OK(consumer.assign_topic(topic, client::Consumer::earliest));
    bool any = false;
    for (const client::TopicPartition& partition : consumer.assignment()) {
        if (partition.topic != topic) continue;
        if (wishes.partition && partition.partition != *wishes.partition) {
            consumer.unassign(partition);
            continue;
        }
        TRY(const Offset from, wishes.from.offset_in(consumer, partition));
        consumer.assign(partition, from);
        any = true;
    }
    return any ? Result<void>() : Result<void>(Error::not_found);
}

int consume_alone(ClientSession& session, const Wishes& wishes) {
    client::Consumer consumer(session.cluster, {.reset = wishes.reset});
    for (const std::string& topic : wishes.topics) {
        const auto begun = begin(consumer, wishes, topic);
        if (begun.failed())
            return failed_topic(session, "cannot read " + topic, topic,
                                client::refusal(begun.error()));
    }
    Printer printer(wishes);
    while (!session.interrupted && printer.wants_more()) {
        const auto records = consumer.poll(milliseconds(wishes.follow ? 500 : 100));
        if (records.failed()) return failed("cannot read on", records.error());
        printer.print(*records);
        if (!wishes.follow && at_the_end(consumer)) break;
    }
    return exit_ok;
}

// As a member of a group. Everything that was printed is committed, and nothing else.
class GroupReading {
public:
    GroupReading(ClientSession& session, const Wishes& wishes)
        : session_(session),
          wishes_(wishes),
          printer_(wishes),
          consumer_(session.cluster, *wishes.group, {.reset = wishes.reset}, events()) {
        consumer_.subscribe(wishes.topics);
    }

    int run() {
        Result<void, client::Refusal> done = read();
        if (done) done = commit();
        if (done.failed()) printed_.clear();  // It was tried; leaving does not try it again.
        consumer_.close();
        return done ? exit_ok
                    : failed("cannot read on in group " + wishes_.group->group, done.error());
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

    Result<void, client::Refusal> read() {
        while (!session_.interrupted && printer_.wants_more()) {
            TRY(const auto records, consumer_.poll(milliseconds(wishes_.follow ? 500 : 100)));
            const std::size_t count = printer_.print(records);
            for (std::size_t i = 0; i < count; ++i)
                printed_[records[i].partition] = {.offset = records[i].offset.next()};
            // A commit that is refused because the group is sharing out anew comes again.
            if (session_.clock.now() >= next_commit_ && commit())
                next_commit_ = session_.clock.now() + wishes_.group->commit_interval;
            if (!wishes_.follow && at_the_end(consumer_)) return {};
        }
        return {};
    }

    Result<void, client::Refusal> commit() {
        if (printed_.empty()) return {};
        const auto committed = consumer_.commit(printed_);
        if (committed) printed_.clear();
        return committed;
    }

    ClientSession& session_;
    const Wishes& wishes_;
    Printer printer_;
    client::CommittedOffsets printed_;  // And not committed yet.
    Time next_commit_;
    client::GroupConsumer consumer_;
};

}  // namespace

int run_consume(const Arguments& arguments) {
    const auto wishes = wishes_of(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    return with_client(arguments, [&](ClientSession& session) {
        if (!wishes->group) return consume_alone(session, *wishes);
        return GroupReading(session, *wishes).run();
    });
}

}  // namespace sluice::cmd
