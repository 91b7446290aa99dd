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

struct UpdateRaftVoterRequest {
    static constexpr Versions versions = between(0, 0);
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

    struct KRaftVersionFeature {
        std::int16_t min_supported_version = 0;
        std::int16_t max_supported_version = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("min_supported_version"), &KRaftVersionFeature::min_supported_version);
            visit(field("max_supported_version"), &KRaftVersionFeature::max_supported_version);
        }
        bool operator==(const KRaftVersionFeature&) const = default;
    };

    std::optional<std::string> cluster_id = "";
    LeaderEpoch current_leader_epoch{};
    BrokerId voter_id{};
    Uuid voter_directory_id{};
    std::vector<Listener> listeners{};
    KRaftVersionFeature k_raft_version_feature{};

    static constexpr void fields(auto&& visit) {
        visit(field("cluster_id").nullable(), &UpdateRaftVoterRequest::cluster_id);
        visit(field("current_leader_epoch"), &UpdateRaftVoterRequest::current_leader_epoch);
        visit(field("voter_id"), &UpdateRaftVoterRequest::voter_id);
        visit(field("voter_directory_id"), &UpdateRaftVoterRequest::voter_directory_id);
        visit(field("listeners"), &UpdateRaftVoterRequest::listeners);
        visit(field("k_raft_version_feature"), &UpdateRaftVoterRequest::k_raft_version_feature);
    }
    bool operator==(const UpdateRaftVoterRequest&) const = default;
};

struct UpdateRaftVoterResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct CurrentLeader {
        BrokerId leader_id{-1};
        LeaderEpoch leader_epoch{-1};
        std::string host{};
        std::int32_t port = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("leader_id"), &CurrentLeader::leader_id);
            visit(field("leader_epoch"), &CurrentLeader::leader_epoch);
            visit(field("host"), &CurrentLeader::host);
            visit(field("port"), &CurrentLeader::port);
        }
        bool operator==(const CurrentLeader&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    CurrentLeader current_leader{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &UpdateRaftVoterResponse::throttle_time_ms);
        visit(field("error_code"), &UpdateRaftVoterResponse::error_code);
        visit(tagged(0, "current_leader"), &UpdateRaftVoterResponse::current_leader);
    }
    bool operator==(const UpdateRaftVoterResponse&) const = default;
};

}  // namespace sluice::protocol
