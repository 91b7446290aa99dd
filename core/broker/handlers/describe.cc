// What administrators look at: producers of a partition, sizes on disk, and topics page by page.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/broker/handlers/authorized_operations.h"
#include "core/broker/handlers/offline_replicas.h"
#include "core/broker/handlers/partition_call.h"
#include "core/metadata/topic_name.h"
#include "core/replication/producer_states.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr std::int32_t partitions_per_page_max = 2000;  // max.request.partition.size.limit

void list_producers(Partition& partition, DescribeProducersResponse::Partition& answer) {
    for (const auto& [id, state] : partition.log().producers().producers()) {
        DescribeProducersResponse::ProducerState shown;
        shown.producer_id = id;
        shown.producer_epoch = state.epoch.value;
        if (!state.batches().empty()) shown.last_sequence = state.batches().back().last_sequence;
        shown.last_timestamp = state.last_timestamp;
        shown.coordinator_epoch = state.coordinator_epoch;
        shown.current_txn_start_offset = state.transaction_start.value_or(Offset(-1));
        answer.active_producers.push_back(shown);
    }
}

// What a request names; nothing: everything.
using WantedLogs = std::optional<std::map<std::string, std::set<PartitionIndex>>>;

WantedLogs wanted_logs(const DescribeLogDirsRequest& request) {
    if (!request.topics) return std::nullopt;
    WantedLogs wanted(std::in_place);
    for (const auto& topic : *request.topics)
        (*wanted)[topic.topic].insert(topic.partitions.begin(), topic.partitions.end());
    return wanted;
}

bool is_wanted(const WantedLogs& wanted, const std::string& topic, PartitionIndex index) {
    if (!wanted) return true;
    const auto found = wanted->find(topic);
    return found != wanted->end() && found->second.contains(index);
}

DescribeTopicPartitionsResponse::Partition describe(const metadata::MetadataImage& image,
                                                    PartitionIndex index,
                                                    const metadata::PartitionState& state) {
    DescribeTopicPartitionsResponse::Partition shown;
    shown.partition_index = index;
    shown.leader_id = state.leader;
    shown.leader_epoch = state.leader_epoch;
    shown.replica_nodes = state.replicas;
    shown.isr_nodes = state.isr;
    shown.eligible_leader_replicas = state.eligible_leader_replicas;
    shown.last_known_elr = state.last_known_elr;
    shown.offline_replicas = offline_replicas(image, state);
    if (state.leader == BrokerId(-1)) shown.error_code = ErrorCode::leader_not_available;
    return shown;
}

// Fills one answer with topics in the order of their names until the page is full.
class TopicPage {
public:
    TopicPage(const metadata::MetadataImage& image, const DescribeTopicPartitionsRequest& request,
              DescribeTopicPartitionsResponse& response)
        : image_(image),
          cursor_(request.cursor),
          room_(std::clamp(request.response_partition_limit, 1, partitions_per_page_max)),
          response_(response) {}

    // False when the page is full.
    bool add(const std::string& name, const metadata::TopicState* topic) {
        if (cursor_ && name < cursor_->topic_name) return true;
        if (room_ == 0) return full_at(name, PartitionIndex(0));
        DescribeTopicPartitionsResponse::Topic shown;
        shown.name = name;
        shown.topic_authorized_operations = topic_operations;
        if (topic == nullptr) {
            shown.error_code = metadata::complaint_about_topic_name(name)
                                   ? ErrorCode::invalid_topic_exception
                                   : ErrorCode::unknown_topic_or_partition;
            response_.topics.push_back(std::move(shown));
            return true;
        }
        shown.topic_id = topic->id;
        shown.is_internal = metadata::is_internal_topic(name);
        const bool resumes = cursor_ && cursor_->topic_name == name;
        bool whole = true;
        for (const auto& [index, state] : topic->partitions) {
            if (resumes && index < cursor_->partition_index) continue;
            if (room_ == 0) {
                whole = full_at(name, index);
                break;
            }
            --room_;
            shown.partitions.push_back(describe(image_, index, state));
        }
        response_.topics.push_back(std::move(shown));
        return whole;
    }

private:
    bool full_at(const std::string& name, PartitionIndex index) {
        response_.next_cursor = {name, index};
        return false;
    }

