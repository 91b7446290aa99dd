#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "core/client/consumer.h"

namespace sluice::cmd {

const CommandHelp& consume_help() {
    static const CommandHelp help{
        .name = "consume",
        .positional = "TOPIC",
        .summary = "Print the records of a topic and stop at its end, or follow it.",
        .options =
            {bootstrap_option,
             {"from", "WHERE",
              "beginning, end, an offset, or a time in ms as @1700000000000 (beginning)"},
             {"partition", "N", "only this partition"},
             {"count", "N", "stop after N records"},
             {"follow", "", "wait for more at the end"},
             {"format", "TEXT",
              "%k key, %v value, %o offset, %p partition, %t time, %h headers, \\n, \\t (%v\\n)"},
             {"json", "", "an object a line"}},
        .examples =
            "  sluice consume words\n"
            "  sluice consume words --follow --format '%p %o %v\\n'\n"
            "  sluice consume words --partition 2 --from 100 --count 5"};
    return help;
}

namespace {

struct Wishes {
    std::string topic;
    std::optional<PartitionIndex> partition;
    Offset from = client::Consumer::earliest;
    std::optional<Timestamp> from_time;
    std::int64_t count = std::numeric_limits<std::int64_t>::max();
    bool follow = false;
    bool json = false;
    std::string format = "%v\n";
};

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '\\' && i + 1 < text.size();
        if (escape && text[i + 1] == 'n')
            plain += '\n';
        else if (escape && text[i + 1] == 't')
            plain += '\t';
        else if (escape && text[i + 1] == '\\')
            plain += '\\';
        else {
            plain += text[i];
            continue;
        }
        ++i;
    }
    return plain;
}

Result<Wishes, std::string> wishes_of(const Arguments& arguments) {
    Wishes wishes;
    wishes.topic = arguments.positional().front();
    wishes.follow = arguments.has("follow");
    wishes.json = arguments.has("json");
    if (const auto format = arguments.get("format")) wishes.format = unescaped(*format);
    if (const auto text = arguments.get("partition")) {
        const auto index = whole_number(*text);
        if (!index) return fmt::format("--partition {}: not a partition's number", *text);
        wishes.partition = PartitionIndex(static_cast<std::int32_t>(*index));
    }
    if (const auto text = arguments.get("count")) {
        const auto count = whole_number(*text);
        if (!count) return fmt::format("--count {}: not a whole number", *text);
        wishes.count = *count;
    }
    const std::string from = arguments.get("from").value_or("beginning");
    if (from == "beginning") return wishes;
    if (from == "end") {
        wishes.from = client::Consumer::latest;
        return wishes;
    }
    const bool is_time = from.starts_with('@');
    const auto number = whole_number(std::string_view(from).substr(is_time ? 1 : 0));
    if (!number)
        return fmt::format("--from {}: one of beginning, end, an offset, @MILLISECONDS", from);
    if (is_time)
        wishes.from_time = Timestamp(*number);
    else
        wishes.from = Offset(*number);
    return wishes;
}

void print_formatted(const std::string& format, const client::ReadRecord& record) {
    std::string out;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%' || i + 1 == format.size()) {
            out += format[i];
            continue;
        }
        switch (format[++i]) {
            case 'k':
                out += record.key ? record.key->text() : "";
                break;
            case 'v':
                out += record.value ? record.value->text() : "";
                break;
            case 'o':
                out += std::to_string(record.offset.value);
                break;
            case 'p':
                out += std::to_string(record.partition.partition.value);
                break;
            case 't':
                out += std::to_string(record.timestamp.value);
                break;
            case 'h':
                for (std::size_t h = 0; h < record.headers.size(); ++h)
                    out += fmt::format(
                        "{}{}={}", h == 0 ? "" : ",", record.headers[h].first,
                        record.headers[h].second ? record.headers[h].second->text() : "");
                break;
            default:
                out += format[i];
        }
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_json(const client::ReadRecord& record) {
    JsonWriter json;
    json.begin_object().name("topic").value(record.partition.topic);
    json.name("partition").value(std::int64_t{record.partition.partition.value});
    json.name("offset").value(record.offset.value).name("timestamp").value(record.timestamp.value);
    json.name("key");
    if (record.key)
        json.value(record.key->text());
    else
        json.null();
    json.name("value");
    if (record.value)
        json.value(record.value->text());
    else
        json.null();
    json.name("headers").begin_object();
    for (const auto& [name, value] : record.headers) {
        json.name(name);
        if (value)
            json.value(value->text());
        else
            json.null();
    }
    fmt::print("{}\n", json.end_object().end_object().text());
}

Result<void> begin(client::Consumer& consumer, const Wishes& wishes) {
    CHECK_OK(consumer.assign_topic(wishes.topic, wishes.from));
    for (const client::TopicPartition& partition : consumer.assignment()) {
        if (wishes.partition && partition.partition != *wishes.partition) {
            consumer.unassign(partition);
            continue;
        }
        if (!wishes.from_time) continue;
        TRY(const auto offset, consumer.offset_at(partition, *wishes.from_time));
        consumer.assign(partition, offset.value_or(client::Consumer::latest));
    }
    return consumer.assignment().empty() ? Result<void>(Error::not_found) : Result<void>();
}

bool at_the_end(const client::Consumer& consumer) {
    return std::ranges::all_of(consumer.assignment(), [&](const client::TopicPartition& partition) {
        const auto position = consumer.position(partition);
        const auto end = consumer.high_watermark(partition);
        return position && end && *position >= *end;
    });
}

Result<void> print_records(ClientSession& session, client::Consumer& consumer,
                           const Wishes& wishes) {
    std::int64_t printed = 0;
    while (!session.interrupted && printed < wishes.count) {
        TRY(const auto records, consumer.poll(milliseconds(wishes.follow ? 500 : 100)));
        for (const client::ReadRecord& record : records) {
            if (printed++ == wishes.count) break;
            if (wishes.json)
                print_json(record);
            else
                print_formatted(wishes.format, record);
        }
        if (!records.empty()) std::fflush(stdout);
        if (std::ferror(stdout)) return Error::closed;
        if (!wishes.follow && at_the_end(consumer)) return {};
    }
    return {};
}

}  // namespace

int run_consume(const Arguments& arguments) {
    if (arguments.positional().size() != 1) return usage_error("'sluice consume' takes one TOPIC");
    const auto wishes = wishes_of(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    return with_client(arguments, [&](ClientSession& session) {
        client::Consumer consumer(session.cluster, {});
        auto done = begin(consumer, *wishes);
        if (done) done = print_records(session, consumer, *wishes);
        if (done) return exit_ok;
        return failed(fmt::format("cannot read {}", wishes->topic), done.error());
    });
}

}  // namespace sluice::cmd
