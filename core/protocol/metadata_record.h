#pragma once

// A record of the metadata log as it stands in a batch: a frame of three unsigned varints (frame
// version 1, record type, record version) and the record.

#include <variant>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/protocol/codec.h"
#include "core/protocol/records/broker_records.h"
#include "core/protocol/records/cluster_records.h"
#include "core/protocol/records/topic_records.h"

namespace sluice::protocol {

// Every record we read and write, in the order of their types.
using MetadataRecord =
    std::variant<RegisterBrokerRecord, UnregisterBrokerRecord, TopicRecord, PartitionRecord,
                 ConfigRecord, PartitionChangeRecord, FenceBrokerRecord, UnfenceBrokerRecord,
                 RemoveTopicRecord, FeatureLevelRecord, ProducerIdsRecord,
                 BrokerRegistrationChangeRecord, NoOpRecord, BeginTransactionRecord,
                 EndTransactionRecord, AbortTransactionRecord, RegisterControllerRecord,
                 ClearElrRecord>;

// What a frame says of the record behind it.
struct MetadataRecordFrame {
    MetadataRecordType type{};
    Version version{};
};

// The value of a record in the metadata log. Fails as encode() does.
[[nodiscard]] Result<Bytes> encode_metadata_record(const MetadataRecord& record, Version version);

// The same in the newest version there is: what we write ourselves, which always fits.
Bytes encode_newest(const MetadataRecord& record);

// Fails with Error::invalid for anything that is not such a value, with Error::not_found for a
// record of a type or version we do not know; take_metadata_record_frame tells which.
[[nodiscard]] Result<MetadataRecord> decode_metadata_record(const Bytes& value,
                                                            DecodeLimits limits = {});

// The frame alone; moves `value` behind it.
[[nodiscard]] Result<MetadataRecordFrame> take_metadata_record_frame(Bytes& value);

MetadataRecordType type_of(const MetadataRecord& record);

// As to_text() of the message, behind the name of its type.
std::string to_text(const MetadataRecord& record);

}  // namespace sluice::protocol
