#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/group_offsets_table.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/table.h"
#include "core/client/assign/subscription.h"
#include "core/client/group_admin.h"
#include "core/client/group_offsets.h"

namespace sluice::cmd {

const CommandHelp& group_list_help() {
    static const CommandHelp help{.name = "group list",
                                  .summary = "List consumer groups and their states.",
                                  .options = {bootstrap_option, json_option},
                                  .examples = "  sluice group list"};
    return help;
}

const CommandHelp& group_describe_help() {
    static const CommandHelp help{
        .name = "group describe",
        .positional = "[NAME...]",
        .summary = "Show the members of groups, what they read, and how far behind they are.",
        .options = {bootstrap_option, {"all", "", "every group"}, json_option},
        .examples =
            "  sluice group describe billing\n"
            "  sluice group describe --all --json   # one object a line\n"
            "  sluice group describe billing --json | jq '[.offsets[].lag] | add'",
        .values = any_group};
    return help;
}

const CommandHelp& group_delete_help() {
    static const CommandHelp help{
        .name = "group delete",
        .positional = "NAME...",
        .summary = "Delete groups without members, and their committed offsets.",
        .options = {bootstrap_option, json_option},
        .examples = "  sluice group delete billing",
        .values = any_group};
    return help;
}

namespace {

using Group = protocol::DescribeGroupsResponse::Group;

int list_groups(ClientSession& session, const Arguments& arguments) {
    const auto groups = client::GroupAdmin(session.cluster).list();
    if (groups.failed()) return failed("cannot list groups", groups.error());
    Table table({"group", "state", "type", "protocol"});
    JsonWriter json;
    json.begin_array();
    for (const auto& group : *groups) {
        table.row({group.group_id, group.group_state, group.group_type, group.protocol_type});
        json.begin_object().name("name").value(group.group_id).name("state");
        json.value(group.group_state).name("type").value(group.group_type).name("protocol");
        json.value(group.protocol_type).end_object();
    }
    if (arguments.has("json"))
        print_out("{}\n", json.end_array().text());
    else
        table.print();
    return exit_ok;
}

// What each member reads; members of other kinds of groups say it in other words.
std::map<std::string, std::vector<client::TopicPartition>> shares_of(const Group& group) {
    std::map<std::string, std::vector<client::TopicPartition>> shares;
    for (const auto& member : group.members) {
        auto& share = shares[member.member_id];
        if (group.protocol_type != "consumer") continue;
        if (const auto read = client::decode_share(member.member_assignment)) share = *read;
    }
    return shares;
}

std::string text_of(const std::vector<client::TopicPartition>& partitions) {
    std::string text;
    for (const auto& each : partitions)
        text += fmt::format("{}{}-{}", text.empty() ? "" : ",", each.topic, each.partition.value);
    return text.empty() ? "-" : text;
}

void print_text(const Group& group, const GroupOffsetsTable& offsets) {
    print_out("group     {}\nstate     {}\nstrategy  {}\n", group.group_id, group.group_state,
              group.protocol_data.empty() ? "-" : group.protocol_data);
    const auto shares = shares_of(group);
    if (!group.members.empty()) {
        Table members({"\nmember", "instance", "client", "host", "partitions"});
        for (const auto& member : group.members)
            members.row({member.member_id, member.group_instance_id.value_or("-"), member.client_id,
                         member.client_host, text_of(shares.at(member.member_id))});
        members.print();
    }
    print_out("\n");
    offsets.print();
}

void print_json(const Group& group, const GroupOffsetsTable& offsets) {
    JsonWriter json;
    json.begin_object().name("name").value(group.group_id).name("state").value(group.group_state);
    json.name("strategy").value(group.protocol_data).name("members").begin_array();
    const auto shares = shares_of(group);
    for (const auto& member : group.members) {
        json.begin_object().name("id").value(member.member_id).name("instance");
        if (member.group_instance_id)
            json.value(*member.group_instance_id);
        else
            json.null();
        json.name("client").value(member.client_id).name("host").value(member.client_host);
        json.name("partitions").begin_array();
        for (const auto& each : shares.at(member.member_id))
            json.value(fmt::format("{}-{}", each.topic, each.partition.value));
        json.end_array().end_object();
    }
    json.end_array().name("offsets");
    offsets.write(json);
    print_out("{}\n", json.end_object().text());
}

int describe_group(ClientSession& session, const Arguments& arguments, const std::string& name) {
    const std::string what = "cannot describe group " + name;
    const auto group = client::GroupAdmin(session.cluster).describe(name);
    if (group.failed()) return failed_group(session, what, name, group.error());
    client::Coordinator coordinator(session.cluster, name);
    const auto committed = client::GroupOffsets(coordinator).all();
    if (committed.failed()) return failed(what, committed.error());
    GroupOffsetsTable offsets(session.cluster);
    for (const auto& [partition, offset] : *committed) offsets.add(partition, offset.offset);
    for (const auto& [member, share] : shares_of(*group))
        for (const auto& partition : share) offsets.owned_by(partition, member);
    if (arguments.has("json"))
        print_json(*group, offsets);
    else
        print_text(*group, offsets);
    return exit_ok;
}

int describe_every_group(ClientSession& session, const Arguments& arguments) {
    const auto groups = client::GroupAdmin(session.cluster).list();
    if (groups.failed()) return failed("cannot list groups", groups.error());
    int code = exit_ok;
    for (const auto& group : *groups)
        if (const int each = describe_group(session, arguments, group.group_id); each != exit_ok)
            code = each;
    return code;
}

}  // namespace

int run_group_list(const Arguments& arguments) {
    return with_client(arguments,
                       [&](ClientSession& session) { return list_groups(session, arguments); });
}

int run_group_describe(const Arguments& arguments) {
    if (arguments.has("all") != arguments.positional().empty())
        return usage_error("'sluice group describe' takes NAME..., or --all");
    return with_client(arguments, [&](ClientSession& session) {
        if (arguments.has("all")) return describe_every_group(session, arguments);
        int code = exit_ok;
        for (const std::string& name : arguments.positional())
            if (const int each = describe_group(session, arguments, name); each != exit_ok)
                code = each;
        return code;
    });
}

int run_group_delete(const Arguments& arguments) {
    return with_client(arguments, [&](ClientSession& session) {
        int code = exit_ok;
        for (const std::string& name : arguments.positional()) {
            const auto removed = client::GroupAdmin(session.cluster).remove(name);
            if (removed.failed()) {
                code = failed_group(session, "cannot delete group " + name, name, removed.error());
                continue;
            }
            JsonWriter json;
            json.begin_object().name("deleted").value(name).end_object();
            print_out("{}\n", arguments.has("json") ? json.text() : "deleted group " + name);
        }
        return code;
    });
}

}  // namespace sluice::cmd
