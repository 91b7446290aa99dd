// Feeds whole request frames (header and body, without their length), the way the server takes them
// apart.

#include <cstdint>
#include <string>

#include "core/base/assert.h"
#include "core/protocol/api.h"
#include "core/protocol/metadata_record.h"
#include "core/protocol/versioned.h"

using namespace sluice;
using namespace sluice::protocol;

namespace {

// What was understood can be printed, said again, and is understood the same.
template <Message M>
void check(const Bytes& body, Version version) {
    const auto message = decode<M>(body, version, {.memory_max = 1 << 20});
    if (message.failed()) return;
    ASSERT(!to_text(*message).empty());
    const auto bytes = encode(*message, version);
    ASSERT(bytes);
    const auto again = decode<M>(*bytes, version);
    ASSERT(again);
    ASSERT(*encode(*again, version) == *bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = Bytes::copy_of(Slice(data, size));
    Bytes body = input;
    if (const auto header = take_request_header(body)) {
        Apis::with(header->request_api_key, [&](auto api) {
            check<typename decltype(api)::Request>(body, header->request_api_version);
            check<typename decltype(api)::Response>(body, header->request_api_version);
        });
    }
    // The same bytes as what a log or a consumer may hold.
    if (const auto record = decode_metadata_record(input)) ASSERT(!to_text(*record).empty());
    (void)decode_offset_commit_value(input);
    (void)decode_group_metadata_value(input);
    (void)decode_subscription(input);
    (void)decode_assignment(input);
    return 0;
}
