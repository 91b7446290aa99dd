#include "core/protocol/header.h"

#include "core/base/endian.h"
#include "core/protocol/codec_impl.h"

namespace sluice::protocol {

namespace {

bool is_flexible(ApiKey key, Version version) {
    const ApiInfo* api = find_api(key);
    return api == nullptr || api->flexible.contains(version);
}

}  // namespace

Version request_header_version(ApiKey key, Version version) {
    return Version(is_flexible(key, version) ? std::int16_t{2} : std::int16_t{1});
}

Version response_header_version(ApiKey key, Version version) {
    const bool flexible = key != ApiKey::api_versions && is_flexible(key, version);
    return Version(flexible ? std::int16_t{1} : std::int16_t{0});
}

Result<RequestHeader> take_request_header(Bytes& frame) {
    constexpr std::size_t key_and_version_size = 4;
    if (frame.size() < key_and_version_size) return Error::invalid;
    const auto key = static_cast<ApiKey>(load_big<std::int16_t>(frame.data()));
    const Version version(load_big<std::int16_t>(frame.data() + 2));
    if (find_api(key) == nullptr) return Error::invalid;
    return decode_prefix<RequestHeader>(frame, request_header_version(key, version));
}

SLUICE_INSTANTIATE_CODEC(RequestHeader);
SLUICE_INSTANTIATE_CODEC(ResponseHeader);

}  // namespace sluice::protocol
