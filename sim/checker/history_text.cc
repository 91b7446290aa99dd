#include "sim/checker/history_text.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace sluice::checker {

namespace {

std::string_view outcome_name(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok:
            return "ok";
        case Outcome::failed:
            return "failed";
        case Outcome::unknown:
            return "unknown";
    }
    return "?";
}

// Takes what stands before `separator`, and the separator, off the front of `text`.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return piece;
}

std::string_view trim(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

class Parser {
public:
    // What is wrong with the line; nothing when it is taken.
    std::string parse_line(std::string_view line) {
        Operation operation;
        std::string_view rest = line;
        operation.process = ProcessId(number<std::uint32_t>(take(rest, ' ')));
        std::string_view times = take(rest, ' ');
        operation.invoked = time(take(times, '-'));
        const bool answered = !times.empty();
        if (answered) operation.completed = time(times);
        const std::string_view outcome = take(rest, ' ');
        if (outcome == "failed")
            operation.outcome = Outcome::failed;
        else if (outcome == "unknown")
            operation.outcome = Outcome::unknown;
        else if (outcome != "ok")
            say("the outcome is ok, failed or unknown");
        if (operation.completed < operation.invoked) say("it ended before it began");
        if (!answered && operation.outcome != Outcome::unknown) say("it has an outcome but no end");
        while (!trim(rest).empty()) operation.steps.push_back(step(trim(take(rest, ';'))));
        if (fault_.empty()) history_.operations.push_back(std::move(operation));
        return std::exchange(fault_, {});
    }

    History finish() { return std::move(history_); }

private:
    Step step(std::string_view text) {
        const std::string_view verb = take(text, ' ');
        if (verb == "send") return sent(text);
        if (verb == "poll") return polled(text);
        if (verb == "place") return Placed{log(take(text, ' '))};
        if (verb == "end") return Ended{log(take(text, ' '))};
        if (verb == "trim") {
            const LogId where = log(take(text, ' '));
            return Trimmed{where, offset(text)};
        }
        if (verb == "own") return owned(text);
        if (verb != "commit" && verb != "find")
            say(fmt::format("a step is send, poll, place, end, trim, commit, find or own, not '{}'",
                            verb));
        const GroupId by = group(take(text, ' '));
        const LogId where = log(take(text, ' '));
        if (verb == "commit") return Committed{by, where, offset(text)};
        return Found{by, where, offset(text)};
    }

    Sent sent(std::string_view text) {
        const LogId where = log(take(text, ' '));
        const Value value(number<std::uint64_t>(take(text, '@')));
        return {where, value, text.empty() ? Offset(-1) : offset(text)};
    }

    Polled polled(std::string_view text) {
        Polled result{log(take(text, ' ')), {}};
        while (!text.empty()) {
            std::string_view record = take(text, ' ');
            const Offset at = offset(take(record, '='));
            if (at.value < 0) say("a record has an offset from 0 on");
            result.records.push_back({at, Value(number<std::uint64_t>(record))});
        }
        return result;
    }

    Owned owned(std::string_view text) {
        Owned result;
        result.group = group(take(text, ' '));
        result.generation = GenerationId(number<std::int32_t>(take(text, ' ')));
        while (!text.empty()) result.logs.push_back(log(take(text, ' ')));
        return result;
    }

    template <class Int>
    Int number(std::string_view text) {
        Int value{};
        const auto end = text.data() + text.size();
        if (const auto [read, error] = std::from_chars(text.data(), end, value);
            error != std::errc{} || read != end)
            say(fmt::format("'{}' is not a number", text));
        return value;
    }
    Time time(std::string_view text) { return {Duration(number<std::int64_t>(text))}; }
    Offset offset(std::string_view text) {
        const Offset value(number<std::int64_t>(text));
        if (value.value < -1) say("an offset is -1 at least");
        return value;
    }
    LogId log(std::string_view name) { return id<LogId>(name, log_ids_, history_.logs); }
    GroupId group(std::string_view name) { return id<GroupId>(name, group_ids_, history_.groups); }

    template <class Id>
    Id id(std::string_view name, std::map<std::string, Id, std::less<>>& ids,
          std::vector<std::string>& names) {
        if (name.empty()) say("a name is missing");
        if (const auto known = ids.find(name); known != ids.end()) return known->second;
        names.emplace_back(name);
        return ids.emplace(name, Id(static_cast<std::uint32_t>(names.size() - 1))).first->second;
    }

    // The first thing that is wrong is the one to be told.
    void say(std::string what) {
        if (fault_.empty()) fault_ = std::move(what);
    }

    History history_;
    std::map<std::string, LogId, std::less<>> log_ids_;
    std::map<std::string, GroupId, std::less<>> group_ids_;
    std::string fault_;
};

class Printer {
public:
    explicit Printer(const History& history) : history_(history) {}

    void print(const Operation& operation) {
        put("{} {}-", operation.process.value, operation.invoked.since_start.count());
        if (operation.completed != never) put("{}", operation.completed.since_start.count());
        put(" {}", outcome_name(operation.outcome));
        for (std::size_t i = 0; i < operation.steps.size(); ++i) {
            text_ += i == 0 ? " " : "; ";
            std::visit([&](const auto& step) { print(step); }, operation.steps[i]);
        }
    }
    std::string take() { return std::move(text_); }

private:
    void print(const Sent& step) {
        put("send {} {}", log(step.log), step.value.value);
        if (step.offset.value >= 0) put("@{}", step.offset.value);
    }
    void print(const Polled& step) {
        put("poll {}", log(step.log));
        for (const Record& record : step.records)
            put(" {}={}", record.offset.value, record.value.value);
    }
    void print(const Placed& step) { put("place {}", log(step.log)); }
    void print(const Ended& step) { put("end {}", log(step.log)); }
    void print(const Trimmed& step) { put("trim {} {}", log(step.log), step.start.value); }
    void print(const Committed& step) {
        put("commit {} {} {}", history_.groups[step.group.value], log(step.log), step.offset.value);
    }
    void print(const Found& step) {
        put("find {} {} {}", history_.groups[step.group.value], log(step.log), step.offset.value);
    }
    void print(const Owned& step) {
        put("own {} {}", history_.groups[step.group.value], step.generation.value);
        for (const LogId each : step.logs) put(" {}", log(each));
    }

    const std::string& log(LogId id) const { return history_.logs[id.value]; }
    template <class... Args>
    void put(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    }

    const History& history_;
    std::string text_;
};

}  // namespace

Result<History, HistoryFault> parse_history(std::string_view text) {
    Parser parser;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = trim(take(text, '\n'));
        if (line.empty() || line.starts_with('#')) continue;
        if (std::string what = parser.parse_line(line); !what.empty())
            return HistoryFault{number, std::move(what)};
    }
    return parser.finish();
}

std::string to_text(const History& history) {
    std::string text;
    for (const Operation& operation : history.operations)
        text += to_text(history, operation) + '\n';
    return text;
}

std::string to_text(const History& history, const Operation& operation) {
    Printer printer(history);
    printer.print(operation);
    return printer.take();
}

}  // namespace sluice::checker
