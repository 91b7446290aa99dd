// Plays the traces in testdata/: what is asked of the controller, what it answers, what it logs.

#include "core/metadata/controller.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/golden.h"

namespace sluice::metadata {
namespace {

using namespace protocol;
using golden::brokers_of;
using golden::Command;
using golden::split;
using golden::text_of;

std::string resource_text(std::int8_t type, const std::string& name) {
    return fmt::format("{} '{}'",
                       type == static_cast<std::int8_t>(ResourceType::topic) ? "topic" : "broker",
                       name);
}

// One controller over an image made of what it logged. Topic ids are 1, 2, 3 ... in the order they
// were asked for; incarnations of brokers are all the same.
class Stage {
public:
    std::string execute(const Command& command) {
        out_.clear();
        using Handler = void (Stage::*)(const Command&);
        static const std::map<std::string, Handler> handlers = {
            {"set", &Stage::set},       {"broker", &Stage::broker},   {"change", &Stage::change},
            {"create", &Stage::create}, {"grow", &Stage::grow},       {"delete", &Stage::remove},
            {"alter", &Stage::alter},   {"replace", &Stage::replace}, {"ids", &Stage::producer_ids},
            {"replay", &Stage::replay}};
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
    void answer(const std::string& who, ErrorCode code, const std::optional<std::string>& message) {
        say("{}: {}{}{}", who, code == ErrorCode::none ? "ok" : name_of(code), message ? " " : "",
            message.value_or(""));
    }

    void log(const std::vector<MetadataRecord>& records) {
        for (const MetadataRecord& record : records) {
            std::visit([this](const auto& each) { show(each); }, record);
            builder_.apply(record);
            log_.push_back(record);
        }
        builder_.advance(Offset(static_cast<std::int64_t>(log_.size())), LeaderEpoch(1));
    }

    std::string partition_text(const TopicId& id, PartitionIndex partition) {
        return fmt::format("{}-{}", builder_.image().topic(id)->name, partition.value);
    }
    void show(const RegisterBrokerRecord& record) {
        say("log: broker {} registered, epoch {}{}", record.broker_id.value,
            record.broker_epoch.value, record.fenced ? ", fenced" : "");
    }
    void show(const TopicRecord& record) {
        say("log: topic {} is {}", record.name, record.topic_id.bytes[0]);
    }
    void show(const PartitionRecord& record) {
        say("log: {} on {}, in sync {}, led by {}",
            partition_text(record.topic_id, record.partition_id), text_of(record.replicas),
            text_of(record.isr), record.leader.value);
    }
    void show(const PartitionChangeRecord& record) {
        std::string changes;
        if (record.leader != BrokerId(-2))
            changes += fmt::format(" leader {}", record.leader.value);
        if (record.isr) changes += " isr " + text_of(*record.isr);
        if (record.eligible_leader_replicas)
            changes += " elr " + text_of(*record.eligible_leader_replicas);
        if (record.last_known_elr) changes += " last elr " + text_of(*record.last_known_elr);
        say("log: {} now{}", partition_text(record.topic_id, record.partition_id), changes);
    }
    void show(const RemoveTopicRecord& record) {
        say("log: topic {} is gone", record.topic_id.bytes[0]);
    }
    void show(const ConfigRecord& record) {
        say("log: {} {} {}", resource_text(record.resource_type, record.resource_name), record.name,
            record.value ? "= " + *record.value : "is gone");
    }
    void show(const ProducerIdsRecord& record) {
        say("log: broker {} took producer ids below {}", record.broker_id.value,
            record.next_producer_id.value);
    }
    void show(const auto& record) { say("log: {}", to_text(MetadataRecord(record))); }

    // set partitions_default= replication_default= per_topic_max= partitions_max= deletion=
    void set(const Command& command) {
        settings_.partitions_default =
            static_cast<std::int32_t>(command.number("partitions_default", 1));
        settings_.replication_factor_default =
            static_cast<std::int16_t>(command.number("replication_default", 1));
        settings_.partitions_per_topic_max =
            static_cast<std::int32_t>(command.number("per_topic_max", 10'000));
        settings_.partitions_max =
            static_cast<std::size_t>(command.number("partitions_max", 20'000));
        settings_.deletion_enabled = command.number("deletion", 1) != 0;
    }

    // broker id=1 fenced: it registers.
    void broker(const Command& command) {
        RegisterBrokerRecord registration;
        registration.broker_id = BrokerId(static_cast<std::int32_t>(command.number("id")));
        registration.fenced = command.has("fenced");
        registration.log_dirs = {Uuid{{9}}};
        log(controller().register_broker(registration).records);
    }

    // change topic=a partition=0 leader=-1 isr=1,2 elr=1 last=1: as a controller that had more of
    // them to choose from would have written it.
    void change(const Command& command) {
        PartitionChangeRecord record;
        record.topic_id = builder_.image().topic(command.text("topic"))->id;
        record.partition_id =
            PartitionIndex(static_cast<std::int32_t>(command.number("partition")));
        record.leader = BrokerId(static_cast<std::int32_t>(command.number("leader", -2)));
        if (command.has("isr")) record.isr = brokers_of(command.text("isr"));
        if (command.has("elr")) record.eligible_leader_replicas = brokers_of(command.text("elr"));
        if (command.has("last")) record.last_known_elr = brokers_of(command.text("last"));
        log({record});
    }

    // create topic=a,b partitions=1 replication=1 on=1,2/2,1 configs=k:v,k:v validate
    void create(const Command& command) {
        CreateTopicsRequest request;
        request.validate_only = command.has("validate");
        std::vector<TopicId> ids;
        const auto replicas = split(command.text("on"), '/');
        for (const std::string& name : split(command.text("topic"), ',')) {
            CreateTopicsRequest::Topic topic;
            topic.name = name;
            topic.num_partitions = static_cast<std::int32_t>(command.number("partitions", -1));
            topic.replication_factor = static_cast<std::int16_t>(command.number("replication", -1));
            for (std::size_t p = 0; p < replicas.size(); ++p)
                topic.assignments.push_back(
                    {PartitionIndex(static_cast<std::int32_t>(
                         p + static_cast<std::size_t>(command.number("first")))),
                     brokers_of(replicas[p])});
            for (const std::string& config : split(command.text("configs"), ','))
                topic.configs.push_back({split(config, ':')[0], split(config, ':')[1]});
            request.topics.push_back(topic);
            ids.push_back(TopicId{{++topics_drawn_}});
        }
        const auto decision = controller().create_topics(request, ids);
        log(decision.records);
        for (const auto& topic : decision.reply.topics)
            answer(topic.name, topic.error_code, topic.error_message);
    }

    // grow topic=a count=3 on=1/2 validate
    void grow(const Command& command) {
        CreatePartitionsRequest request;
        request.validate_only = command.has("validate");
        for (const std::string& name : split(command.text("topic"), ',')) {
            CreatePartitionsRequest::Topic topic{
                name, static_cast<std::int32_t>(command.number("count")), std::nullopt};
            if (command.has("on")) topic.assignments.emplace();
            for (const std::string& replicas : split(command.text("on"), '/'))
                topic.assignments->push_back({brokers_of(replicas)});
            request.topics.push_back(topic);
        }
        const auto decision = controller().create_partitions(request);
        log(decision.records);
        for (const auto& topic : decision.reply.results)
            answer(topic.name, topic.error_code, topic.error_message);
    }

    // delete topic=a,b version=6, or delete id=1
    void remove(const Command& command) {
        DeleteTopicsRequest request;
        request.topic_names = split(command.text("topic"), ',');
        for (const std::string& name : request.topic_names)
            request.topics.push_back({name, TopicId{}});
        if (command.has("id"))
            request.topics.push_back(
                {std::nullopt, TopicId{{static_cast<std::uint8_t>(command.number("id"))}}});
        const auto decision = controller().delete_topics(
            request, Version(static_cast<std::int16_t>(command.number("version", 6))));
        log(decision.records);
        for (const auto& topic : decision.reply.responses)
            answer(topic.name.value_or("(no name)"), topic.error_code, topic.error_message);
    }

    static std::pair<std::int8_t, std::string> resource_of(const Command& command) {
        if (command.has("type"))
            return {static_cast<std::int8_t>(command.number("type")), command.text("name")};
        return command.has("broker") ? std::pair(static_cast<std::int8_t>(ResourceType::broker),
                                                 command.text("broker"))
                                     : std::pair(static_cast<std::int8_t>(ResourceType::topic),
                                                 command.text("topic"));
    }

    // alter topic=a set=k:v append=k:v subtract=k:v remove=k operation=9:k:v validate; or broker=1
    void alter(const Command& command) {
        static const std::vector<std::pair<std::string, std::int8_t>> operations = {
            {"set", 0}, {"remove", 1}, {"append", 2}, {"subtract", 3}, {"strange", 9}};
        IncrementalAlterConfigsRequest request;
        request.validate_only = command.has("validate");
        auto& resource = request.resources.emplace_back();
        std::tie(resource.resource_type, resource.resource_name) = resource_of(command);
        for (const auto& [name, number] : operations)
            for (const std::string& change : split(command.text(name), ';')) {
                const auto words = split(change, ':');
                resource.configs.push_back(
                    {words[0], number, words.size() > 1 ? std::optional(words[1]) : std::nullopt});
            }
        const auto decision = controller().alter_configs(request);
        log(decision.records);
        for (const auto& each : decision.reply.responses)
            answer(resource_text(each.resource_type, each.resource_name), each.error_code,
                   each.error_message);
    }

    // replace topic=a with=k:v;k:v
    void replace(const Command& command) {
        AlterConfigsRequest request;
        auto& resource = request.resources.emplace_back();
        std::tie(resource.resource_type, resource.resource_name) = resource_of(command);
        for (const std::string& config : split(command.text("with"), ';')) {
            const auto words = split(config, ':');
            resource.configs.push_back(
                {words[0], words.size() > 1 ? std::optional(words[1]) : std::nullopt});
        }
        const auto decision = controller().alter_configs(request);
        log(decision.records);
        for (const auto& each : decision.reply.responses)
            answer(resource_text(each.resource_type, each.resource_name), each.error_code,
                   each.error_message);
    }

    void producer_ids(const Command& command) {
        const auto decision = controller().allocate_producer_ids(
            BrokerId(static_cast<std::int32_t>(command.number("broker"))));
        log(decision.records);
        say("{} from {}", decision.reply.count, decision.reply.first.value);
    }

    // The image is what its log says, and nothing else.
    void replay(const Command&) {
        ImageBuilder again;
        for (const MetadataRecord& record : log_) again.apply(record);
        again.advance(Offset(static_cast<std::int64_t>(log_.size())), LeaderEpoch(1));
        EXPECT_TRUE(equal(again.image(), builder_.image()));
        const MetadataImage& image = builder_.image();
        say("{} topics, {} partitions, {} brokers", image.topics_by_id.size(),
            image.partition_count, image.brokers.size());
    }

    Controller controller() { return Controller(builder_.image(), settings_); }

    ControllerSettings settings_;
    ImageBuilder builder_;
    std::vector<MetadataRecord> log_;
    std::uint8_t topics_drawn_ = 0;
    std::string out_;
};

class ControllerTrace : public testing::TestWithParam<std::string> {};

TEST_P(ControllerTrace, TellsTheSameStory) {
    Stage stage;
    golden::run(std::string(SLUICE_SOURCE_DIR "/core/metadata/testdata/") + GetParam() + ".txt",
                [&](const Command& command) { return stage.execute(command); });
}

INSTANTIATE_TEST_SUITE_P(Stories, ControllerTrace,
                         testing::Values("topics", "placement", "partitions", "configurations",
                                         "brokers"),
                         [](const auto& story) { return story.param; });

}  // namespace
}  // namespace sluice::metadata
