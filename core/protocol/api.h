#pragma once

// The one list of APIs: ApiVersions, dispatch and the property tests all go through it. Adding an
// API is a header in messages/, a line here, and a line where its codec is instantiated.

#include <cstddef>

#include "core/protocol/api_key.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/api_versions.h"
#include "core/protocol/messages/create_topics.h"
#include "core/protocol/messages/delete_topics.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/find_coordinator.h"
#include "core/protocol/messages/init_producer_id.h"
#include "core/protocol/messages/list_offsets.h"
#include "core/protocol/messages/metadata.h"
#include "core/protocol/messages/produce.h"

namespace sluice::protocol {

template <ApiKey api_key, Message RequestType, Message ResponseType>
struct Api {
    static constexpr ApiKey key = api_key;
    using Request = RequestType;
    using Response = ResponseType;
    static_assert(Request::versions == Response::versions);
    static_assert(Request::flexible == Response::flexible);
};

template <class... List>
struct ApiList {
    static constexpr std::size_t count = sizeof...(List);

    // Calls `visit(Api{})` for each, in ascending order of keys.
    static constexpr void each(auto&& visit) { (visit(List{}), ...); }
    // Calls it for the one with this key, and says whether there is one.
    static constexpr bool with(ApiKey key, auto&& visit) {
        return ((key == List::key && (visit(List{}), true)) || ...);
    }
};

using Apis = ApiList<Api<ApiKey::produce, ProduceRequest, ProduceResponse>,
                     Api<ApiKey::fetch, FetchRequest, FetchResponse>,
                     Api<ApiKey::list_offsets, ListOffsetsRequest, ListOffsetsResponse>,
                     Api<ApiKey::metadata, MetadataRequest, MetadataResponse>,
                     Api<ApiKey::find_coordinator, FindCoordinatorRequest, FindCoordinatorResponse>,
                     Api<ApiKey::api_versions, ApiVersionsRequest, ApiVersionsResponse>,
                     Api<ApiKey::create_topics, CreateTopicsRequest, CreateTopicsResponse>,
                     Api<ApiKey::delete_topics, DeleteTopicsRequest, DeleteTopicsResponse>,
                     Api<ApiKey::init_producer_id, InitProducerIdRequest, InitProducerIdResponse>>;

}  // namespace sluice::protocol
