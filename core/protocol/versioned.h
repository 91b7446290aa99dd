#pragma once

// Records and embedded messages that begin with two bytes: their version, or for the keys of
// coordinator records their type.

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/protocol/codec.h"
#include "core/protocol/records/consumer_protocol.h"
#include "core/protocol/records/control_records.h"
#include "core/protocol/records/group_records.h"

namespace sluice::protocol {

// The two bytes at the beginning of `from`, which is moved behind them.
[[nodiscard]] Result<std::int16_t> take_prefix(Bytes& from);

// `prefix`, then `body`.
Bytes with_prefix(std::int16_t prefix, const Bytes& body);

// The number at the beginning of a key in __consumer_offsets. Others than these belong to kinds of
// groups that are not served.
enum class GroupRecordType : std::int16_t {
    // Written by brokers long gone; the rest of the key has the form of OffsetCommitKey.
    legacy_offset_commit = 0,
    offset_commit = 1,
    group_metadata = 2,
};

[[nodiscard]] Result<Bytes> encode_key(const OffsetCommitKey& key);
[[nodiscard]] Result<Bytes> encode_key(const GroupMetadataKey& key);
[[nodiscard]] Result<Bytes> encode_value(const OffsetCommitValue& value, Version version);
[[nodiscard]] Result<Bytes> encode_value(const GroupMetadataValue& value, Version version);
[[nodiscard]] Result<OffsetCommitValue> decode_offset_commit_value(const Bytes& value);
[[nodiscard]] Result<GroupMetadataValue> decode_group_metadata_value(const Bytes& value);

// What consumers send each other. A version yet to come is read as the newest known one and what
// follows is ignored: its makers promise that this works.
[[nodiscard]] Result<Bytes> encode_subscription(const ConsumerProtocolSubscription& subscription,
                                                Version version);
[[nodiscard]] Result<Bytes> encode_assignment(const ConsumerProtocolAssignment& assignment,
                                              Version version);
[[nodiscard]] Result<ConsumerProtocolSubscription> decode_subscription(const Bytes& bytes,
                                                                       DecodeLimits limits = {});
[[nodiscard]] Result<ConsumerProtocolAssignment> decode_assignment(const Bytes& bytes,
                                                                   DecodeLimits limits = {});

// What a control record is, from its key: two bytes of version, which may grow, and this.
enum class ControlRecordType : std::int16_t {
    abort = 0,
    commit = 1,
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    kraft_voters = 6,
};

Bytes encode_control_key(ControlRecordType type);
[[nodiscard]] Result<ControlRecordType> decode_control_key(Slice key);

// The value of a commit or abort.
[[nodiscard]] Result<Bytes> encode_end_txn_marker(const EndTxnMarker& marker);
[[nodiscard]] Result<EndTxnMarker> decode_end_txn_marker(const Bytes& value);

}  // namespace sluice::protocol
