#include "cmd/sluice/replica_moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/json_reader.h"
#include "cmd/sluice/listeners.h"

namespace sluice::cmd {
namespace {

std::optional<std::string> complaint_about_replicas(const std::vector<BrokerId>& replicas) {
    if (replicas.empty()) return "no replica is named";
    const std::set<BrokerId> distinct(replicas.begin(), replicas.end());
    if (distinct.size() != replicas.size()) return "a node is named twice";
    if (*distinct.begin() < BrokerId(0)) return "a node's number is negative";
    return std::nullopt;
}

std::int32_t small_number(std::int64_t value) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, -1, INT32_MAX));
}

// Kafka's directories, of which there is one here.
bool are_any(JsonReader& json) {
    bool any = true;
    json.array([&] { any &= json.string() == "any"; });
    return any;
}

}  // namespace

Result<std::vector<BrokerId>, std::string> replicas_in(std::string_view text) {
    std::vector<BrokerId> replicas;
    for (const std::string_view part : parts_of_list(text)) {
        const auto id = whole_number(part);
        if (!id || *id > INT32_MAX)
            return fmt::format("'{}' is not of the form 1,2,3: '{}' is no node's number", text,
                               part);
        replicas.emplace_back(static_cast<std::int32_t>(*id));
    }
    if (const auto complaint = complaint_about_replicas(replicas))
        return fmt::format("'{}': {}", text, *complaint);
    return replicas;
}

Result<std::vector<ReplicaMove>, std::string> moves_in(std::string_view file) {
    std::vector<ReplicaMove> moves;
    bool any_directory = true;
    std::int64_t version = 1;
    JsonReader json(file);
    const auto read_partition = [&](const std::string& key) {
        ReplicaMove& move = moves.back();
        if (key == "topic") {
            move.topic = json.string();
        } else if (key == "partition") {
            move.partition = PartitionIndex(small_number(json.integer()));
        } else if (key == "replicas") {
            move.replicas.emplace();
            json.array([&] { move.replicas->emplace_back(small_number(json.integer())); });
        } else if (key == "log_dirs") {
            any_directory &= are_any(json);
        } else {
            json.skip();
        }
    };
    json.object([&](const std::string& key) {
        if (key == "version") {
            version = json.integer();
        } else if (key == "partitions") {
            json.array([&] {
                moves.push_back({.topic = {}, .partition = PartitionIndex(-1)});
                json.object(read_partition);
            });
        } else {
            json.skip();
        }
    });
    if (!json.finished_well())
        return fmt::format("line {}: this is not what is expected there", json.line());
    if (version != 1) return fmt::format("version {} of this form is not known", version);
    if (!any_directory) return std::string("log_dirs: a node has one directory; leave it out");
    if (moves.empty()) return std::string("it names no partitions");
    std::set<std::pair<std::string, PartitionIndex>> seen;
    for (const ReplicaMove& move : moves) {
        const std::string name = fmt::format("{}-{}", move.topic, move.partition.value);
        if (move.topic.empty() || move.partition < PartitionIndex(0))
            return std::string("a partition has no topic or no number");
        if (!seen.emplace(move.topic, move.partition).second)
            return fmt::format("{} is named twice", name);
        if (const auto complaint =
                complaint_about_replicas(move.replicas.value_or(std::vector<BrokerId>{})))
            return fmt::format("{}: {}", name, *complaint);
    }
    return moves;
}

}  // namespace sluice::cmd
