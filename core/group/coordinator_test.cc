// Plays the traces in testdata/: who asks what of a coordinator, what it answers, what it logs.

#include "core/group/coordinator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/golden.h"
#include "core/protocol/versioned.h"

namespace sluice::group {
namespace {

using namespace protocol;
using golden::Command;
using golden::split;

std::string outcome(ErrorCode code) {
    return code == ErrorCode::none ? "ok" : std::string(name_of(code));
}

// One coordinator, clients known by their names, and a clock that stands still between commands.
class Stage {
public:
    Stage() {
        settings_.offsets_retention = seconds(3600);
        start();
    }

    std::string execute(const Command& command) {
        out_.clear();
        using Handler = void (Stage::*)(const Command&);
        static const std::map<std::string, Handler> handlers = {
            {"set", &Stage::set},           {"join", &Stage::join},
            {"sync", &Stage::sync},         {"heartbeat", &Stage::heartbeat},
            {"leave", &Stage::leave},       {"wait", &Stage::wait},
            {"commit", &Stage::commit},     {"fetch", &Stage::fetch},
            {"restart", &Stage::restart},   {"list", &Stage::list},
            {"describe", &Stage::describe}, {"delete", &Stage::remove},
            {"forget", &Stage::forget},     {"retention", &Stage::retention},
            {"gone", &Stage::gone}};
        const auto handler = handlers.find(command.name);
        if (handler == handlers.end()) return "no such command\n";
        (this->*handler->second)(command);
        return out_.empty() ? "(nothing)\n" : out_;
    }

private:
    struct Client {
        std::string member_id;
        GenerationId generation{-1};
    };

    void start() {
        coordinator_ = std::make_unique<Coordinator>(settings_);
        for (const RecordBytes& bytes : log_) coordinator_->apply(*decode(bytes).value());
        coordinator_->restored(now_);
    }

    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }

    void perform(Effects effects) {
        for (const Record& record : effects.records) {
            log_.push_back(encode(record));
            coordinator_->apply(record);
            std::visit([this](const auto& each) { show(each); }, record);
        }
        for (const Answer& answer : effects.answers) {
            const std::string who = tickets_.at(answer.ticket);
            std::visit([&](const auto& reply) { show(who, reply); }, answer.reply);
        }
    }

    void show(const GroupRecord& record) {
        if (!record.value) return say("log: group {} is gone", record.key.group);
        std::string members;
        for (const auto& member : record.value->members)
            members += fmt::format(" {}[{}]", member.member_id, member.assignment.text());
        say("log: group {} generation {} {}{}", record.key.group, record.value->generation.value,
            record.value->members.empty() ? "empty" : record.value->protocol.value_or("?"),
            members);
    }
    void show(const OffsetRecord& record) {
        say("log: {} {}-{} {}", record.key.group, record.key.topic, record.key.partition.value,
            record.value ? fmt::format("at {}", record.value->offset.value) : "is gone");
    }
    void show(const std::string& who, const JoinGroupResponse& reply) {
        Client& client = clients_[who];
        if (reply.error_code == ErrorCode::member_id_required) client.member_id = reply.member_id;
        if (reply.error_code != ErrorCode::none)
            return say("{}: join {} {}", who, outcome(reply.error_code), reply.member_id);
        client = {reply.member_id, reply.generation_id};
        std::string members;
        for (const auto& member : reply.members) members += " " + member.member_id;
        say("{}: joined as {}, generation {}, {}, led by {}{}{}{}", who, reply.member_id,
            reply.generation_id.value, reply.protocol_name.value_or("null"), reply.leader,
            members.empty() ? "" : ", of", members, reply.skip_assignment ? ", keep it" : "");
    }
    void show(const std::string& who, const SyncGroupResponse& reply) {
        say("{}: sync {} [{}]", who, outcome(reply.error_code), reply.assignment.text());
    }

    std::string group_of(const Command& command) const { return command.text("group", "g"); }
    Ticket ticket_for(const std::string& who) {
        const Ticket ticket(++tickets_drawn_);
        tickets_[ticket] = who;
        return ticket;
    }
    std::optional<std::string> instance_of(const Command& command) const {
        return command.has("instance") ? std::optional(command.text("instance")) : std::nullopt;
    }

