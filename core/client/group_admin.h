#pragma once

#include <string>
#include <vector>

#include "core/client/cluster.h"
#include "core/client/refusal.h"

namespace sluice::client {

// Looks at groups and removes them, from outside.
class GroupAdmin {
public:
    explicit GroupAdmin(Cluster& cluster) : cluster_(cluster) {}

    // Of every broker, in the order of their names.
    Result<std::vector<protocol::ListGroupsResponse::Group>, Refusal> list();
    // A group that does not exist is refused with GROUP_ID_NOT_FOUND.
    Result<protocol::DescribeGroupsResponse::Group, Refusal> describe(const std::string& group);
    // With its offsets; NON_EMPTY_GROUP while it has members.
    Result<void, Refusal> remove(const std::string& group);

private:
    Cluster& cluster_;
};

}  // namespace sluice::client
