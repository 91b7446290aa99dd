#include <algorithm>

#include "core/broker/cluster/features.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/listeners.h"

namespace sluice::broker {

using protocol::ApiVersionsRequest;
using protocol::ApiVersionsResponse;
using protocol::ErrorCode;

namespace {

// KIP-511: what a client may call itself.
bool is_software_text(std::string_view text) {
    const auto is_inner = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    };
    const auto is_outer = [&](char c) { return is_inner(c) && c != '-' && c != '.'; };
    return !text.empty() && std::ranges::all_of(text, is_inner) && is_outer(text.front()) &&
           is_outer(text.back());
}

}  // namespace

ApiVersionsResponse handle(const RequestContext& context, ApiVersionsRequest request) {
    ApiVersionsResponse response;
    if (context.version >= Version(3) &&
        protocol::find_api(context.header.request_api_key)->served.contains(context.version)) {
        if (!is_software_text(request.client_software_name) ||
            !is_software_text(request.client_software_version)) {
            response.error_code = ErrorCode::invalid_request;
            return response;
        }
        context.session.software_name = std::move(request.client_software_name);
        context.session.software_version = std::move(request.client_software_version);
    }
    protocol::Apis::each([&]<class Api>(Api) {
        if constexpr (Handled<typename Api::Request> || Api::key == protocol::ApiKey::produce) {
            if (!is_served_on(Api::key, context.session.listener)) return;
            const auto& advertised = protocol::find_api(Api::key)->advertised;
            response.api_keys.push_back(
                {static_cast<std::int16_t>(Api::key), advertised.first, advertised.last});
        }
    });
    const metadata::MetadataImage& image = context.broker.image();
    response.finalized_features_epoch = image.next_offset.value - 1;
    for (const auto& [name, range] : supported_features()) {
        // Older clients take a range that begins with 0 for a mistake, as Kafka found.
        if (range.least == 0 && context.version < Version(4)) continue;
        response.supported_features.push_back({name, range.least, range.most});
    }
    for (const auto& [name, level] : image.features)
        response.finalized_features.push_back({name, level, level});
    return response;
}

}  // namespace sluice::broker
