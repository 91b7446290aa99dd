#pragma once

// Turns any self-describing message into Kafka's bytes and back.
//
// This header only declares. The definitions (codec_impl.h) are instantiated message by message in
// messages/*.cc and records.cc, so that including a message costs its users no templates.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

// What a peer may make us allocate. Elements are larger in memory than on the wire: without a limit
// a few megabytes of empty array elements would become gigabytes.
struct DecodeLimits {
    // Everything a decoded message allocates, besides the input it aliases.
    std::size_t memory_max = std::size_t{64} << 20;
};

// Bytes at least this long are handed on by encode_parts as they are; shorter ones are copied.
inline constexpr std::size_t spliced_bytes_min = 1024;

// The bytes of `message` at `version`. Fails with Error::invalid when they cannot say what the
// message says: the version is none of its versions, lacks a field that is set and may not be
// dropped, or allows no null where there is one; or a text is longer than 32,767 bytes.
template <Message M>
[[nodiscard]] Result<Bytes> encode(const M& message, Version version);

// The same bytes as a list of slices in order. Large Bytes members (record batches) stand in the
// list themselves, uncopied; everything else is written into buffers between them.
template <Message M>
[[nodiscard]] Result<std::vector<Bytes>> encode_parts(const M& message, Version version);

// A whole frame: 4 bytes of length, the header, the message; in slices as encode_parts makes them.
template <Message Header, Message M>
[[nodiscard]] Result<std::vector<Bytes>> encode_frame(const Header& header, Version header_version,
                                                      const M& message, Version version);

// The length of what encode() would return.
template <Message M>
[[nodiscard]] Result<std::size_t> encoded_size(const M& message, Version version);

// Reads a message that fills `input` exactly. Bytes members of the result are slices of `input`'s
// buffer: nothing of a payload is copied. Fails with Error::invalid when the bytes are not such a
// message, with Error::limit when it would need more memory than allowed.
template <Message M>
[[nodiscard]] Result<M> decode(const Bytes& input, Version version, DecodeLimits limits = {});

// Reads a message from the beginning of `input` and moves `input` behind it.
template <Message M>
[[nodiscard]] Result<M> decode_prefix(Bytes& input, Version version, DecodeLimits limits = {});

// `{acks: -1, topics: [{name: "t", ...}]}`: the one form used in logs and golden traces.
template <Message M>
std::string to_text(const M& message);

}  // namespace sluice::protocol

template <sluice::protocol::Message M>
struct fmt::formatter<M> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const M& message, Context& context) const {
        return fmt::formatter<std::string_view>::format(sluice::protocol::to_text(message),
                                                        context);
    }
};
