#pragma once

#include <span>
#include <string_view>

#include "cmd/sluice/arguments.h"

namespace sluice::cmd {

// A command: its help, and what runs it with its words parsed. Gives the exit code.
struct Command {
    const CommandHelp& (*help)();
    int (*run)(const Arguments& arguments);
};

// Every command, in the order of the overview.
std::span<const Command> all_commands();
// What the members of a family have in common, for the overview.
std::string_view family_summary(std::string_view family);

const CommandHelp& server_help();
int run_server(const Arguments& arguments);
const CommandHelp& format_help();
int run_format(const Arguments& arguments);

const CommandHelp& cluster_up_help();
int run_cluster_up(const Arguments& arguments);
const CommandHelp& cluster_status_help();
int run_cluster_status(const Arguments& arguments);
const CommandHelp& cluster_quorum_help();
int run_cluster_quorum(const Arguments& arguments);
const CommandHelp& cluster_reassign_help();
int run_cluster_reassign(const Arguments& arguments);
const CommandHelp& cluster_elect_help();
int run_cluster_elect(const Arguments& arguments);
const CommandHelp& cluster_unregister_help();
int run_cluster_unregister(const Arguments& arguments);
const CommandHelp& cluster_features_help();
int run_cluster_features(const Arguments& arguments);

const CommandHelp& topic_create_help();
int run_topic_create(const Arguments& arguments);
const CommandHelp& topic_list_help();
int run_topic_list(const Arguments& arguments);
const CommandHelp& topic_describe_help();
int run_topic_describe(const Arguments& arguments);
const CommandHelp& topic_offsets_help();
int run_topic_offsets(const Arguments& arguments);
const CommandHelp& topic_alter_help();
int run_topic_alter(const Arguments& arguments);
const CommandHelp& topic_delete_records_help();
int run_topic_delete_records(const Arguments& arguments);
const CommandHelp& topic_delete_help();
int run_topic_delete(const Arguments& arguments);

const CommandHelp& produce_help();
int run_produce(const Arguments& arguments);
const CommandHelp& consume_help();
int run_consume(const Arguments& arguments);

const CommandHelp& group_list_help();
int run_group_list(const Arguments& arguments);
const CommandHelp& group_describe_help();
int run_group_describe(const Arguments& arguments);
const CommandHelp& group_reset_help();
int run_group_reset(const Arguments& arguments);
const CommandHelp& group_delete_help();
int run_group_delete(const Arguments& arguments);

const CommandHelp& config_list_help();
int run_config_list(const Arguments& arguments);
const CommandHelp& config_set_help();
int run_config_set(const Arguments& arguments);
const CommandHelp& config_unset_help();
int run_config_unset(const Arguments& arguments);

const CommandHelp& bench_help();
int run_bench(const Arguments& arguments);
const CommandHelp& dump_help();
int run_dump(const Arguments& arguments);
const CommandHelp& sim_help();
int run_sim(const Arguments& arguments);
const CommandHelp& check_help();
int run_check(const Arguments& arguments);
const CommandHelp& completion_help();
int run_completion(const Arguments& arguments);
const CommandHelp& version_help();
int run_version(const Arguments& arguments);

}  // namespace sluice::cmd