    void set(const Command& command) {
        if (command.has("size"))
            settings_.group_size_max = static_cast<std::size_t>(command.number("size"));
        if (command.has("delay"))
            settings_.initial_rebalance_delay = seconds(command.number("delay"));
        if (command.has("metadata"))
            settings_.offset_metadata_bytes_max =
                static_cast<std::size_t>(command.number("metadata"));
        if (command.has("record"))
            settings_.record_bytes_max = static_cast<std::size_t>(command.number("record"));
    }

    void join(const Command& command) {
        const std::string who = command.text("who");
        JoinGroupRequest request;
        request.group_id = group_of(command);
        request.member_id = command.text("member", clients_[who].member_id);
        request.group_instance_id = instance_of(command);
        request.session_timeout_ms =
            static_cast<std::int32_t>(command.number("session", 10) * 1000);
        request.rebalance_timeout_ms =
            static_cast<std::int32_t>(command.number("rebalance", 60) * 1000);
        request.protocol_type = command.text("type", "consumer");
        ConsumerProtocolSubscription subscription;
        subscription.topics = split(command.text("topics", "t"), ',');
        for (const std::string& name : split(command.text("protocols", "range"), ','))
            request.protocols.push_back({name, *encode_subscription(subscription, Version(1))});
        const Version version(static_cast<std::int16_t>(command.number("version", 9)));
        perform(coordinator_->joined(
            request, {ticket_for(who), version, std::to_string(++ids_drawn_), who, "/host"}, now_));
    }

    void sync(const Command& command) {
        const std::string who = command.text("who");
        const Client& client = clients_[who];
        SyncGroupRequest request;
        request.group_id = group_of(command);
        request.generation_id = GenerationId(
            static_cast<std::int32_t>(command.number("generation", client.generation.value)));
        request.member_id = command.text("member", client.member_id);
        request.group_instance_id = instance_of(command);
        for (const std::string& pair : split(command.text("assign"), ',')) {
            const auto parts = split(pair, ':');
            request.assignments.push_back({clients_[parts[0]].member_id, Bytes::copy_of(parts[1])});
        }
        perform(coordinator_->synced(request, ticket_for(who), now_));
    }

    void heartbeat(const Command& command) {
        const Client& client = clients_[command.text("who")];
        HeartbeatRequest request;
        request.group_id = group_of(command);
        request.generation_id = GenerationId(
            static_cast<std::int32_t>(command.number("generation", client.generation.value)));
        request.member_id = command.text("member", client.member_id);
        request.group_instance_id = instance_of(command);
        say("{}", outcome(coordinator_->heartbeat_came(request, now_)));
    }

    void leave(const Command& command) {
        LeaveGroupRequest request;
        request.group_id = group_of(command);
        for (const std::string& who : split(command.text("who"), ','))
            request.members.push_back({clients_[who].member_id, instance_of(command), {}});
        if (!command.has("who")) request.members.push_back({"", instance_of(command), {}});
        auto [reply, effects] = coordinator_->left(request, now_);
        for (const auto& member : reply.members)
            say("leave {} {}",
                member.member_id.empty() ? member.group_instance_id.value_or("nobody")
                                         : member.member_id,
                outcome(member.error_code));
        perform(std::move(effects));
    }

    void wait(const Command& command) {
        const Time end = now_.time + seconds(command.number("seconds"));
        const auto go_to = [&](Time time) {
            now_.wall = Timestamp(now_.wall.value + to_milliseconds(time - now_.time));
            now_.time = time;
        };
        while (coordinator_->next_deadline() <= end) {
            go_to(std::max(now_.time, coordinator_->next_deadline()));
            const std::size_t before = out_.size();
            perform(coordinator_->ticked(now_));
            if (out_.size() > before)
                out_.insert(before, fmt::format("at {} s:\n",
                                                to_milliseconds(now_.time.since_start) / 1000));
        }
        go_to(end);
    }

