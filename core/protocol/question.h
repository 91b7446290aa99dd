#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <vector>

#include "core/protocol/api.h"
#include "core/protocol/codec.h"

namespace sluice::protocol {

// The API a request type belongs to.
template <class Request, class List = Apis>
struct ApiOf;
template <class Request, class First, class... Rest>
struct ApiOf<Request, ApiList<First, Rest...>>
    : std::conditional_t<std::same_as<Request, typename First::Request>, std::type_identity<First>,
                         ApiOf<Request, ApiList<Rest...>>> {};
template <class Request>
struct ApiOf<Request, ApiList<>> : std::type_identity<void> {};

// A request before it is known which version the other side speaks, and what becomes of it.
struct Question {
    ApiKey key;
    Versions versions;
    // Its frame in the header's version; refers to the request.
    std::function<Result<std::vector<Bytes>>(const RequestHeader&)> frame;
};

// The answer without its header.
struct Answer {
    Bytes body;
    Version version;
};

// `request` must live as long as what is returned.
template <Message Request>
Question question_of(const Request& request) {
    using Api = typename ApiOf<Request>::type;
    return {Api::key, Request::versions, [&request](const RequestHeader& header) {
                const Version version = header.request_api_version;
                return encode_frame(header, request_header_version(Api::key, version), request,
                                    version);
            }};
}

}  // namespace sluice::protocol
