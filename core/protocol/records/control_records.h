#pragma once

// The values of control records, which stand in batches of their own and are never served to
// clients as data.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

// The first record of a leader of the metadata quorum.
struct LeaderChangeMessage {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct Voter {
        BrokerId voter_id{};
        Uuid voter_directory_id{};

        static constexpr void fields(auto&& visit) {
            visit(field("voter_id"), &Voter::voter_id);
            visit(field("voter_directory_id", since(1)), &Voter::voter_directory_id);
        }
        bool operator==(const Voter&) const = default;
    };

    // The record's own version once more: control records have no other prefix.
    std::int16_t version = 0;
    BrokerId leader_id{};
    std::vector<Voter> voters{};
    std::vector<Voter> granting_voters{};

    static constexpr void fields(auto&& visit) {
        visit(field("version"), &LeaderChangeMessage::version);
        visit(field("leader_id"), &LeaderChangeMessage::leader_id);
        visit(field("voters"), &LeaderChangeMessage::voters);
        visit(field("granting_voters"), &LeaderChangeMessage::granting_voters);
    }
    bool operator==(const LeaderChangeMessage&) const = default;
};

// The first record of a metadata snapshot.
struct SnapshotHeaderRecord {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int16_t version = 0;
    Timestamp last_contained_log_timestamp{};

    static constexpr void fields(auto&& visit) {
        visit(field("version"), &SnapshotHeaderRecord::version);
        visit(field("last_contained_log_timestamp"),
              &SnapshotHeaderRecord::last_contained_log_timestamp);
    }
    bool operator==(const SnapshotHeaderRecord&) const = default;
};

// The last record of a metadata snapshot: one without it is torn.
struct SnapshotFooterRecord {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int16_t version = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("version"), &SnapshotFooterRecord::version);
    }
    bool operator==(const SnapshotFooterRecord&) const = default;
};

// The version of the quorum protocol from here on.
struct KRaftVersionRecord {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int16_t version = 0;
    std::int16_t k_raft_version = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("version"), &KRaftVersionRecord::version);
        visit(field("k_raft_version"), &KRaftVersionRecord::k_raft_version);
    }
    bool operator==(const KRaftVersionRecord&) const = default;
};

// The voters of the metadata quorum from here on.
struct VotersRecord {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Endpoint {
        std::string name{};
        std::string host{};
        std::uint16_t port = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Endpoint::name);
            visit(field("host"), &Endpoint::host);
            visit(field("port"), &Endpoint::port);
        }
        bool operator==(const Endpoint&) const = default;
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

    struct Voter {
        BrokerId voter_id{};
        Uuid voter_directory_id{};
        std::vector<Endpoint> endpoints{};
        KRaftVersionFeature k_raft_version_feature{};

        static constexpr void fields(auto&& visit) {
            visit(field("voter_id"), &Voter::voter_id);
            visit(field("voter_directory_id"), &Voter::voter_directory_id);
            visit(field("endpoints"), &Voter::endpoints);
            visit(field("k_raft_version_feature"), &Voter::k_raft_version_feature);
        }
        bool operator==(const Voter&) const = default;
    };

    std::int16_t version = 0;
    std::vector<Voter> voters{};

    static constexpr void fields(auto&& visit) {
        visit(field("version"), &VotersRecord::version);
        visit(field("voters"), &VotersRecord::voters);
    }
    bool operator==(const VotersRecord&) const = default;
};

// The value of the control record that commits or aborts a transaction.
struct EndTxnMarker {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = no_versions;

    std::int32_t coordinator_epoch = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("coordinator_epoch"), &EndTxnMarker::coordinator_epoch);
    }
    bool operator==(const EndTxnMarker&) const = default;
};

}  // namespace sluice::protocol
