#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DescribeClusterRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    bool include_cluster_authorized_operations = false;
    // 1 for brokers, 2 for controllers.
    std::int8_t endpoint_type = 1;
    bool include_fenced_brokers = false;

    static constexpr void fields(auto&& visit) {
        visit(field("include_cluster_authorized_operations"),
              &DescribeClusterRequest::include_cluster_authorized_operations);
        visit(field("endpoint_type", since(1)), &DescribeClusterRequest::endpoint_type);
        visit(field("include_fenced_brokers", since(2)),
              &DescribeClusterRequest::include_fenced_brokers);
    }
    bool operator==(const DescribeClusterRequest&) const = default;
};

struct DescribeClusterResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct Broker {
        BrokerId broker_id{};
        std::string host{};
        std::int32_t port = 0;
        std::optional<std::string> rack{};
        bool is_fenced = false;

        static constexpr void fields(auto&& visit) {
            visit(field("broker_id"), &Broker::broker_id);
            visit(field("host"), &Broker::host);
            visit(field("port"), &Broker::port);
            visit(field("rack").nullable(), &Broker::rack);
            visit(field("is_fenced", since(2)), &Broker::is_fenced);
        }
        bool operator==(const Broker&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message{};
    std::int8_t endpoint_type = 1;
    std::string cluster_id{};
    BrokerId controller_id{-1};
    std::vector<Broker> brokers{};
    std::int32_t cluster_authorized_operations = std::numeric_limits<std::int32_t>::min();

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &DescribeClusterResponse::throttle_time_ms);
        visit(field("error_code"), &DescribeClusterResponse::error_code);
        visit(field("error_message").nullable(), &DescribeClusterResponse::error_message);
        visit(field("endpoint_type", since(1)), &DescribeClusterResponse::endpoint_type);
        visit(field("cluster_id"), &DescribeClusterResponse::cluster_id);
        visit(field("controller_id"), &DescribeClusterResponse::controller_id);
        visit(field("brokers"), &DescribeClusterResponse::brokers);
        visit(field("cluster_authorized_operations"),
              &DescribeClusterResponse::cluster_authorized_operations);
    }
    bool operator==(const DescribeClusterResponse&) const = default;
};

}  // namespace sluice::protocol
