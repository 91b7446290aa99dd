#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/protocol/api.h"
#include "core/protocol/codec.h"
#include "core/protocol/header.h"

namespace sluice::protocol {
namespace {

// testdata/requests.txt holds a request a line as a real client sent it (tests/interop/record.py):
// the client, the API's key, the version, the bytes from the header on.

Bytes from_hex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    return Bytes::copy_of(out);
}

// librdkafka asks for the metadata of all topics with three bytes too many.
std::size_t excess_of(std::string_view client, ApiKey key) {
    return client == "confluent-kafka-list" && key == ApiKey::metadata ? 3 : 0;
}

// The bytes behind the header, read and written again.
template <class Request>
std::string again(Bytes body, Version version, std::size_t excess) {
    // The first question on a connection comes in the newest version the client knows: it is
    // answered without being read.
    if (std::is_same_v<Request, ApiVersionsRequest> && !Request::versions.contains(version))
        return std::string(body.text());
    const auto request = decode_prefix<Request>(body, version);
    if (!request) return "not read";
    EXPECT_EQ(body.size(), excess) << to_text(*request);
    const auto written = encode(*request, version);
    if (!written) return "not written: " + to_text(*request);
    return std::string(written->text()) + std::string(body.text());
}

TEST(Recorded, RequestsOfRealClientsAreReadAndWrittenAgain) {
    std::ifstream file(SLUICE_SOURCE_DIR "/core/protocol/testdata/requests.txt");
    std::string client;
    std::string hex;
    std::int16_t key = 0;
    std::int16_t version = 0;
    int count = 0;
    while (file >> client >> key >> version >> hex) {
        SCOPED_TRACE(client + ' ' + std::to_string(key) + ' ' + std::to_string(version));
        const Bytes frame = from_hex(hex);
        Bytes body = frame;
        const auto header = take_request_header(body);
        ASSERT_TRUE(header);
        EXPECT_EQ(static_cast<std::int16_t>(header->request_api_key), key);
        EXPECT_EQ(header->request_api_version.value, version);
        const auto written = encode(
            *header, request_header_version(header->request_api_key, header->request_api_version));
        ASSERT_TRUE(written);
        EXPECT_EQ(std::string(written->text()) + std::string(body.text()), frame.text()) << hex;
        EXPECT_TRUE(Apis::with(header->request_api_key, [&](auto api) {
            using Request = typename decltype(api)::Request;
            EXPECT_EQ(again<Request>(body, header->request_api_version,
                                     excess_of(client, header->request_api_key)),
                      body.text())
                << hex;
        }));
        ++count;
    }
    EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace sluice::protocol