    void commit(const Command& command) {
        OffsetCommitRequest request;
        request.group_id = group_of(command);
        if (command.has("who")) {
            const Client& client = clients_[command.text("who")];
            request.member_id = client.member_id;
            request.generation_id_or_member_epoch = client.generation;
        }
        if (command.has("member")) request.member_id = command.text("member");
        if (command.has("generation"))
            request.generation_id_or_member_epoch =
                GenerationId(static_cast<std::int32_t>(command.number("generation")));
        request.group_instance_id = instance_of(command);
        OffsetCommitRequest::Partition partition;
        partition.partition_index =
            PartitionIndex(static_cast<std::int32_t>(command.number("partition")));
        partition.committed_offset = Offset(command.number("offset"));
        partition.committed_metadata = command.text("metadata");
        request.topics.push_back({command.text("topic", "t"), {}, {partition}});
        const Version version(static_cast<std::int16_t>(command.number("version", 9)));
        auto [reply, effects] = coordinator_->committed(request, version, now_);
        say("{}", outcome(reply.topics[0].partitions[0].error_code));
        perform(std::move(effects));
    }

    void fetch(const Command& command) {
        OffsetFetchRequest::Group request;
        request.group_id = group_of(command);
        request.topics.reset();
        if (command.has("topic"))
            request.topics = {{command.text("topic"), {}, {PartitionIndex(0)}}};
        for (const auto& topic : coordinator_->offsets(request).topics)
            for (const auto& partition : topic.partitions)
                say("{}-{} at {}", topic.name, partition.partition_index.value,
                    partition.committed_offset.value);
    }

    void restart(const Command&) {
        const LoggedState before = coordinator_->logged();
        tickets_.clear();
        start();
        EXPECT_EQ(before, coordinator_->logged());
        say("{} groups, {} offsets", before.groups().size(), before.offset_count());
    }

    void list(const Command& command) {
        ListGroupsRequest request;
        if (command.has("state")) request.states_filter = {command.text("state")};
        if (command.has("type")) request.types_filter = {command.text("type")};
        for (const auto& group : coordinator_->list(request))
            say("{} '{}' {} {}", group.group_id, group.protocol_type, group.group_state,
                group.group_type);
    }

    void describe(const Command& command) {
        const auto group = coordinator_->describe(group_of(command), Version(6));
        say("{} {} {} {}", outcome(group.error_code), group.group_state, group.protocol_type,
            group.protocol_data);
        for (const auto& member : group.members)
            say("  {} [{}]", member.member_id, member.member_assignment.text());
    }

    void remove(const Command& command) {
        auto [code, effects] = coordinator_->deleted(group_of(command));
        say("{}", outcome(code));
        perform(std::move(effects));
    }

    void forget(const Command& command) {
        OffsetDeleteRequest request;
        request.group_id = group_of(command);
        request.topics = {{command.text("topic", "t"), {{PartitionIndex(0)}}}};
        auto [reply, effects] = coordinator_->offsets_deleted(request);
        say("{}",
            outcome(reply.error_code == ErrorCode::none ? reply.topics[0].partitions[0].error_code
                                                        : reply.error_code));
        perform(std::move(effects));
    }

    void retention(const Command&) { perform(coordinator_->retention_checked(now_)); }
    void gone(const Command& command) {
        perform(coordinator_->topics_changed([&](const std::string& topic, const TopicId&) {
            return topic != command.text("topic");
        }));
    }

    GroupSettings settings_;
    std::unique_ptr<Coordinator> coordinator_;
    std::vector<RecordBytes> log_;
    Now now_{Time{}, Timestamp(1'000'000)};
    std::map<std::string, Client> clients_;
    std::map<Ticket, std::string> tickets_;
    std::uint64_t tickets_drawn_ = 0;
    int ids_drawn_ = 0;
    std::string out_;
};

class GroupTrace : public testing::TestWithParam<std::string> {};

TEST_P(GroupTrace, TellsTheSameStory) {
    Stage stage;
    golden::run(std::string(SLUICE_SOURCE_DIR "/core/group/testdata/") + GetParam() + ".txt",
                [&](const Command& command) { return stage.execute(command); });
}

INSTANTIATE_TEST_SUITE_P(Stories, GroupTrace,
                         testing::Values("two_members", "timeouts", "static_members", "commits",
                                         "retention", "administration", "limits"),
                         [](const auto& story) { return story.param; });

TEST(GroupPartition, IsJavasHashOfTheName) {
    EXPECT_EQ(partition_of_group("", 50), PartitionIndex(0));
    EXPECT_EQ(partition_of_group("console-consumer-12345", 50), PartitionIndex(6));
    EXPECT_EQ(partition_of_group("gr\xc3\xbc\xc3\x9f"
                                 "e-\xf0\x9f\x98\x80",
                                 50),
              PartitionIndex(27));
}

}  // namespace
}  // namespace sluice::group
