#include "cmd/sluice/consume_wishes.h"

#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/partitions.h"

namespace sluice::cmd {

const CommandHelp& consume_help() {
    static const CommandHelp help{
        .name = "consume",
        .positional = "TOPIC...",
        .summary = "Print the records of topics and stop at their end, or follow them.",
        .options = {bootstrap_option,
                    {"from", "WHERE",
                     "beginning, end, an offset, or a time in UTC or with its zone: @MILLISECONDS, "
                     "@2026-11-21T13:28:52, @2026-11-21T14:28:52+01:00 (beginning)"},
                    {"partition", "N", "only this partition"},
                    {"group", "NAME",
                     "as a member of this group: from where it is, committing what was printed",
                     false, any_group},
                    {"strategy", "NAME", "with --group: how it shares partitions out (range)",
                     false, "range|roundrobin|sticky|cooperative-sticky"},
                    {"instance", "ID", "with --group: a static member"},
                    {"count", "N", "stop after N records"},
                    {"until", "WHERE", "stop before an offset or a time, in each partition"},
                    {"follow", "", "wait for more at the end"},
                    {"timeout", "SECONDS", "stop when no record came for so long"},
                    {"format", "TEXT",
                     "%s value, %k key, %S %K lengths, %o offset, %p partition, %t topic, %T time, "
                     "%h headers, \\n, \\t, \\xHH (%s\\n)"},
                    {"json", "",
                     "an object a line: topic, partition, offset, timestamp, key, value, headers; "
                     "key_base64 or value_base64 for bytes that are no UTF-8"}},
        .examples =
            "  sluice consume words\n"
            "  sluice consume words --follow --format '%p %o %s\\n'\n"
            "  sluice consume words --partition 2 --from 100 --count 5\n"
            "  sluice consume words --from @2026-11-21 --until @2026-11-22 --json\n"
            "  sluice consume orders --group billing --follow",
        .values = any_topic};
    return help;
}

namespace {

Result<client::GroupOptions, std::string> group_of(const Arguments& arguments) {
    client::GroupOptions group{.group = *arguments.get("group")};
    group.instance_id = arguments.get("instance");
    // What was printed is committed, not what was read.
    group.commits_by_itself = false;
    if (const auto name = arguments.get("strategy"))
        group.strategies = {*client::strategy_named(*name)};
    if (arguments.has("partition"))
        return std::string("--partition and --group exclude each other: a group shares them out");
    if (arguments.has("until"))
        return std::string("--until and --group exclude each other: --count and --timeout stop it");
    const std::string from = arguments.get("from").value_or("beginning");
    if (from != "beginning" && from != "end")
        return std::string(
            "--from with --group is beginning or end, for partitions it has committed nothing of; "
            "'sluice group reset-offsets' moves it");
    return group;
}

}  // namespace

Result<ConsumeWishes, std::string> ConsumeWishes::of(const Arguments& arguments) {
    ConsumeWishes wishes;
    wishes.topics = arguments.positional();
    wishes.follow = arguments.has("follow");
    wishes.json = arguments.has("json");
    TRY(wishes.format, RecordFormat::parse(arguments.get("format").value_or("%s\\n")));
    TRY(wishes.partition, partition_option(arguments));
    if (const auto text = arguments.get("count")) {
        const auto count = whole_number(*text);
        if (!count) return fmt::format("--count {}: not a whole number", *text);
        wishes.count = *count;
    }
    if (const auto text = arguments.get("timeout")) {
        const auto time = whole_number(*text);
        if (!time || *time == 0 || *time > INT32_MAX)
            return fmt::format("--timeout {}: not a number of seconds", *text);
        wishes.timeout = seconds(*time);
    }
    if (const auto text = arguments.get("until")) {
        TRY(wishes.until, StartPoint::parse("until", *text));
    }
    const std::string from = arguments.get("from").value_or("beginning");
    TRY(wishes.from, StartPoint::parse("from", from));
    wishes.says_from = arguments.has("from");
    if (from == "end") wishes.reset = client::OffsetReset::latest;
    if (arguments.has("group")) {
        TRY(wishes.group, group_of(arguments));
    } else if (arguments.has("strategy") || arguments.has("instance")) {
        return std::string("--strategy and --instance say something only with --group");
    }
    return wishes;
}

}  // namespace sluice::cmd
