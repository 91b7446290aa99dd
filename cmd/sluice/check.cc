#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/mapped_file.h"
#include "cmd/sluice/output.h"
#include "sim/checker/checker.h"
#include "sim/checker/history_text.h"

namespace sluice::cmd {

const CommandHelp& check_help() {
    static const CommandHelp help{
        .name = "check",
        .positional = "FILE...",
        .summary = "Judge what clients did and saw: nothing lost, doubled, reordered or invented.",
        .options = {{"json", "", "as JSON"}},
        .examples =
            "  sluice check history.txt           # as docs/formats.md says, by any client\n"
            "  sluice check client-*.txt --json   # one history, recorded by several",
        .values = any_file};
    return help;
}

namespace {

// How often each way of ending came.
struct CheckTally {
    std::size_t ok = 0;
    std::size_t failed = 0;
    std::size_t unknown = 0;
};

CheckTally tally(const checker::History& history) {
    CheckTally result;
    for (const checker::Operation& operation : history.operations) switch (operation.outcome) {
            case checker::Outcome::ok:
                ++result.ok;
                break;
            case checker::Outcome::failed:
                ++result.failed;
                break;
            case checker::Outcome::unknown:
                ++result.unknown;
                break;
        }
    return result;
}

void print_json(const checker::History& history, const checker::Findings& findings) {
    JsonWriter json;
    const CheckTally counted = tally(history);
    json.begin_object();
    json.name("verdict").value(findings.counts().empty() ? "sound" : "unsound");
    json.name("ok").value(static_cast<std::int64_t>(counted.ok));
    json.name("failed").value(static_cast<std::int64_t>(counted.failed));
    json.name("unknown").value(static_cast<std::int64_t>(counted.unknown));
    json.name("anomalies").begin_object();
    for (const auto& [kind, count] : findings.counts())
        json.name(checker::name_of(kind)).value(static_cast<std::int64_t>(count));
    json.end_object().name("described").begin_array();
    for (const checker::Anomaly& anomaly : findings.anomalies()) {
        json.begin_object().name("kind").value(checker::name_of(anomaly.kind));
        json.name("text").value(anomaly.text).name("operations").begin_array();
        for (const std::size_t by : anomaly.operations)
            json.value(checker::to_text(history, history.operations[by]));
        json.end_array().end_object();
    }
    json.end_array().end_object();
    print_out("{}\n", json.text());
}

void print_text(const checker::History& history, const checker::Findings& findings) {
    constexpr std::size_t shown_max = 4;  // Operations of one anomaly.
    for (const checker::Anomaly& anomaly : findings.anomalies()) {
        print_out("{}: {}\n", checker::name_of(anomaly.kind), anomaly.text);
        for (std::size_t i = 0; i < std::min(shown_max, anomaly.operations.size()); ++i)
            print_out("    {}\n",
                      checker::to_text(history, history.operations[anomaly.operations[i]]));
    }
    for (const auto& [kind, count] : findings.counts())
        print_out("{:<30} {}\n", checker::name_of(kind), count);
    const CheckTally counted = tally(history);
    print_out("{} operations: {} ok, {} failed, {} unknown; {}\n", history.operations.size(),
              counted.ok, counted.failed, counted.unknown,
              findings.counts().empty() ? "no anomaly" : "not sound");
}

}  // namespace

int run_check(const Arguments& arguments) {
    std::string text;
    for (const std::string& path : arguments.positional()) {
        const auto file = MappedFile::open(path);
        if (file.failed()) {
            print_error("sluice: {}\n", file.error());
            return exit_failed;
        }
        const auto one = checker::parse_history(as_text(file->bytes()));
        if (one.failed()) {
            print_error("sluice: {}:{}: {}\n", path, one.error().line, one.error().what);
            return exit_failed;
        }
        text.append(as_text(file->bytes())).append("\n");
    }
    const auto history = checker::parse_history(text);
    if (history->operations.empty()) {
        print_error("sluice: there is no operation in it, so nothing to judge\n");
        return exit_failed;
    }
    const checker::Findings findings = checker::check(*history);
    if (arguments.has("json"))
        print_json(*history, findings);
    else
        print_text(*history, findings);
    return findings.counts().empty() ? exit_ok : exit_unsound;
}

}  // namespace sluice::cmd
