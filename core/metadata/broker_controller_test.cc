// Plays the traces in testdata/ that tell of brokers which come and go, and of what becomes of the
// partitions they hold: what is asked of the controller, what it answers, what it logs.

#include "core/metadata/broker_controller.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/golden.h"
#include "core/metadata/feature_controller.h"
#include "core/metadata/replica_controller.h"

namespace sluice::metadata {
namespace {

using namespace protocol;
using golden::brokers_of;
using golden::Command;
using golden::split;
using golden::text_of;

Uuid uuid(std::int64_t n) {
    return Uuid{{1, static_cast<std::uint8_t>(n)}};
}

std::string text_of(const std::vector<Uuid>& directories) {
    std::string text;
    for (const Uuid& each : directories)
        text += (text.empty() ? "" : ",") + std::to_string(each.bytes[1]);
    return "[" + text + "]";
}

// The controllers over an image made of what they logged, with eligible.leader.replicas.version 1
// from the start. Directories and incarnations are numbers; epochs that a command does not give are
// the current ones.
class Stage {
public:
    Stage() {
        builder_.apply(FeatureLevelRecord{"eligible.leader.replicas.version", 1});
        advance();
    }

    std::string execute(const Command& command) {
        out_.clear();
        using Handler = void (Stage::*)(const Command&);
        static const std::map<std::string, Handler> handlers = {
            {"register", &Stage::enrol},      {"controller", &Stage::controller},
            {"beat", &Stage::beat},           {"unregister", &Stage::unregister},
            {"pass", &Stage::pass},           {"fence_lost", &Stage::fence_lost},
            {"closed", &Stage::closed},       {"refused", &Stage::refused},
            {"failover", &Stage::failover},   {"process_gone", &Stage::process_gone},
            {"create", &Stage::create},       {"config", &Stage::config},
            {"alter", &Stage::alter},         {"elect", &Stage::elect},
            {"balance", &Stage::balance},     {"elect_unclean", &Stage::elect_unclean},
            {"reassign", &Stage::reassign},   {"reassignments", &Stage::reassignments},
            {"assign", &Stage::assign},       {"update", &Stage::update},
            {"show", &Stage::show_partition}, {"replay", &Stage::replay}};
        const auto handler = handlers.find(command.name);
        if (handler == handlers.end()) return "no such command\n";
        (this->*handler->second)(command);
        return out_.empty() ? "(nothing)\n" : out_;
    }

private:
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }
    void answer(const std::string& who, ErrorCode code, const std::optional<std::string>& why) {
        say("{}: {}{}{}", who, code == ErrorCode::none ? "ok" : name_of(code),
            why && !why->empty() ? " " : "", why.value_or(""));
    }
    const MetadataImage& image() { return builder_.image(); }
    BrokerController brokers() { return BrokerController(image(), *sessions_, settings_); }
    ReplicaController replicas() { return ReplicaController(image()); }

    void advance() {
        builder_.advance(Offset(static_cast<std::int64_t>(log_.size()) + 1), LeaderEpoch(1));
        if (!sessions_) sessions_.emplace(BrokerSessions::Options{}, image(), now_);
    }
    void log(const std::vector<MetadataRecord>& records) {
        for (const MetadataRecord& record : records) {
            std::visit([this](const auto& each) { show(each); }, record);
            builder_.apply(record);
            log_.push_back(record);
        }
        advance();
    }

