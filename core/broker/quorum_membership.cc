#include "core/broker/quorum_membership.h"

#include <fmt/format.h>

#include <set>

namespace sluice::broker {

namespace {

using Ids = std::set<BrokerId>;

std::string listed(const Ids& ids) {
    std::string text;
    for (const BrokerId id : ids) text += fmt::format("{}{}", text.empty() ? "" : ",", id.value);
    return text;
}

}  // namespace

std::optional<std::string> complaint_about_voters(const KeptQuorum& kept,
                                                  const BrokerConfig& config) {
    if (kept.voters.empty() && !config.is_clustered() && kept.leader &&
        *kept.leader != config.node_id)
        return fmt::format(
            "the data directory {} belongs to a broker of a cluster that node {} led, and no "
            "controllers are given. Start it with --role broker and "
            "controller.quorum.bootstrap.servers, as before; or choose another directory with "
            "--data.",
            config.data_directory, kept.leader->value);
    const Ids before(kept.voters.begin(), kept.voters.end());
    Ids now;
    for (const auto& voter : config.quorum.voters) now.insert(voter.id);
    if (!config.is_clustered()) now.insert(config.node_id);
    const bool votes = before.contains(config.node_id) || now.contains(config.node_id);
    if (before.empty() || before == now || !votes) return std::nullopt;
    const Ids alone{config.node_id};
    const std::string given =
        now == alone && !config.is_clustered()
            ? "no other controllers are given"
            : fmt::format("the controllers that are given are {}", now.empty() ? "" : listed(now));
    if (before == alone)
        return fmt::format(
            "the data directory {} belongs to node {} alone, and {}. Start it without --quorum, "
            "as the lone node that it is; or give the cluster a new directory (sluice format): "
            "what a lone node holds cannot be brought into a quorum yet.",
            config.data_directory, config.node_id.value,
            now.empty() ? "it is to be a broker of other controllers" : given);
    return fmt::format(
        "the data directory {} belongs to a quorum of {}, and {}. Give --quorum "
        "{}@HOST:PORT,... with the addresses of all of them, as the other controllers have it; "
        "or choose another directory with --data.",
        config.data_directory, listed(before),
        now.empty() ? "it is to be a broker of other controllers" : given, before.begin()->value);
}

}  // namespace sluice::broker
