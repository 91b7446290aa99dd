#pragma once

// The definitions behind codec.h. Included by the files that instantiate messages, and by tests
// that bring messages of their own; nobody else.

#include <iterator>

#include "core/protocol/codec.h"
#include "core/protocol/decoder.h"
#include "core/protocol/encoder.h"

namespace sluice::protocol {

template <Message M>
Result<std::size_t> encoded_size(const M& message, Version version) {
    if (!M::versions.contains(version)) return Error::invalid;
    CountingSink counted(SIZE_MAX);
    Encoder(counted, version, M::flexible.contains(version)).write(message);
    if (!counted.representable()) return Error::invalid;
    return counted.size();
}

template <Message M>
Result<Bytes> encode(const M& message, Version version) {
    TRY(const std::size_t size, encoded_size(message, version));
    WritingSink sink(size, SIZE_MAX);
    Encoder(sink, version, M::flexible.contains(version)).write(message);
    return sink.take_whole();
}

template <Message M>
Result<std::vector<Bytes>> encode_parts(const M& message, Version version) {
    if (!M::versions.contains(version)) return Error::invalid;
    CountingSink counted(spliced_bytes_min);
    Encoder(counted, version, M::flexible.contains(version)).write(message);
    if (!counted.representable()) return Error::invalid;
    WritingSink sink(counted.copied(), spliced_bytes_min);
    Encoder(sink, version, M::flexible.contains(version)).write(message);
    return sink.take();
}

template <Message Header, Message M>
Result<std::vector<Bytes>> encode_frame(const Header& header, Version header_version,
                                        const M& message, Version version) {
    if (!Header::versions.contains(header_version) || !M::versions.contains(version))
        return Error::invalid;
    const bool header_flexible = Header::flexible.contains(header_version);
    const bool flexible = M::flexible.contains(version);
    CountingSink counted(spliced_bytes_min);
    Encoder(counted, header_version, header_flexible).write(header);
    Encoder(counted, version, flexible).write(message);
    constexpr auto size_max = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (!counted.representable() || counted.size() > size_max) return Error::invalid;
    const auto size = swap_to_big(static_cast<std::int32_t>(counted.size()));
    WritingSink sink(sizeof size + counted.copied(), spliced_bytes_min);
    sink.put(&size, sizeof size);
    Encoder(sink, header_version, header_flexible).write(header);
    Encoder(sink, version, flexible).write(message);
    return sink.take();
}

template <Message M>
Result<M> decode(const Bytes& input, Version version, DecodeLimits limits) {
    Bytes rest = input;
    auto message = decode_prefix<M>(rest, version, limits);
    if (message && !rest.empty()) return Error::invalid;
    return message;
}

template <Message M>
Result<M> decode_prefix(Bytes& input, Version version, DecodeLimits limits) {
    M message{};
    Decoder decoder(input, limits);
    decoder.read_message(message, version);
    if (decoder.failure()) return *decoder.failure();
    input = input.slice(decoder.position(), input.size() - decoder.position());
    return message;
}

template <class T>
void print(std::string& out, const T& value) {
    if constexpr (Described<T>) {
        std::string_view separator = "{";
        T::fields([&](const Field& f, auto member) {
            fmt::format_to(std::back_inserter(out), "{}{}: ", separator, f.name);
            print(out, value.*member);
            separator = ", ";
        });
        out += separator == "{" ? "{}" : "}";
    } else if constexpr (is_optional<T>) {
        if (value)
            print(out, *value);
        else
            out += "null";
    } else if constexpr (is_vector<T>) {
        out += '[';
        std::string_view separator;
        for (const auto& item : value) {
            out += std::exchange(separator, ", ");
            print(out, item);
        }
        out += ']';
    } else if constexpr (is_strong<T>) {
        print(out, value.value);
    } else if constexpr (requires { name_of(value); }) {
        out += name_of(value);
    } else if constexpr (std::is_enum_v<T>) {
        print(out, static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::same_as<T, Uuid>) {
        out += value.text();
    } else if constexpr (std::same_as<T, Bytes>) {
        fmt::format_to(std::back_inserter(out), "{} bytes", value.size());
    } else if constexpr (std::same_as<T, std::string>) {
        // Escaped, so that no peer can write lines into our logs.
        fmt::format_to(std::back_inserter(out), "{:?}", value);
    } else {
        fmt::format_to(std::back_inserter(out), "{}", value);
    }
}

template <Message M>
std::string to_text(const M& message) {
    std::string out;
    print(out, message);
    return out;
}

}  // namespace sluice::protocol

// Everything codec.h declares, for one message that is not sent in a frame of its own.
#define SLUICE_INSTANTIATE_CODEC(M)                                                              \
    template sluice::Result<std::size_t> sluice::protocol::encoded_size(const M&, Version);      \
    template sluice::Result<sluice::Bytes> sluice::protocol::encode(const M&, Version);          \
    template sluice::Result<std::vector<sluice::Bytes>> sluice::protocol::encode_parts(const M&, \
                                                                                       Version); \
    template sluice::Result<M> sluice::protocol::decode(const Bytes&, Version, DecodeLimits);    \
    template sluice::Result<M> sluice::protocol::decode_prefix(Bytes&, Version, DecodeLimits);   \
    template std::string sluice::protocol::to_text(const M&)

// And for the two messages of an API, which travel in frames.
#define SLUICE_INSTANTIATE_API(Request, Response)                                       \
    SLUICE_INSTANTIATE_CODEC(Request);                                                  \
    SLUICE_INSTANTIATE_CODEC(Response);                                                 \
    template sluice::Result<std::vector<sluice::Bytes>> sluice::protocol::encode_frame( \
        const RequestHeader&, Version, const Request&, Version);                        \
    template sluice::Result<std::vector<sluice::Bytes>> sluice::protocol::encode_frame( \
        const ResponseHeader&, Version, const Response&, Version)
