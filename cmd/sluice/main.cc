#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "cmd/sluice/commands.h"

namespace sluice::cmd {
namespace {

constexpr Command commands[] = {
    {server_help, run_server},   {topic_help, run_topic}, {produce_help, run_produce},
    {consume_help, run_consume}, {sim_help, run_sim},     {version_help, run_version},
};

void print_overview(std::FILE* to) {
    fmt::print(to,
               "sluice: an event streaming broker that speaks Kafka's protocol\n\n"
               "usage: sluice COMMAND [options]\n\ncommands:\n");
    for (const Command& command : commands)
        fmt::print(to, "  {:<10} {}\n", command.help().name, command.help().summary);
    fmt::print(to, "\n'sluice COMMAND --help' shows what a command takes, with examples.\n");
}

int unknown_command(std::string_view word) {
    std::vector<std::string> known;
    for (const Command& command : commands) known.emplace_back(command.help().name);
    const auto meant = nearest(word, known);
    return usage_error(fmt::format(
        "unknown command '{}'{}", word,
        meant ? fmt::format(": did you mean '{}'?", *meant) : "; 'sluice --help' lists them"));
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
    for (const Command& command : commands) {
        if (command.help().name != (word == "--version" ? "version" : word)) continue;
        const auto arguments = Arguments::parse(command.help(), count - 2, words + 2);
        if (arguments.failed()) return usage_error(arguments.error());
        if (arguments->has("help")) {
            fmt::print("{}", help_text(command.help()));
            return exit_ok;
        }
        return command.run(*arguments);
    }
    return unknown_command(word);
}

}  // namespace
}  // namespace sluice::cmd

int main(int count, char** words) {
    return sluice::cmd::run(count, words);
}