    std::string partition_text(const TopicId& id, PartitionIndex partition) {
        return fmt::format("{}-{}", image().topic(id)->name, partition.value);
    }
    void show(const RegisterBrokerRecord& record) {
        say("log: broker {} registered, epoch {}{}{}", record.broker_id.value,
            record.broker_epoch.value, record.fenced ? ", fenced" : "",
            record.in_controlled_shutdown ? ", leaving" : "");
    }
    void show(const BrokerRegistrationChangeRecord& record) {
        std::string what;
        if (record.fenced > 0) what += " fenced";
        if (record.fenced < 0) what += " serves";
        if (record.in_controlled_shutdown > 0) what += " leaves";
        if (!record.log_dirs.empty()) what += " has directories " + text_of(record.log_dirs);
        say("log: broker {}{}", record.broker_id.value, what);
    }
    void show(const PartitionRecord& record) {
        say("log: {} on {}, in sync {}, led by {}",
            partition_text(record.topic_id, record.partition_id), text_of(record.replicas),
            text_of(record.isr), record.leader.value);
    }
    void show(const PartitionChangeRecord& record) {
        std::string what;
        if (record.leader != BrokerId(-2)) what += fmt::format(" leader {}", record.leader.value);
        if (record.isr) what += " isr " + text_of(*record.isr);
        if (record.eligible_leader_replicas)
            what += " elr " + text_of(*record.eligible_leader_replicas);
        if (record.last_known_elr) what += " last " + text_of(*record.last_known_elr);
        if (record.replicas) what += " on " + text_of(*record.replicas);
        if (record.adding_replicas) what += " adding " + text_of(*record.adding_replicas);
        if (record.removing_replicas) what += " removing " + text_of(*record.removing_replicas);
        if (record.directories) what += " in " + text_of(*record.directories);
        if (record.leader_recovery_state >= 0)
            what += record.leader_recovery_state == 1 ? " recovering" : " recovered";
        say("log: {}{}", partition_text(record.topic_id, record.partition_id), what);
    }
    void show(const UnregisterBrokerRecord& record) {
        say("log: broker {} is gone", record.broker_id.value);
    }
    void show(const ConfigRecord& record) {
        say("log: {} {} = {}", record.resource_name.empty() ? "all brokers" : record.resource_name,
            record.name, record.value.value_or("(gone)"));
    }
    void show(const FeatureLevelRecord& record) {
        say("log: {} at {}", record.name, record.feature_level);
    }
    void show(const TopicRecord& record) { say("log: topic {}", record.name); }
    void show(const auto& record) { say("log: {}", to_text(MetadataRecord(record))); }

    static BrokerId id_of(const Command& command, const std::string& key = "id") {
        return BrokerId(static_cast<std::int32_t>(command.number(key)));
    }
    BrokerEpoch epoch_of(BrokerId id) {
        return image().broker(id) != nullptr ? image().broker(id)->epoch : BrokerEpoch(-1);
    }

    // register id=1 life=1 dirs=11 previous=-1 rack=a version=4 cluster=c features=name:0:1 zk
    void enrol(const Command& command) {
        BrokerRegistrationRequest request;
        request.broker_id = id_of(command);
        request.cluster_id = command.text("cluster", "c");
        request.incarnation_id = uuid(command.number("life", 1));
        request.is_migrating_zk_broker = command.has("zk");
        request.rack = command.text("rack");
        request.listeners = {{"PLAINTEXT", "here", 9092, 0}};
        for (const std::string& each :
             split(command.text("features", "eligible.leader.replicas.version:0:1"), ',')) {
            const auto words = split(each, ':');
            request.features.push_back({words[0], static_cast<std::int16_t>(std::stoi(words[1])),
                                        static_cast<std::int16_t>(std::stoi(words[2]))});
        }
        for (const std::string& each :
             split(command.text("dirs", std::to_string(10 * request.broker_id.value + 1)), ','))
            request.log_dirs.push_back(each == "lost" ? Uuid{{}} : uuid(std::stoi(each)));
        request.previous_broker_epoch =
            BrokerEpoch(command.text("previous") == "clean" ? epoch_of(request.broker_id).value
                                                            : command.number("previous", -1));
        const auto decision = brokers().registered(
            request, Version(static_cast<std::int16_t>(command.number("version", 4))), now_);
        log(decision.records);
        answer(fmt::format("broker {}", request.broker_id.value), decision.reply.error,
               decision.reply.why);
        if (decision.reply.raises_defaults) say("the defaults of replication are raised");
        if (decision.reply.error == ErrorCode::none)
            sessions_->heard(request.broker_id, decision.reply.epoch, std::nullopt, now_);
    }

    void controller(const Command& command) {
        ControllerRegistrationRequest request;
        request.controller_id = id_of(command);
        request.features = {{"eligible.leader.replicas.version", 0,
                             static_cast<std::int16_t>(command.number("elr", 1))}};
        const auto decision = brokers().registered(request);
        log(decision.records);
        answer(fmt::format("controller {}", request.controller_id.value), decision.reply.code,
               decision.reply.message);
    }

