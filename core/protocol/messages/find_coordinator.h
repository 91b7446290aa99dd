#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct FindCoordinatorRequest {
    static constexpr Versions versions = between(0, 6);
    static constexpr Versions flexible = since(3);

    // Until version 3; then several at once in coordinator_keys.
    std::string key{};
    // 0 for a group, 1 for a transactional id, 2 for a share group partition.
    std::int8_t key_type = 0;
    std::vector<std::string> coordinator_keys{};

    static constexpr void fields(auto&& visit) {
        visit(field("key", until(3)), &FindCoordinatorRequest::key);
        visit(field("key_type", since(1)), &FindCoordinatorRequest::key_type);
        visit(field("coordinator_keys", since(4)), &FindCoordinatorRequest::coordinator_keys);
    }
    bool operator==(const FindCoordinatorRequest&) const = default;
};

struct FindCoordinatorResponse {
    static constexpr Versions versions = between(0, 6);
    static constexpr Versions flexible = since(3);

    struct Coordinator {
        std::string key{};
        BrokerId node_id{};
        std::string host{};
        std::int32_t port = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message = "";

        static constexpr void fields(auto&& visit) {
            visit(field("key", since(4)), &Coordinator::key);
            visit(field("node_id", since(4)), &Coordinator::node_id);
            visit(field("host", since(4)), &Coordinator::host);
            visit(field("port", since(4)), &Coordinator::port);
            visit(field("error_code", since(4)), &Coordinator::error_code);
            visit(field("error_message", since(4)).nullable(since(4)).ignorable(),
                  &Coordinator::error_message);
        }
        bool operator==(const Coordinator&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";
    BrokerId node_id{};
    std::string host{};
    std::int32_t port = 0;
    std::vector<Coordinator> coordinators{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &FindCoordinatorResponse::throttle_time_ms);
        visit(field("error_code", until(3)), &FindCoordinatorResponse::error_code);
        visit(field("error_message", between(1, 3)).nullable(between(1, 3)).ignorable(),
              &FindCoordinatorResponse::error_message);
        visit(field("node_id", until(3)), &FindCoordinatorResponse::node_id);
        visit(field("host", until(3)), &FindCoordinatorResponse::host);
        visit(field("port", until(3)), &FindCoordinatorResponse::port);
        visit(field("coordinators", since(4)), &FindCoordinatorResponse::coordinators);
    }
    bool operator==(const FindCoordinatorResponse&) const = default;
};

}  // namespace sluice::protocol
