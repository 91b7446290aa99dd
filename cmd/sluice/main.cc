#include <fmt/format.h>

#include <cstdio>

#include "cmd/sluice/commands.h"

namespace sluice::cmd {
namespace {

std::string_view family_of(const CommandHelp& help) {
    const auto space = help.name.find(' ');
    return space == std::string_view::npos ? std::string_view{} : help.name.substr(0, space);
}

void print_overview(std::FILE* to) {
    fmt::print(to,
               "sluice: an event streaming broker that speaks Kafka's protocol\n\n"
               "usage: sluice COMMAND [options]\n\ncommands:\n");
    std::string_view last_family;
    for (const Command& command : all_commands()) {
        const std::string_view family = family_of(command.help());
        if (family.empty())
            fmt::print(to, "  {:<10} {}\n", command.help().name, command.help().summary);
        else if (family != last_family)
            fmt::print(to, "  {:<10} {}\n", family, family_summary(family));
        last_family = family;
    }
    fmt::print(to, "\n'sluice COMMAND --help' shows what a command takes, with examples.\n");
}

void print_family(std::FILE* to, std::string_view family) {
    fmt::print(to, "usage: sluice {} COMMAND [options]\n\n{}\n\ncommands:\n", family,
               family_summary(family));
    for (const Command& command : all_commands())
        if (family_of(command.help()) == family)
            fmt::print(to, "  {:<14} {}\n", command.help().name.substr(family.size() + 1),
                       command.help().summary);
    fmt::print(to, "\n'sluice {} COMMAND --help' shows what each takes, with examples.\n", family);
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

int run_command(const Command& command, int count, char** words) {
    const auto arguments = Arguments::parse(command.help(), count, words);
    if (arguments.failed()) return usage_error(arguments.error());
    if (!arguments->has("help")) return command.run(*arguments);
    fmt::print("{}", help_text(command.help()));
    return exit_ok;
}

int run(int count, char** words) {
    if (count < 2) {
        print_overview(stderr);
        return exit_usage;
    }
    const std::string_view word = words[1];
    if (word == "--help" || word == "-h" || word == "help") {
        print_overview(stdout);
        return exit_ok;
    }
    const std::string_view second = count > 2 ? words[2] : "";
    bool is_family = false;
    for (const Command& command : all_commands()) {
        const CommandHelp& help = command.help();
        const std::string_view family = family_of(help);
        if (family.empty() && help.name == (word == "--version" ? "version" : word))
            return run_command(command, count - 2, words + 2);
        if (family.empty() || family != word) continue;
        is_family = true;
        if (help.name.substr(family.size() + 1) == second)
            return run_command(command, count - 3, words + 3);
    }
    if (!is_family) return unknown_command(word);
    const bool asks = second == "--help" || second == "-h";
    if (!asks && !second.empty()) return unknown_member(word, second);
    print_family(asks ? stdout : stderr, word);
    return asks ? exit_ok : exit_usage;
}

}  // namespace
}  // namespace sluice::cmd

int main(int count, char** words) {
    return sluice::cmd::run(count, words);
}