    // beat id=1 epoch=1 read=9 wants=fence,stop offline=11; read: all there is
    void beat(const Command& command) {
        BrokerHeartbeatRequest request;
        request.broker_id = id_of(command);
        request.broker_epoch =
            BrokerEpoch(command.number("epoch", epoch_of(request.broker_id).value));
        request.current_metadata_offset =
            Offset(command.number("read", image().next_offset.value - 1));
        for (const std::string& wish : split(command.text("wants"), ',')) {
            request.want_fence |= wish == "fence";
            request.want_shut_down |= wish == "stop";
        }
        for (const std::string& each : split(command.text("offline"), ','))
            request.offline_log_dirs.push_back(uuid(std::stoi(each)));
        if (request.broker_epoch == epoch_of(request.broker_id))
            sessions_->heard(request.broker_id, request.broker_epoch,
                             request.current_metadata_offset.next(), now_);
        const auto decision = brokers().heartbeat(request);
        log(decision.records);
        const auto& reply = decision.reply;
        if (reply.error != ErrorCode::none)
            return answer(fmt::format("broker {}", request.broker_id.value), reply.error,
                          reply.why);
        if (reply.leaves_at) sessions_->leaves_at(request.broker_id, *reply.leaves_at);
        if (reply.should_shut_down) sessions_->gone(request.broker_id);
        say("broker {}: {}{}{}", request.broker_id.value, reply.is_fenced ? "fenced" : "serves",
            reply.is_caught_up ? "" : ", behind", reply.should_shut_down ? ", may stop" : "");
    }

    void unregister(const Command& command) {
        const auto decision = brokers().unregister(id_of(command));
        log(decision.records);
        answer(fmt::format("broker {}", command.number("id")), decision.reply.code,
               decision.reply.message);
        if (decision.reply.code == ErrorCode::none) sessions_->gone(id_of(command));
    }

    void pass(const Command& command) { now_ = now_ + milliseconds(command.number("ms")); }

    // Those that are lost now, one after the other.
    void fence_lost(const Command&) {
        const auto suspects = sessions_->suspects();
        if (!suspects.empty()) say("to be tried {}", text_of(suspects));
        for (const BrokerId lost : sessions_->lost(now_)) {
            say("broker {} is lost", lost.value);
            log(brokers().fence(lost));
            sessions_->gone(lost);
        }
        const Time at = sessions_->wake_at();
        EXPECT_GT(at, now_);
        if (at != never) say("again in {} ms", to_milliseconds(at - now_));
    }
    void closed(const Command& command) {
        sessions_->connection_closed(id_of(command), epoch_of(id_of(command)));
    }
    void refused(const Command& command) {
        const BrokerId id = id_of(command);
        sessions_->connection_refused(id, BrokerEpoch(command.number("epoch", epoch_of(id).value)));
    }
    // process_gone id=3 ago=100: so many milliseconds ago.
    void process_gone(const Command& command) {
        sessions_->process_gone(id_of(command), epoch_of(id_of(command)),
                                now_ - milliseconds(command.number("ago")));
    }
    // Another controller is active now.
    void failover(const Command&) { sessions_.emplace(BrokerSessions::Options{}, image(), now_); }

    // create topic=a on=1,2/2,1
    void create(const Command& command) {
        CreateTopicsRequest request;
        CreateTopicsRequest::Topic topic;
        topic.name = command.text("topic");
        topic.num_partitions = static_cast<std::int32_t>(command.number("partitions", -1));
        topic.replication_factor = -1;
        for (const std::string& each : split(command.text("on"), '/'))
            topic.assignments.push_back(
                {PartitionIndex(static_cast<std::int32_t>(topic.assignments.size())),
                 brokers_of(each)});
        request.topics = {topic};
        const ControllerSettings settings;
        const auto decision =
            Controller(image(), settings).create_topics(request, {uuid(100 + ++topics_)});
        log(decision.records);
        for (const auto& each : decision.reply.topics)
            if (each.error_code != ErrorCode::none)
                answer(each.name, each.error_code, each.error_message);
    }
    // config topic=a min=2 unclean=true
    void config(const Command& command) {
        IncrementalAlterConfigsRequest request;
        request.resources.push_back({2, command.text("topic"), {}});
        auto& configs = request.resources.back().configs;
        if (command.has("min")) configs.push_back({"min.insync.replicas", 0, command.text("min")});
        if (command.has("unclean"))
            configs.push_back({"unclean.leader.election.enable", 0, command.text("unclean")});
        const ControllerSettings settings;
        log(Controller(image(), settings).alter_configs(request).records);
    }