    const metadata::MetadataImage& image_;
    std::optional<DescribeTopicPartitionsRequest::Cursor> cursor_;
    std::int32_t room_;
    DescribeTopicPartitionsResponse& response_;
};

}  // namespace

DescribeProducersResponse handle(const RequestContext& context, DescribeProducersRequest request) {
    DescribeProducersResponse response;
    std::map<std::string, std::set<PartitionIndex>> told;  // A partition may have many producers.
    for (const auto& topic : request.topics) {
        DescribeProducersResponse::Topic answers;
        answers.name = topic.name;
        for (const PartitionIndex index : topic.partition_indexes) {
            if (!told[topic.name].insert(index).second) continue;
            DescribeProducersResponse::Partition answer;
            answer.partition_index = index;
            answer.error_code =
                with_partition(context.broker, topic.name, index,
                               [&](Partition& partition) { list_producers(partition, answer); });
            const std::size_t size =
                answer.active_producers.size() * sizeof(answer.active_producers.front());
            if (!context.answer.grow(sizeof(answer) + size)) return response;
            answers.partitions.push_back(std::move(answer));
        }
        response.topics.push_back(std::move(answers));
    }
    return response;
}

DescribeLogDirsResponse handle(const RequestContext& context, DescribeLogDirsRequest request) {
    Broker& broker = context.broker;
    DescribeLogDirsResponse response;
    const WantedLogs wanted = wanted_logs(request);
    DescribeLogDirsResponse::LogDir directory;
    directory.log_dir = broker.facts().log_directory;
    std::map<std::string, DescribeLogDirsResponse::Topic> topics;
    for (std::uint32_t shard = 0; shard < broker.env().shards.count(); ++shard) {
        Broker& there = broker.on(ShardId(shard));
        const auto called = env::call(broker.env().shards, ShardId(shard), [&] {
            there.each_partition([&](Partition& partition) {
                if (!is_wanted(wanted, partition.topic(), partition.id().index)) return;
                DescribeLogDirsResponse::Partition shown;
                shown.partition_index = partition.id().index;
                shown.partition_size = static_cast<std::int64_t>(partition.log().size_bytes());
                topics[partition.topic()].partitions.push_back(shown);
            });
        });
        if (called.failed()) directory.error_code = ErrorCode::kafka_storage_error;
    }
    for (auto& [name, topic] : topics) {
        topic.name = name;
        std::ranges::sort(topic.partitions, {},
                          &DescribeLogDirsResponse::Partition::partition_index);
        directory.topics.push_back(std::move(topic));
    }
    if (const auto space = broker.env().disk.space(""); space) {
        directory.total_bytes = static_cast<std::int64_t>(space->total_bytes);
        directory.usable_bytes = static_cast<std::int64_t>(space->usable_bytes);
    }
    response.results.push_back(std::move(directory));
    return response;
}

DescribeTopicPartitionsResponse handle(const RequestContext& context,
                                       DescribeTopicPartitionsRequest request) {
    const Shared<const metadata::MetadataImage> image = context.broker.shared_image();
    DescribeTopicPartitionsResponse response;
    TopicPage page(*image, request, response);
    if (request.topics.empty()) {
        for (const auto& [name, topic] : image->topics_by_name)
            if (!page.add(name, &*topic)) break;
        return response;
    }
    std::set<std::string> names;
    for (const auto& topic : request.topics) names.insert(topic.name);
    for (const std::string& name : names)
        if (!page.add(name, image->topic(name))) break;
    return response;
}

}  // namespace sluice::broker
