#pragma once

// Records of the metadata log about the cluster and the log itself.

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/protocol/fields.h"
#include "core/protocol/records/metadata_record_type.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

// The first record of a log or snapshot is this one, naming the metadata.version needed to read the
// rest.
struct FeatureLevelRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::feature_level;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::string name{};
    // 0 removes the feature.
    std::int16_t feature_level = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("name"), &FeatureLevelRecord::name);
        visit(field("feature_level"), &FeatureLevelRecord::feature_level);
    }
    bool operator==(const FeatureLevelRecord&) const = default;
};

// Every producer id below the next one has been given to a broker.
struct ProducerIdsRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::producer_ids;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{-1};
    ProducerId next_producer_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &ProducerIdsRecord::broker_id);
        visit(field("broker_epoch"), &ProducerIdsRecord::broker_epoch);
        visit(field("next_producer_id"), &ProducerIdsRecord::next_producer_id);
    }
    bool operator==(const ProducerIdsRecord&) const = default;
};

// Written by an idle controller so that the log moves.
struct NoOpRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::no_op;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    static constexpr void fields(auto&& /*visit*/) {}
    bool operator==(const NoOpRecord&) const = default;
};

// What follows takes effect at the EndTransactionRecord, or never.
struct BeginTransactionRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::begin_transaction;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::optional<std::string> name{};

    static constexpr void fields(auto&& visit) {
        visit(tagged(0, "name").nullable(), &BeginTransactionRecord::name);
    }
    bool operator==(const BeginTransactionRecord&) const = default;
};

struct EndTransactionRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::end_transaction;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    static constexpr void fields(auto&& /*visit*/) {}
    bool operator==(const EndTransactionRecord&) const = default;
};

struct AbortTransactionRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::abort_transaction;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::optional<std::string> reason{};

    static constexpr void fields(auto&& visit) {
        visit(tagged(0, "reason").nullable(), &AbortTransactionRecord::reason);
    }
    bool operator==(const AbortTransactionRecord&) const = default;
};

}  // namespace sluice::protocol
