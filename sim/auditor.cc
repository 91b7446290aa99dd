#include "sim/auditor.h"

#include <algorithm>

namespace sluice::sim {

using namespace protocol;

namespace {

// By then a broker must have noticed that somebody is silent.
constexpr Duration vanished_after = seconds(30);

template <class Reply>
Result<Reply> granted(Result<Reply, client::Refusal> reply) {
    if (reply) return std::move(*reply);
    return reply.error().code == ErrorCode::none ? reply.error().error : Error::io;
}

// What stands around the first place where they differ.
std::string first_difference(const std::string& before, const std::string& after) {
    constexpr std::size_t context = 100;
    const auto found = std::ranges::mismatch(before, after);
    const auto at = static_cast<std::size_t>(found.in1 - before.begin());
    const std::size_t begin = at - std::min(at, context);
    return fmt::format("before: {}; after: {}", before.substr(begin, 2 * context),
                       after.substr(begin, 2 * context));
}

}  // namespace

Result<void> Auditor::run(env::Env& env, Node& server, bool wipe) {
    CHECK_OK(wait_until_nothing_is_held(env));
    TRY(const Stock before, take_settled_stock(env));
    kill(server, false);
    TRY(const Stock after, take_settled_stock(env));
    compare(before, after);
    if (wipe && !failure_) {
        kill(server, true);
        TRY(const Stock fresh, take_settled_stock(env));
        if (fresh.cluster_id == before.cluster_id)
            failure_ = Failure{FailureKind::safety, "audit: a new disk has the old cluster's id",
                               fresh.cluster_id};
        else if (!fresh.text.empty())
            failure_ =
                Failure{FailureKind::safety, "audit: a new disk offers something old", fresh.text};
    }
    done_ = true;
    return {};
}

Result<void> Auditor::wait_until_nothing_is_held(env::Env& env) {
    const Time begin = world_.now();
    for (;;) {
        CHECK_OK(env::sleep_for(env.scheduler, milliseconds(500)));
        const auto held = holdings_.after(begin);
        if (held == broker::Holdings{}) return {};
        if (!held || world_.now() - begin < vanished_after) continue;
        failure_ = Failure{
            FailureKind::safety, "audit: a broker holds something for nobody",
            fmt::format("{} connections ({} counted), {} bytes of requests and {} of answers, {} "
                        "watches",
                        held->connections, held->admitted, held->request_bytes, held->reply_bytes,
                        held->watches)};
        return {};
    }
}

// Something that is not there yet, or not any more, is asked for again.
Result<void> Auditor::whole(std::string_view what, ErrorCode code) {
    if (code == ErrorCode::none) return {};
    obstacle_ = fmt::format("{}: {}", what, name_of(code));
    return Error::io;
}

bool Auditor::leaves_out(std::string_view name) const {
    return std::ranges::any_of(but_,
                               [&](const std::string& each) { return name.starts_with(each); });
}

// From outside of every fiber, which this is called in.
void Auditor::kill(Node& server, bool wipe) {
    world_.after(Duration(0), ShardRef{}, EventKind::fault, [&server, wipe] {
        server.crash();
        if (wipe) server.disk().wipe();
        return std::uint64_t{wipe};
    });
}

void Auditor::compare(const Stock& before, const Stock& after) {
    if (after.cluster_id != before.cluster_id)
        failure_ = Failure{FailureKind::safety, "audit: another cluster's id after a restart",
                           after.cluster_id};
    else if (after.text != before.text)
        failure_ = Failure{FailureKind::safety, "audit: replay differs from what was live",
                           first_difference(before.text, after.text)};
}

Result<Auditor::Stock> Auditor::take_settled_stock(env::Env& env) {
    std::optional<Stock> last;
    for (;;) {
        // Not sooner, so that whoever is to be killed is dead.
        CHECK_OK(env::sleep_for(env.scheduler, milliseconds(500)));
        client::Cluster cluster({env.scheduler, env.clock, env.network, env.random},
                                {.client_id = "auditor", .request_time_max = seconds(5)},
                                {server_});
        client::Admin admin(cluster);
        auto stock = take_stock(admin);
        cluster.close();
        if (env.scheduler.stopped()) return Error::stopped;
        if (stock && last && last->text == stock->text) return std::move(*stock);
        if (stock) obstacle_ = "it changes";
        last.reset();
        if (stock) last = std::move(*stock);
    }
}

Result<Auditor::Stock> Auditor::take_stock(client::Admin& admin) {
    MetadataRequest all;
    all.topics.reset();
    all.allow_auto_topic_creation = false;
    TRY(const auto metadata, granted(admin.ask(all)));
    Stock stock;
    stock.cluster_id = metadata.cluster_id.value_or("");
    CHECK_OK(describe_topics(admin, metadata, stock.text));
    CHECK_OK(describe_groups(admin, stock.text));
    return stock;
}

Result<void> Auditor::describe_topics(client::Admin& admin, const MetadataResponse& metadata,
                                      std::string& text) {
    DescribeProducersRequest producers;
    ListOffsetsRequest ends;
    ends.replica_id = BrokerId(-1);
    DescribeConfigsRequest configs;
    MetadataResponse topics;
    for (const MetadataResponse::Topic& topic : metadata.topics) {
        if (leaves_out(*topic.name)) continue;
        CHECK_OK(whole("topic", topic.error_code));
        topics.topics.push_back(topic);
        // Their own upkeep writes to them at any time; what is in them is asked for below.
        if (topic.is_internal) continue;
        producers.topics.push_back({*topic.name, {}});
        ends.topics.push_back({*topic.name, {}});
        configs.resources.push_back({2, *topic.name, std::nullopt});
        for (const MetadataResponse::Partition& partition : topic.partitions) {
            CHECK_OK(whole("partition", partition.error_code));
            producers.topics.back().partition_indexes.push_back(partition.partition_index);
            ends.topics.back().partitions.push_back(
                {.partition_index = partition.partition_index, .timestamp = latest_offset});
        }
    }
    if (topics.topics.empty()) return {};
    TRY(auto states, granted(admin.ask(producers)));
    for (auto& topic : states.topics)
        for (auto& partition : topic.partitions) {
            CHECK_OK(whole("partition", partition.error_code));
            std::ranges::sort(partition.active_producers, {},
                              &DescribeProducersResponse::ProducerState::producer_id);
        }
    TRY(const auto offsets, granted(admin.ask(ends)));
    for (const auto& topic : offsets.topics)
        for (const auto& partition : topic.partitions)
            CHECK_OK(whole("partition", partition.error_code));
    TRY(const auto described, granted(admin.ask(configs)));
    for (const auto& resource : described.results) CHECK_OK(whole("resource", resource.error_code));
    text += fmt::format("{}\n{}\n{}\n{}\n", topics, states, offsets, described);
    return {};
}

Result<void> Auditor::describe_groups(client::Admin& admin, std::string& text) {
    TRY(const auto groups, granted(admin.ask(ListGroupsRequest{})));
    CHECK_OK(whole("groups", groups.error_code));
    DescribeGroupsRequest describe;
    OffsetFetchRequest fetch;
    for (const auto& group : groups.groups) {
        if (leaves_out(group.group_id)) continue;
        // A rebalance under way is nobody's but the live coordinator's.
        if (group.group_state != "Empty" && group.group_state != "Stable") {
            obstacle_ = fmt::format("group {} is {}", group.group_id, group.group_state);
            return Error::io;
        }
        describe.groups.push_back(group.group_id);
        fetch.groups.push_back({.group_id = group.group_id, .topics = std::nullopt});
    }
    if (describe.groups.empty()) return {};
    std::ranges::sort(describe.groups);
    std::ranges::sort(fetch.groups, {}, &OffsetFetchRequest::Group::group_id);
    TRY(const auto described, granted(admin.ask(describe)));
    for (const auto& group : described.groups) CHECK_OK(whole("group", group.error_code));
    TRY(const auto offsets, granted(admin.ask(fetch)));
    for (const auto& group : offsets.groups) CHECK_OK(whole("group", group.error_code));
    text += fmt::format("{}\n{}\n", described, offsets);
    return {};
}

}  // namespace sluice::sim
