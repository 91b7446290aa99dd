#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct AddRaftVoterRequest {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct Listener {
        std::string name{};
        std::string host{};
        std::uint16_t port = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Listener::name);
            visit(field("host"), &Listener::host);
            visit(field("port"), &Listener::port);
        }
        bool operator==(const Listener&) const = default;
    };

    std::optional<std::string> cluster_id = "";
    std::int32_t timeout_ms = 0;
    BrokerId voter_id{};
    Uuid voter_directory_id{};
    std::vector<Listener> listeners{};
    bool ack_when_committed = true;

    static constexpr void fields(auto&& visit) {
        visit(field("cluster_id").nullable(), &AddRaftVoterRequest::cluster_id);
        visit(field("timeout_ms"), &AddRaftVoterRequest::timeout_ms);
        visit(field("voter_id"), &AddRaftVoterRequest::voter_id);
        visit(field("voter_directory_id"), &AddRaftVoterRequest::voter_directory_id);
        visit(field("listeners"), &AddRaftVoterRequest::listeners);
        visit(field("ack_when_committed", since(1)), &AddRaftVoterRequest::ack_when_committed);
    }
    bool operator==(const AddRaftVoterRequest&) const = default;
};

struct AddRaftVoterResponse {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &AddRaftVoterResponse::throttle_time_ms);
        visit(field("error_code"), &AddRaftVoterResponse::error_code);
        visit(field("error_message").nullable().ignorable(), &AddRaftVoterResponse::error_message);
    }
    bool operator==(const AddRaftVoterResponse&) const = default;
};

}  // namespace sluice::protocol
