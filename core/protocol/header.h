#pragma once

#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/protocol/api_key.h"
#include "core/protocol/codec.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

// What stands before every request. Version 2 goes with flexible requests, version 1 with the
// others; version 0 went away with the requests that used it.
struct RequestHeader {
    static constexpr Versions versions = between(1, 2);
    static constexpr Versions flexible = since(2);

    ApiKey request_api_key = ApiKey::produce;
    Version request_api_version{};
    CorrelationId correlation_id{};
    // Never in the compact form: a broker must be able to read it before it knows the API's
    // versions.
    std::optional<std::string> client_id = "";

    static constexpr void fields(auto&& visit) {
        visit(field("request_api_key"), &RequestHeader::request_api_key);
        visit(field("request_api_version"), &RequestHeader::request_api_version);
        visit(field("correlation_id"), &RequestHeader::correlation_id);
        visit(field("client_id", since(1)).nullable(since(1)).never_compact(),
              &RequestHeader::client_id);
    }
    bool operator==(const RequestHeader&) const = default;
};

struct ResponseHeader {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(1);

    CorrelationId correlation_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("correlation_id"), &ResponseHeader::correlation_id);
    }
    bool operator==(const ResponseHeader&) const = default;
};

// The header version that goes with a request, also for versions of a known API that are yet to
// come.
Version request_header_version(ApiKey key, Version version);
// The reply to ApiVersions has version 0 always: its reader does not know yet whom it talks to.
Version response_header_version(ApiKey key, Version version);

// The header of a request frame, read from the beginning of `frame`, which is moved behind it.
// Fails for an API that is not described, because the form of its header cannot be known: the
// connection is closed then, as Kafka does. The version is not checked: ApiVersions answers
// versions nobody knows.
[[nodiscard]] Result<RequestHeader> take_request_header(Bytes& frame);

}  // namespace sluice::protocol