    const TopicState* topic_of(const Command& command) {
        return image().topic(command.text("topic", "words"));
    }
    static PartitionIndex partition_of(const Command& command) {
        return PartitionIndex(static_cast<std::int32_t>(command.number("partition")));
    }

    // alter from=1 isr=1,2@7 epoch=0 change=0 version=3 recovering broker=1
    void alter(const Command& command) {
        AlterPartitionRequest request;
        request.broker_id = id_of(command, "from");
        request.broker_epoch =
            BrokerEpoch(command.number("broker", epoch_of(request.broker_id).value));
        AlterPartitionRequest::Topic::Partition partition;
        partition.partition_index = partition_of(command);
        const TopicState* topic = topic_of(command);
        const PartitionState* now =
            topic != nullptr ? topic->partition(partition.partition_index) : nullptr;
        const auto number = [&](const std::string& key, std::int32_t otherwise) {
            return static_cast<std::int32_t>(command.number(key, otherwise));
        };
        partition.leader_epoch =
            LeaderEpoch(number("epoch", now != nullptr ? now->leader_epoch.value : 0));
        partition.partition_epoch =
            PartitionEpoch(number("change", now != nullptr ? now->partition_epoch.value : 0));
        partition.leader_recovery_state = command.has("recovering") ? 1 : 0;
        for (const std::string& each : split(command.text("isr"), ',')) {
            const auto words = split(each, '@');
            const BrokerId id(std::stoi(words[0]));
            partition.new_isr.push_back(id);
            partition.new_isr_with_epochs.push_back(
                {id, words.size() > 1 ? BrokerEpoch(std::stoll(words[1])) : epoch_of(id)});
        }
        request.topics.push_back({topic != nullptr ? topic->id : uuid(99), {partition}});
        const Version version(static_cast<std::int16_t>(command.number("version", 3)));
        if (version < Version(3)) request.topics[0].partitions[0].new_isr_with_epochs.clear();
        const auto decision = replicas().alter_partitions(request, version);
        log(decision.records);
        if (decision.reply.error_code != ErrorCode::none)
            return say("{}", name_of(decision.reply.error_code));
        const auto& result = decision.reply.topics.at(0).partitions.at(0);
        if (result.error_code != ErrorCode::none) return say("{}", name_of(result.error_code));
        say("in sync {}, led by {} in epoch {}, change {}", text_of(result.isr),
            result.leader_id.value, result.leader_epoch.value, result.partition_epoch.value);
    }

    // elect type=1 topic=words partition=0; all without a topic
    void elect(const Command& command) {
        ElectLeadersRequest request;
        request.election_type = static_cast<std::int8_t>(command.number("type"));
        request.topic_partitions.reset();
        if (command.has("topic"))
            request.topic_partitions = {{command.text("topic"), {partition_of(command)}}};
        const auto decision = replicas().elect_leaders(request);
        log(decision.records);
        if (decision.reply.error_code != ErrorCode::none)
            say("{}", name_of(decision.reply.error_code));
        for (const auto& topic : decision.reply.replica_election_results)
            for (const auto& each : topic.partition_result)
                answer(fmt::format("{}-{}", topic.topic, each.partition_id.value), each.error_code,
                       each.error_message);
    }
    void balance(const Command& command) {
        log(replicas().balance_leaders(static_cast<std::size_t>(command.number("most", 1000))));
    }
    void elect_unclean(const Command&) { log(replicas().elect_unclean()); }

    // reassign partition=0 to=1,2 same_replication; without `to` it is cancelled
    void reassign(const Command& command) {
        AlterPartitionReassignmentsRequest request;
        request.allow_replication_factor_change = !command.has("same_replication");
        AlterPartitionReassignmentsRequest::Topic::Partition target;
        target.partition_index = partition_of(command);
        if (command.has("to")) target.replicas = brokers_of(command.text("to"));
        request.topics.push_back({command.text("topic", "words"), {target}});
        const auto decision = replicas().reassign(request);
        log(decision.records);
        const auto& result = decision.reply.responses.at(0).partitions.at(0);
        answer("reassignment", result.error_code, result.error_message);
    }
    void reassignments(const Command& command) {
        ListPartitionReassignmentsRequest request;
        if (command.has("topic"))
            request.topics = {{command.text("topic"), {partition_of(command)}}};
        for (const auto& topic : replicas().reassignments(request).topics)
            for (const auto& each : topic.partitions)
                say("{}-{} on {}, adding {}, removing {}", topic.name, each.partition_index.value,
                    text_of(each.replicas), text_of(each.adding_replicas),
                    text_of(each.removing_replicas));
    }

