#include <fmt/format.h>

#include <span>
#include <vector>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/output.h"

namespace sluice::cmd {
namespace {

std::string_view family_of(const CommandHelp& help) {
    const auto space = help.name.find(' ');
    return space == std::string_view::npos ? std::string_view{} : help.name.substr(0, space);
}

std::string overview() {
    std::string text =
        "sluice: an event streaming broker that speaks Kafka's protocol\n\n"
        "usage: sluice COMMAND [options]\n\ncommands:\n";
    std::string_view last_family;
    for (const Command& command : all_commands()) {
        const std::string_view family = family_of(command.help());
        if (family.empty())
            text += fmt::format("  {:<10} {}\n", command.help().name, command.help().summary);
        else if (family != last_family)
            text += fmt::format("  {:<10} {}\n", family, family_summary(family));
        last_family = family;
    }
    return text + "\n'sluice COMMAND --help' shows what a command takes, with examples.\n";
}

std::string overview_of(std::string_view family) {
    std::string text = fmt::format("usage: sluice {} COMMAND [options]\n\n{}\n\ncommands:\n",
                                   family, family_summary(family));
    for (const Command& command : all_commands())
        if (family_of(command.help()) == family)
            text += fmt::format("  {:<14} {}\n", command.help().name.substr(family.size() + 1),
                                command.help().summary);
    return text +
           fmt::format("\n'sluice {} COMMAND --help' shows what each takes, with examples.\n",
                       family);
}

int unknown_command(std::string_view word) {
    std::vector<std::string> known;
    for (const Command& command : all_commands()) {
        const std::string_view family = family_of(command.help());
        known.emplace_back(family.empty() ? command.help().name : family);
    }
    const auto meant = nearest(word, known);
    return usage_error(fmt::format(
        "unknown command '{}'{}", word,
        meant ? fmt::format(": did you mean '{}'?", *meant) : "; 'sluice --help' lists them"));
}

int unknown_member(std::string_view family, std::string_view word) {
    std::vector<std::string> known;
    for (const Command& command : all_commands())
        if (family_of(command.help()) == family)
            known.emplace_back(command.help().name.substr(family.size() + 1));
    const auto meant = nearest(word, known);
    return usage_error(
        fmt::format("'sluice {}' does not know '{}'{}", family, word,
                    meant ? fmt::format(": did you mean '{}'?", *meant)
                          : fmt::format("; 'sluice {} --help' lists what it knows", family)));
}

int run_command(const Command& command, std::span<char* const> words) {
    const auto arguments = Arguments::parse(command.help(), words);
    if (arguments.failed()) return usage_error(arguments.error());
    if (!arguments->has("help")) return command.run(*arguments);
    write_out(help_text(command.help()));
    return exit_ok;
}

// `words` without the program's name.
int run(std::vector<char*> words) {
    if (words.empty()) {
        write_error(overview());
        return exit_usage;
    }
    static char help_option[] = "--help";
    const auto asks_for_help = [](std::string_view word) {
        return word == "help" || word == "-h" || word == help_option;
    };
    if (asks_for_help(words.front())) {
        if (words.size() == 1) {
            write_out(overview());
            return exit_ok;
        }
        // `help topic create` is `topic create --help`.
        words.erase(words.begin());
        words.push_back(help_option);
    }
    const std::string_view word = words[0];
    const std::string_view second = words.size() > 1 ? words[1] : "";
    const auto behind = [&](std::size_t taken) { return std::span(words).subspan(taken); };
    bool is_family = false;
    for (const Command& command : all_commands()) {
        const CommandHelp& help = command.help();
        const std::string_view family = family_of(help);
        if (family.empty() && help.name == (word == "--version" ? "version" : word))
            return run_command(command, behind(1));
        if (family.empty() || family != word) continue;
        is_family = true;
        if (help.name.substr(family.size() + 1) == second) return run_command(command, behind(2));
    }
    if (!is_family) return unknown_command(word);
    if (asks_for_help(second)) {
        write_out(overview_of(word));
        return exit_ok;
    }
    if (!second.empty()) return unknown_member(word, second);
    write_error(overview_of(word));
    return exit_usage;
}

}  // namespace
}  // namespace sluice::cmd

int main(int count, char** words) {
    return sluice::cmd::end_of_output(sluice::cmd::run({words + 1, words + count}));
}
