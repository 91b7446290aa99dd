#pragma once

#include <string_view>

#include "cmd/sluice/arguments.h"

namespace sluice::cmd {

// A subcommand: its help, and what runs it with its words parsed. Gives the exit code.
struct Command {
    const CommandHelp& (*help)();
    int (*run)(const Arguments& arguments);
};

const CommandHelp& server_help();
int run_server(const Arguments& arguments);

const CommandHelp& topic_help();
int run_topic(const Arguments& arguments);

const CommandHelp& produce_help();
int run_produce(const Arguments& arguments);

const CommandHelp& consume_help();
int run_consume(const Arguments& arguments);

const CommandHelp& sim_help();
int run_sim(const Arguments& arguments);

const CommandHelp& version_help();
int run_version(const Arguments& arguments);

}  // namespace sluice::cmd
