#include "cmd/sluice/cluster_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/real_doors.h"
#include "core/raft/wire.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/data_root.h"

namespace sluice::cmd {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view node_prefix = "node-";

// The numbers of all nodes that have a directory there, in their order.
std::vector<BrokerId> numbers_in(const std::string& data) {
    std::vector<BrokerId> numbers;
    std::error_code error;
    for (fs::directory_iterator at(data, error), end; at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (!name.starts_with(node_prefix) || !at->is_directory(error)) continue;
        const auto number = whole_number(std::string_view(name).substr(node_prefix.size()));
        if (number && *number > 0 && *number <= INT32_MAX)
            numbers.emplace_back(static_cast<std::int32_t>(*number));
    }
    std::ranges::sort(numbers);
    return numbers;
}

// What no process may use meanwhile.
struct OpenNode {
    OpenNode(posix::ShardGroup::Shard& shard, const std::string& directory)
        : doors(shard, directory), root(doors.env) {}

    RealDoors doors;
    storage::DataRoot root;
};

class Preparation {
public:
    Preparation(posix::ShardGroup::Shard& shard, const ClusterPlan& plan)
        : shard_(shard), plan_(plan) {}

    Result<void, std::string> prepare(const std::vector<ClusterNode>& nodes) {
        for (const BrokerId number : numbers_in(plan_.data)) CHECK_OK(look_at(number));
        if (auto complaint = complaint_about_nodes(plan_.data, plan_.nodes, found_))
            return std::move(*complaint);
        std::string cluster_id;
        if (!found_.empty()) cluster_id = found_.front().cluster_id;
        for (const ClusterNode& node : nodes) {
            if (std::ranges::find(found_, node.id, &FoundNode::number) != found_.end()) continue;
            CHECK_OK(format(node, cluster_id));
        }
        return {};
    }

private:
    std::string path_of(BrokerId number) const {
        return fmt::format("{}/{}{}", plan_.data, node_prefix, number.value);
    }

    // One without an identity is as good as missing.
    Result<void, std::string> look_at(BrokerId number) {
        const std::string path = path_of(number);
        OpenNode node(shard_, path);
        const auto identity = node.root.open();
        if (identity.failed()) return why_not(path, identity.error());
        if (!*identity) return {};
        std::error_code error;
        const bool has_run =
            fs::exists(fs::path(path) / fmt::format("{}-0", raft::metadata_topic), error);
        found_.push_back({number, (*identity)->cluster_id, (*identity)->node_id, has_run});
        return {};
    }

    Result<void, std::string> format(const ClusterNode& node, std::string& cluster_id) {
        std::error_code error;
        fs::create_directories(node.data, error);
        if (error)
            return fmt::format("{} cannot be made: {}. Choose another directory with --data",
                               node.data, error.message());
        OpenNode made(shard_, node.data);
        const auto opened = made.root.open();
        if (opened.failed()) return why_not(node.data, opened.error());
        Random& random = made.doors.env.random;
        if (cluster_id.empty()) cluster_id = Uuid::random(random).text();
        const auto done = made.root.format({cluster_id, node.id, Uuid::random(random)});
        if (done.failed())
            return fmt::format("{} cannot be written ({})", node.data, name_of(done.error()));
        return {};
    }

    static std::string why_not(const std::string& path, Error error) {
        if (error == Error::exists)
            return fmt::format(
                "a process uses {}: this cluster runs already, or a node of it does. Stop it "
                "first, or choose another directory with --data",
                path);
        return fmt::format("{} cannot be opened ({}). Choose another directory with --data", path,
                           name_of(error));
    }

    posix::ShardGroup::Shard& shard_;
    const ClusterPlan& plan_;
    std::vector<FoundNode> found_;
};

}  // namespace

Result<void, std::string> prepare_directories(const ClusterPlan& plan,
                                              const std::vector<ClusterNode>& nodes) {
    std::error_code error;
    if (fs::exists(fs::path(plan.data) / storage::meta_properties_file, error))
        return fmt::format(
            "{} is the data directory of one node, and no cluster's. Choose another directory "
            "with --data",
            plan.data);
    Result<void, std::string> done;
    const auto ran = posix::ShardGroup::run({.count = 1}, [&](posix::ShardGroup::Shard& shard) {
        done = Preparation(shard, plan).prepare(nodes);
    });
    if (ran.failed()) return std::string("no shard could be started");
    return done;
}

}  // namespace sluice::cmd
