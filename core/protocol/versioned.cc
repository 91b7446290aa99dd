#include "core/protocol/versioned.h"

#include <algorithm>
#include <cstring>

#include "core/base/endian.h"
#include "core/protocol/codec.h"

namespace sluice::protocol {

namespace {

constexpr std::size_t prefix_size = sizeof(std::int16_t);

template <Message M>
Result<Bytes> encode_prefixed(std::int16_t prefix, const M& message, Version version) {
    TRY(const Bytes body, encode(message, version));
    return with_prefix(prefix, body);
}

template <Message M>
Result<M> decode_versioned(Bytes bytes, DecodeLimits limits = {}) {
    TRY(const std::int16_t version, take_prefix(bytes));
    return decode<M>(bytes, Version(version), limits);
}

template <Message M>
Result<M> decode_from_the_future(Bytes bytes, DecodeLimits limits) {
    TRY(const std::int16_t version, take_prefix(bytes));
    return decode_prefix<M>(bytes, Version(std::min(version, M::versions.last)), limits);
}

}  // namespace

Result<std::int16_t> take_prefix(Bytes& from) {
    if (from.size() < prefix_size) return Error::invalid;
    const auto prefix = load_big<std::int16_t>(from.data());
    from = from.slice(prefix_size, from.size() - prefix_size);
    return prefix;
}

Bytes with_prefix(std::int16_t prefix, const Bytes& body) {
    Buffer whole = Buffer::allocate(prefix_size + body.size());
    store_big(whole.data(), prefix);
    if (!body.empty()) std::memcpy(whole.data() + prefix_size, body.data(), body.size());
    return Bytes(std::move(whole));
}

Result<Bytes> encode_key(const OffsetCommitKey& key) {
    return encode_prefixed(static_cast<std::int16_t>(GroupRecordType::offset_commit), key,
                           Version(0));
}

Result<Bytes> encode_key(const GroupMetadataKey& key) {
    return encode_prefixed(static_cast<std::int16_t>(GroupRecordType::group_metadata), key,
                           Version(0));
}

Result<Bytes> encode_value(const OffsetCommitValue& value, Version version) {
    return encode_prefixed(version.value, value, version);
}

Result<Bytes> encode_value(const GroupMetadataValue& value, Version version) {
    return encode_prefixed(version.value, value, version);
}

Result<OffsetCommitValue> decode_offset_commit_value(const Bytes& value) {
    return decode_versioned<OffsetCommitValue>(value);
}

Result<GroupMetadataValue> decode_group_metadata_value(const Bytes& value) {
    return decode_versioned<GroupMetadataValue>(value);
}

Result<Bytes> encode_subscription(const ConsumerProtocolSubscription& subscription,
                                  Version version) {
    return encode_prefixed(version.value, subscription, version);
}

Result<Bytes> encode_assignment(const ConsumerProtocolAssignment& assignment, Version version) {
    return encode_prefixed(version.value, assignment, version);
}

Result<ConsumerProtocolSubscription> decode_subscription(const Bytes& bytes, DecodeLimits limits) {
    return decode_from_the_future<ConsumerProtocolSubscription>(bytes, limits);
}

Result<ConsumerProtocolAssignment> decode_assignment(const Bytes& bytes, DecodeLimits limits) {
    return decode_from_the_future<ConsumerProtocolAssignment>(bytes, limits);
}

Bytes encode_control_key(ControlRecordType type) {
    Buffer key = Buffer::allocate(2 * prefix_size);
    store_big(key.data(), std::int16_t{0});
    store_big(key.data() + prefix_size, static_cast<std::int16_t>(type));
    return Bytes(std::move(key));
}

Result<ControlRecordType> decode_control_key(Slice key) {
    if (key.size() < 2 * prefix_size || load_big<std::int16_t>(key.data()) < 0)
        return Error::invalid;
    return static_cast<ControlRecordType>(load_big<std::int16_t>(key.data() + prefix_size));
}

Result<Bytes> encode_end_txn_marker(const EndTxnMarker& marker) {
    return encode_prefixed(0, marker, Version(0));
}

Result<EndTxnMarker> decode_end_txn_marker(const Bytes& value) {
    return decode_from_the_future<EndTxnMarker>(value, {});
}

}  // namespace sluice::protocol