    // assign id=1 dir=12 partition=0
    void assign(const Command& command) {
        AssignReplicasToDirsRequest request;
        request.broker_id = id_of(command);
        request.broker_epoch =
            BrokerEpoch(command.number("epoch", epoch_of(request.broker_id).value));
        const TopicId topic = topic_of(command) != nullptr ? topic_of(command)->id : uuid(99);
        request.directories = {{uuid(command.number("dir")), {{topic, {{partition_of(command)}}}}}};
        const auto decision = replicas().assign_directories(request);
        log(decision.records);
        answer("assignment",
               decision.reply.error_code != ErrorCode::none
                   ? decision.reply.error_code
                   : decision.reply.directories.at(0).topics.at(0).partitions.at(0).error_code,
               std::nullopt);
    }

    // update feature=name level=1 type=2 version=2 validate
    void update(const Command& command) {
        static const std::map<std::string, FeatureRange> supported = {
            {"metadata.version", {30, 31}},
            {"group.version", {0, 1}},
            {"eligible.leader.replicas.version", {0, 1}}};
        UpdateFeaturesRequest request;
        request.validate_only = command.has("validate");
        for (const std::string& each : split(command.text("feature"), ',')) {
            UpdateFeaturesRequest::FeatureUpdate update;
            update.feature = each;
            update.max_version_level = static_cast<std::int16_t>(command.number("level"));
            update.upgrade_type = static_cast<std::int8_t>(command.number("type", 1));
            update.allow_downgrade = command.has("allow");
            request.feature_updates.push_back(update);
        }
        const auto decision =
            FeatureController(image(), supported)
                .update(request, Version(static_cast<std::int16_t>(command.number("version", 2))));
        log(decision.records);
        answer("update", decision.reply.error_code, decision.reply.error_message);
        for (const auto& each : decision.reply.results)
            answer(each.feature, each.error_code, each.error_message);
    }

    void show_partition(const Command& command) {
        const PartitionState& now = *topic_of(command)->partition(partition_of(command));
        say("on {} in {}, in sync {}, eligible {}, last {}, led by {} in epoch {}, change {}{}",
            text_of(now.replicas), text_of(now.directories), text_of(now.isr),
            text_of(now.eligible_leader_replicas), text_of(now.last_known_elr), now.leader.value,
            now.leader_epoch.value, now.partition_epoch.value,
            now.leader_recovery_state == 1 ? ", recovering" : "");
    }

    // The image is what its log says, and nothing else.
    void replay(const Command&) {
        ImageBuilder again;
        again.apply(FeatureLevelRecord{"eligible.leader.replicas.version", 1});
        for (const MetadataRecord& record : log_) again.apply(record);
        again.advance(image().next_offset, LeaderEpoch(1));
        EXPECT_TRUE(equal(again.image(), image()));
        say("{} brokers, {} controllers, {} partitions", image().brokers.size(),
            image().controllers.size(), image().partition_count);
    }

    BrokerController::Settings settings_{"c"};
    ImageBuilder builder_;
    std::vector<MetadataRecord> log_;
    std::optional<BrokerSessions> sessions_;
    Time now_;
    int topics_ = 0;
    std::string out_;
};

class BrokerTrace : public testing::TestWithParam<std::string> {};

TEST_P(BrokerTrace, TellsTheSameStory) {
    Stage stage;
    golden::run(std::string(SLUICE_SOURCE_DIR "/core/metadata/testdata/") + GetParam() + ".txt",
                [&](const Command& command) { return stage.execute(command); });
}

INSTANTIATE_TEST_SUITE_P(Stories, BrokerTrace,
                         testing::Values("registration", "sessions", "shutdown", "eligible",
                                         "in_sync", "unclean", "preferred", "reassignment",
                                         "directories", "features"),
                         [](const auto& story) { return story.param; });

}  // namespace
}  // namespace sluice::metadata
