#include "cmd/sluice/commands.h"

namespace sluice::cmd {

std::span<const Command> all_commands() {
    static constexpr Command commands[] = {
        {server_help, run_server},
        {format_help, run_format},
        {cluster_up_help, run_cluster_up},
        {cluster_status_help, run_cluster_status},
        {cluster_quorum_help, run_cluster_quorum},
        {cluster_reassign_help, run_cluster_reassign},
        {cluster_elect_help, run_cluster_elect},
        {cluster_unregister_help, run_cluster_unregister},
        {cluster_features_help, run_cluster_features},
        {topic_create_help, run_topic_create},
        {topic_list_help, run_topic_list},
        {topic_describe_help, run_topic_describe},
        {topic_offsets_help, run_topic_offsets},
        {topic_alter_help, run_topic_alter},
        {topic_delete_records_help, run_topic_delete_records},
        {topic_delete_help, run_topic_delete},
        {produce_help, run_produce},
        {consume_help, run_consume},
        {group_list_help, run_group_list},
        {group_describe_help, run_group_describe},
        {group_reset_help, run_group_reset},
        {group_delete_help, run_group_delete},
        {config_list_help, run_config_list},
        {config_set_help, run_config_set},
        {config_unset_help, run_config_unset},
        {bench_help, run_bench},
        {dump_help, run_dump},
        {sim_help, run_sim},
        {check_help, run_check},
        {completion_help, run_completion},
        {version_help, run_version},
    };
    return commands;
}

std::string_view family_summary(std::string_view family) {
    if (family == "cluster") return "Run a cluster on this machine; look at any, and change it.";
    if (family == "topic") return "Create, look at, change and delete topics.";
    if (family == "group") return "Look at consumer groups, move their offsets, delete them.";
    if (family == "config") return "Look at and change configurations of topics and brokers.";
    return {};
}

}  // namespace sluice::cmd
