#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct RemoveRaftVoterRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::optional<std::string> cluster_id = "";
    BrokerId voter_id{};
    Uuid voter_directory_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("cluster_id").nullable(), &RemoveRaftVoterRequest::cluster_id);
        visit(field("voter_id"), &RemoveRaftVoterRequest::voter_id);
        visit(field("voter_directory_id"), &RemoveRaftVoterRequest::voter_directory_id);
    }
    bool operator==(const RemoveRaftVoterRequest&) const = default;
};

struct RemoveRaftVoterResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &RemoveRaftVoterResponse::throttle_time_ms);
        visit(field("error_code"), &RemoveRaftVoterResponse::error_code);
        visit(field("error_message").nullable().ignorable(),
              &RemoveRaftVoterResponse::error_message);
    }
    bool operator==(const RemoveRaftVoterResponse&) const = default;
};

}  // namespace sluice::protocol
