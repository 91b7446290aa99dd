#pragma once

// Every struct that is encoded by itself, for tests that hold all of them to the same laws.

#include <fmt/format.h>

#include <string>
#include <type_traits>

#include "core/protocol/api.h"
#include "core/protocol/metadata_record.h"
#include "core/protocol/versioned.h"

namespace sluice::protocol {

// Calls `visit(name, std::type_identity<M>{})` for each, with the name it has in Kafka.
void each_message(auto&& visit) {
    Apis::each([&](auto api) {
        using Api = decltype(api);
        visit(fmt::format("{}Request", name_of(Api::key)),
              std::type_identity<typename Api::Request>{});
        visit(fmt::format("{}Response", name_of(Api::key)),
              std::type_identity<typename Api::Response>{});
    });
#define SLUICE_VISIT(M) visit(std::string(#M), std::type_identity<M>{})
    SLUICE_VISIT(RequestHeader);
    SLUICE_VISIT(ResponseHeader);
    SLUICE_VISIT(RegisterBrokerRecord);
    SLUICE_VISIT(UnregisterBrokerRecord);
    SLUICE_VISIT(TopicRecord);
    SLUICE_VISIT(PartitionRecord);
    SLUICE_VISIT(ConfigRecord);
    SLUICE_VISIT(PartitionChangeRecord);
    SLUICE_VISIT(FenceBrokerRecord);
    SLUICE_VISIT(UnfenceBrokerRecord);
    SLUICE_VISIT(RemoveTopicRecord);
    SLUICE_VISIT(FeatureLevelRecord);
    SLUICE_VISIT(ProducerIdsRecord);
    SLUICE_VISIT(BrokerRegistrationChangeRecord);
    SLUICE_VISIT(NoOpRecord);
    SLUICE_VISIT(BeginTransactionRecord);
    SLUICE_VISIT(EndTransactionRecord);
    SLUICE_VISIT(AbortTransactionRecord);
    SLUICE_VISIT(RegisterControllerRecord);
    SLUICE_VISIT(ClearElrRecord);
    SLUICE_VISIT(LeaderChangeMessage);
    SLUICE_VISIT(SnapshotHeaderRecord);
    SLUICE_VISIT(SnapshotFooterRecord);
    SLUICE_VISIT(KRaftVersionRecord);
    SLUICE_VISIT(VotersRecord);
    SLUICE_VISIT(EndTxnMarker);
    SLUICE_VISIT(OffsetCommitKey);
    SLUICE_VISIT(OffsetCommitValue);
    SLUICE_VISIT(GroupMetadataKey);
    SLUICE_VISIT(GroupMetadataValue);
    SLUICE_VISIT(ConsumerProtocolSubscription);
    SLUICE_VISIT(ConsumerProtocolAssignment);
#undef SLUICE_VISIT
}

}  // namespace sluice::protocol
