#include "core/client/group_admin.h"

#include <algorithm>

#include "core/client/coordinator.h"

namespace sluice::client {

using protocol::ErrorCode;

Result<std::vector<protocol::ListGroupsResponse::Group>, Refusal> GroupAdmin::list() {
    protocol::MetadataRequest everything;
    everything.topics = std::vector<protocol::MetadataRequest::Topic>{};
    const auto metadata = cluster_.ask_any(everything, cluster_.options().request_time_max);
    if (metadata.failed()) return refusal(metadata.error());
    std::vector<protocol::ListGroupsResponse::Group> groups;
    for (const auto& broker : metadata->brokers) {
        const auto connection = cluster_.at({broker.host, static_cast<std::uint16_t>(broker.port)});
        if (connection.failed()) return refusal(connection.error());
        const auto reply = (*connection)->ask(protocol::ListGroupsRequest{});
        if (reply.failed()) return refusal(reply.error());
        if (reply->error_code != ErrorCode::none) return refusal(reply->error_code);
        groups.insert(groups.end(), reply->groups.begin(), reply->groups.end());
    }
    std::ranges::sort(groups, {}, &protocol::ListGroupsResponse::Group::group_id);
    return groups;
}

Result<protocol::DescribeGroupsResponse::Group, Refusal> GroupAdmin::describe(
    const std::string& group) {
    Coordinator coordinator(cluster_, group);
    protocol::DescribeGroupsRequest request;
    request.groups = {group};
    const auto code_of = [](const protocol::DescribeGroupsResponse& reply) {
        return reply.groups.empty() ? ErrorCode::none : reply.groups.front().error_code;
    };
    TRY(const auto reply, coordinator.ask(request, code_of));
    if (reply.groups.size() != 1) return refusal(Error::invalid);
    const auto& found = reply.groups.front();
    if (found.error_code != ErrorCode::none)
        return refusal(found.error_code, found.error_message.value_or(""));
    // Before version 6 a group that does not exist passes for a dead one.
    if (found.group_state == "Dead") return refusal(ErrorCode::group_id_not_found);
    return found;
}

Result<void, Refusal> GroupAdmin::remove(const std::string& group) {
    Coordinator coordinator(cluster_, group);
    protocol::DeleteGroupsRequest request;
    request.groups_names = {group};
    const auto code_of = [](const protocol::DeleteGroupsResponse& reply) {
        return reply.results.empty() ? ErrorCode::none : reply.results.front().error_code;
    };
    TRY(const auto reply, coordinator.ask(request, code_of));
    if (reply.results.size() != 1) return refusal(Error::invalid);
    if (reply.results.front().error_code == ErrorCode::none) return {};
    return refusal(reply.results.front().error_code);
}

}  // namespace sluice::client
