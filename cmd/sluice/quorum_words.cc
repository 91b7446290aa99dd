#include "cmd/sluice/quorum_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/server_config.h"
#include "cmd/sluice/server_options.h"

namespace sluice::cmd {
namespace {

using Voter = broker::QuorumConfig::Voter;

Result<Voter, std::string> voter_of(std::string_view text) {
    const auto at = text.find('@');
    const auto id = at == std::string_view::npos ? std::nullopt : number(text.substr(0, at));
    if (!id || *id < 0 || *id > INT32_MAX)
        return fmt::format("controller.quorum.voters: '{}' is not of the form ID@HOST:PORT", text);
    auto address = parse_address(text.substr(at + 1));
    if (address.failed() || address->host.empty() || address->port == 0)
        return fmt::format("controller.quorum.voters: '{}' is not of the form ID@HOST:PORT", text);
    return Voter{BrokerId(static_cast<std::int32_t>(*id)), std::move(*address)};
}

Complaint set_roles(broker::BrokerConfig& broker, const std::string& roles) {
    const bool both = roles == "broker,controller" || roles == "controller,broker";
    if (!both && roles != "controller" && roles != "broker")
        return fmt::format(
            "process.roles: '{}' is none of broker,controller and controller and broker", roles);
    broker.is_broker = both || roles == "broker";
    broker.is_controller = both || roles == "controller";
    return std::nullopt;
}

bool is_alone(const ServerConfig& config, const std::vector<Voter>& voters) {
    const broker::BrokerConfig& broker = config.broker;
    return broker.is_broker && broker.is_controller &&
           std::ranges::all_of(voters,
                               [&](const Voter& voter) { return voter.id == broker.node_id; });
}

// A lone node serves clients alone, whatever it is told of controllers.
void apply_to_lone(ServerConfig& config, const std::vector<Voter>& voters) {
    if (!config.quorum.bootstrap.empty())
        config.without_effect.emplace_back("controller.quorum.bootstrap.servers");
    if (!voters.empty()) config.without_effect.emplace_back("controller.quorum.voters");
}

// It watches the controllers, which say to whom they listen, or where one of them is.
Complaint apply_to_broker(ServerConfig& config, const std::vector<Voter>& voters) {
    broker::BrokerConfig& broker = config.broker;
    if (std::ranges::find(voters, broker.node_id, &Voter::id) != voters.end())
        return fmt::format(
            "controller.quorum.voters: node {} is one of the controllers, and no "
            "broker's number: brokers and controllers share their numbers",
            broker.node_id.value);
    broker.quorum.voters = voters;
    for (const std::string_view part : parts_of_list(config.quorum.bootstrap)) {
        auto address = parse_address(part);
        if (address.failed() || address->host.empty() || address->port == 0)
            return fmt::format(
                "controller.quorum.bootstrap.servers: '{}' is not of the form HOST:PORT", part);
        broker.quorum.bootstrap_servers.push_back(std::move(*address));
    }
    if (broker.is_clustered()) return std::nullopt;
    return "process.roles=broker: say where the controllers are, with "
           "controller.quorum.bootstrap.servers or controller.quorum.voters";
}

}  // namespace

Result<std::vector<Voter>, std::string> voters_of(const std::string& words) {
    std::vector<Voter> voters;
    for (const std::string_view part : parts_of_list(words)) {
        TRY(Voter voter, voter_of(part));
        const bool known =
            std::ranges::any_of(voters, [&](const Voter& each) { return each.id == voter.id; });
        if (known)
            return fmt::format("controller.quorum.voters: {} is named twice", voter.id.value);
        voters.push_back(std::move(voter));
    }
    return voters;
}

Complaint apply_quorum(ServerConfig& config) {
    broker::BrokerConfig& broker = config.broker;
    if (auto complaint = set_roles(broker, config.quorum.roles)) return complaint;
    const auto voters = voters_of(config.quorum.voters);
    if (voters.failed()) return voters.error();
    if (is_alone(config, *voters)) {
        apply_to_lone(config, *voters);
        return std::nullopt;
    }
    if (!broker.is_controller) return apply_to_broker(config, *voters);
    if (voters->empty())
        return "controller.quorum.voters is missing: say who the controllers are, as "
               "1@HOST:PORT,2@HOST:PORT,... (voters that the log names, which "
               "controller.quorum.bootstrap.servers is for, are not served yet)";
    const auto self = std::ranges::find(*voters, broker.node_id, &Voter::id);
    if (self == voters->end())
        return fmt::format(
            "controller.quorum.voters: node {} is not among them, and a controller "
            "that only watches is not served yet",
            broker.node_id.value);
    broker.quorum.voters = *voters;
    // Where the others are told to reach it, unless it is told to listen somewhere else.
    broker.controller_listen = self->address;
    return std::nullopt;
}

}  // namespace sluice::cmd
