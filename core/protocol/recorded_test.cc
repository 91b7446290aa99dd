#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/golden.h"
#include "core/protocol/api.h"
#include "core/protocol/codec.h"
#include "core/protocol/header.h"

namespace sluice::protocol {
namespace {

using golden::from_hex;

// testdata/requests.txt holds a request a line as a real client sent it (tests/interop/record.py):
// the client, the API's key, the version, the bytes from the header on.

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

struct Recording {
    std::string client;
    std::int16_t key = 0;
    std::int16_t version = 0;
    std::string hex;
};

std::vector<Recording> recordings() {
    std::ifstream file(SLUICE_SOURCE_DIR "/core/protocol/testdata/requests.txt");
    std::vector<Recording> all;
    Recording one;
    while (file >> one.client >> one.key >> one.version >> one.hex) all.push_back(one);
    return all;
}

TEST(Recorded, RequestsOfRealClientsAreReadAndWrittenAgain) {
    for (const auto& [client, key, version, hex] : recordings()) {
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
        const std::size_t excess = excess_of(client, header->request_api_key);
        EXPECT_TRUE(Apis::with(header->request_api_key, [&](auto api) {
            using Request = typename decltype(api)::Request;
            EXPECT_EQ(again<Request>(body, header->request_api_version, excess), body.text());
        }));
    }
}

// What each client is known to send: versions by the key of the API. It may only grow; who records
// something new adds it here.
const std::map<std::string, std::string> known_requests{
    {"aiokafka", "0:7 1:11 2:3 3:5 18:0 19:3 20:3 21:2 22:0 32:2 33:1 37:1"},
    {"confluent-kafka", "0:10 1:16 2:7 3:13 10:2 18:3 19:4 20:4 21:2 22:4 32:1 37:2 44:1"},
    {"confluent-kafka-list", "3:13"},
    {"franz-go", "0:13 1:18 2:11 3:13 18:4,5 19:7 20:6 21:2 22:5 23:4 32:4 35:5 37:3 44:1 61:0"},
    {"franz-go-groups",
     "0:13 1:18 2:11 3:13 8:10 9:10 10:6 11:9 12:4 13:5 14:5 15:6 16:5 18:4,5 19:7 "
     "22:5 23:4 42:2 47:0"},
    {"kafka-groups",
     "0:7 1:18 2:11 3:4,13 8:9 9:9 10:6 11:9 12:4 13:5 14:5 15:6 16:5 18:3,4 19:7 "
     "23:4 42:2 47:0 60:2 75:0"},
    {"kafka-python", "0:9 1:12 2:11 3:13 18:4 19:7 20:6 21:2 22:4 32:4 37:3 44:1 60:2"},
    {"kafka-python-groups",
     "0:9 1:12 2:11 3:13 8:8 9:8 10:6 11:7 12:4 13:5 14:5 15:6 16:5 18:4 19:7 22:4 "
     "42:2 47:0"},
    {"kafka-tools", "0:13 1:18 2:11 3:13 18:4 19:7 20:6 21:2 22:5 32:4 35:5 37:3 44:1 60:2 75:0"},
    {"kafkajs", "0:7 1:11 2:2,3 3:4,6 18:2,3 19:3 20:1 21:1 22:1 32:2 33:1 37:1"},
    {"kafkajs-groups",
     "0:7 1:11 2:3 3:6 8:5 9:4 10:2 11:5 12:3 13:3 14:3 15:2 16:2 18:2 19:3 42:1"},
    {"kcat", "0:7 1:11 2:2 3:4 18:3"},
    {"kcat-groups", "0:7 1:11 2:2 3:4 8:7 9:7 10:2 11:5 12:3 13:1 14:3 18:3"},
    {"producer-expiry", "0:13 3:13 18:4,5 19:7 22:5 61:0"},
    {"python-groups",
     "0:10 1:11,16 2:3,7 3:5,13 8:3,9 9:3,9 10:1,2 11:5 12:1,3 13:1 14:3 15:5 18:0,3 "
     "19:4"},
};

TEST(Recorded, NothingThatClientsSendIsMissing) {
    std::map<std::string, std::map<std::int16_t, std::set<std::int16_t>>> versions;
    for (const auto& [client, key, version, hex] : recordings())
        versions[client][key].insert(version);
    std::map<std::string, std::string> recorded;
    for (const auto& [client, keys] : versions) {
        std::ostringstream text;
        for (const auto& [key, found] : keys) {
            text << (key == keys.begin()->first ? "" : " ") << key;
            for (const auto version : found)
                text << (version == *found.begin() ? ':' : ',') << version;
        }
        recorded[client] = text.str();
    }
    EXPECT_EQ(recorded, known_requests);
}

}  // namespace
}  // namespace sluice::protocol
