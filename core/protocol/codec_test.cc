#include "core/protocol/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/golden.h"
#include "core/protocol/api.h"
#include "core/protocol/codec_impl.h"

namespace sluice::protocol {
namespace {

using golden::from_hex;

using testing::ElementsAre;

// One message with every kind of field that Kafka's schemas know.
struct Sample {
    static constexpr Versions versions = between(0, 3);
    static constexpr Versions flexible = since(2);

    struct Inner {
        std::int16_t x = 7;
        static constexpr void fields(auto&& visit) { visit(field("x"), &Inner::x); }
        bool operator==(const Inner&) const = default;
    };

    std::uint16_t port = 0;
    double ratio = 0;
    std::optional<Inner> cursor;
    std::optional<std::string> name = "";
    std::int32_t required_from_1 = 5;
    std::int32_t dropped_before_1 = 0;
    std::int64_t epoch = -1;
    Inner tagged_struct;
    std::vector<Inner> tagged_list;

    static constexpr void fields(auto&& visit) {
        visit(field("port"), &Sample::port);
        visit(field("ratio", since(3)).ignorable(), &Sample::ratio);
        visit(field("cursor", since(1)).nullable(since(1)), &Sample::cursor);
        visit(field("name").nullable(since(2)), &Sample::name);
        visit(field("required_from_1", since(1)), &Sample::required_from_1);
        visit(field("dropped_before_1", since(1)).ignorable(), &Sample::dropped_before_1);
        visit(tagged(0, "epoch", since(2)).ignorable(), &Sample::epoch);
        visit(tagged(1, "tagged_struct", since(2)), &Sample::tagged_struct);
        visit(tagged(4, "tagged_list", since(2)), &Sample::tagged_list);
    }
    bool operator==(const Sample&) const = default;
};

template <Message M>
std::string hex(const M& message, int version) {
    const auto bytes = encode(message, Version(static_cast<std::int16_t>(version)));
    if (bytes.failed()) return "cannot be said";
    std::string text;
    for (const std::uint8_t b : bytes->view())
        fmt::format_to(std::back_inserter(text), "{:02x}", b);
    return text;
}

template <Message M>
Result<M> decode_hex(std::string_view text, int version, DecodeLimits limits = {}) {
    return decode<M>(from_hex(text), Version(static_cast<std::int16_t>(version)), limits);
}

ProduceRequest produce_request() {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 1500;
    request.topic_data = {
        {.name = "t",
         .topic_id = {},
         .partition_data = {{PartitionIndex(2), Bytes::copy_of(std::string_view("\1\2\3"))}}}};
    return request;
}

TEST(Codec, WritesAProduceRequestAsKafkaDoes) {
    // transactional id, acks, timeout, count, "t", count, index, records.
    EXPECT_EQ(hex(produce_request(), 3),
              "ffff"
              "ffff"
              "000005dc"
              "00000001"
              "000174"
              "00000001"
              "00000002"
              "00000003010203");
    // The same, with compact lengths and no tags at three levels.
    EXPECT_EQ(hex(produce_request(), 9),
              "00"
              "ffff"
              "000005dc"
              "02"
              "0274"
              "02"
              "00000002"
              "04010203"
              "00"
              "00"
              "00");
}

TEST(Codec, PrintsOneLine) {
    EXPECT_EQ(
        fmt::format("{}", produce_request()),
        R"({transactional_id: null, acks: -1, timeout_ms: 1500, topic_data: [{name: "t", )"
        R"(topic_id: AAAAAAAAAAAAAAAAAAAAAA, partition_data: [{index: 2, records: 3 bytes}]}]})");
}

TEST(Codec, EscapesWhatAPeerWantsPrinted) {
    ApiVersionsRequest request;
    request.client_software_name = "a\nb";
    EXPECT_THAT(to_text(request), testing::HasSubstr(R"("a\nb")"));
}

TEST(Codec, LeavesPayloadWhereItIs) {
    const Bytes bytes = *encode(produce_request(), Version(9));
    const auto request = decode<ProduceRequest>(bytes, Version(9));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->topic_data[0].partition_data[0].records->data(), bytes.data() + 16);
}

TEST(Codec, SplicesLargePayloadIntoAFrame) {
    ProduceRequest request = produce_request();
    const Bytes batch = Bytes::copy_of(std::string(spliced_bytes_min, 'x'));
    request.topic_data[0].partition_data[0].records = batch;
    const RequestHeader header{.request_api_key = ApiKey::produce,
                               .request_api_version = Version(9),
                               .correlation_id = CorrelationId(1),
                               .client_id = "c"};
    const auto parts = encode_frame(header, Version(2), request, Version(9));
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 3u);
    EXPECT_EQ((*parts)[1].data(), batch.data());

    std::string frame;
    for (const Bytes& part : *parts) frame += part.text();
    EXPECT_EQ(load_big<std::int32_t>((*parts)[0].data()),
              static_cast<std::int32_t>(frame.size()) - 4);
    Bytes rest = Bytes::copy_of(frame.substr(4));
    EXPECT_EQ(*take_request_header(rest), header);
    EXPECT_EQ(*decode<ProduceRequest>(rest, Version(9)), request);
}

TEST(Codec, WritesTheClientIdWithTwoBytesOfLengthAlways) {
    const RequestHeader header{.request_api_key = ApiKey::api_versions,
                               .request_api_version = Version(3),
                               .correlation_id = CorrelationId(5),
                               .client_id = "c"};
    EXPECT_EQ(hex(header, 1),
              "0012"
              "0003"
              "00000005"
              "000163");
    EXPECT_EQ(hex(header, 2),
              "0012"
              "0003"
              "00000005"
              "000163"
              "00");
    EXPECT_EQ(hex(RequestHeader{.client_id = std::nullopt}, 1),
              "0000"
              "0000"
              "00000000"
              "ffff");
}

TEST(Codec, ReadsTheHeaderOfAVersionYetToCome) {
    Bytes frame = from_hex(
        "0012"
        "0063"
        "00000005"
        "000163"
        "00"
        "ff");
    const auto header = take_request_header(frame);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->request_api_version, Version(0x63));
    EXPECT_EQ(frame.size(), 1u);
    Bytes unknown = from_hex(
        "7fff"
        "0000"
        "00000005"
        "ffff");
    EXPECT_EQ(take_request_header(unknown).error(), Error::invalid);
}

TEST(Codec, MarksNullableStructs) {
    Sample sample;
    EXPECT_EQ(hex(sample, 1),
              "0000"
              "ff"
              "0000"
              "00000005"
              "00000000");
    sample.cursor = Sample::Inner{.x = 9};
    EXPECT_EQ(hex(sample, 1),
              "0000"
              "01"
              "0009"
              "0000"
              "00000005"
              "00000000");
    EXPECT_EQ(decode_hex<Sample>(hex(sample, 1), 1)->cursor->x, 9);
    EXPECT_EQ(decode_hex<Sample>(hex(sample, 3), 3)->cursor->x, 9);
}

TEST(Codec, LeavesTagsAtTheirDefaultsOut) {
    Sample sample;
    sample.name = std::nullopt;
    EXPECT_EQ(hex(sample, 2),
              "0000"
              "ff"
              "00"
              "00000005"
              "00000000"
              "00");
    sample.epoch = 0;
    sample.tagged_struct.x = 0;
    sample.tagged_list = {{.x = 1}};
    EXPECT_EQ(hex(sample, 2),
              "0000"
              "ff"
              "00"
              "00000005"
              "00000000"
              "03"
              "0008"
              "0000000000000000"
              "0103"
              "0000"
              "00"
              "0404"
              "02"
              "0001"
              "00");
    EXPECT_EQ(*decode_hex<Sample>(hex(sample, 2), 2), sample);
}

TEST(Codec, SkipsTagsItDoesNotKnow) {
    const auto sample = decode_hex<Sample>(
        "0000"
        "ff"
        "00"
        "00000005"
        "00000000"
        "01"
        "0903aabbcc",
        2);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->epoch, -1);
}

TEST(Codec, RefusesATagThatDoesNotFillItsSize) {
    EXPECT_TRUE(
        decode_hex<Sample>("0000"
                           "ff"
                           "00"
                           "00000005"
                           "00000000"
                           "01"
                           "0008"
                           "0000000000000001",
                           2));
    EXPECT_FALSE(
        decode_hex<Sample>("0000"
                           "ff"
                           "00"
                           "00000005"
                           "00000000"
                           "01"
                           "0009"
                           "000000000000000100",
                           2));
    EXPECT_FALSE(
        decode_hex<Sample>("0000"
                           "ff"
                           "00"
                           "00000005"
                           "00000000"
                           "01"
                           "0007"
                           "0000000000000001",
                           2));
}

TEST(Codec, RefusesToDropWhatMayNotBeDropped) {
    Sample sample;
    sample.dropped_before_1 = 1;
    EXPECT_EQ(hex(sample, 0),
              "0000"
              "0000");
    sample.required_from_1 = 1;
    EXPECT_EQ(hex(sample, 0), "cannot be said");
    EXPECT_EQ(encoded_size(sample, Version(0)).error(), Error::invalid);
    EXPECT_EQ(encode_parts(sample, Version(0)).error(), Error::invalid);
}

TEST(Codec, AllowsNullOnlyWhereTheVersionDoes) {
    Sample sample;
    sample.name = std::nullopt;
    EXPECT_EQ(hex(sample, 1), "cannot be said");
    EXPECT_FALSE(
        decode_hex<Sample>("0000"
                           "ff"
                           "ffff"
                           "00000005"
                           "00000000",
                           1));
    EXPECT_TRUE(
        decode_hex<Sample>("0000"
                           "ff"
                           "00"
                           "00000005"
                           "00000000"
                           "00",
                           2));
    EXPECT_FALSE(decode_hex<MetadataRequest>("ffffffff", 0));
    EXPECT_FALSE(decode_hex<MetadataRequest>("ffffffff", 1)->topics.has_value());
}

TEST(Codec, RefusesVersionsAMessageDoesNotHave) {
    EXPECT_EQ(encode(ProduceRequest{}, Version(2)).error(), Error::invalid);
    EXPECT_EQ(decode<ProduceRequest>(Bytes(), Version(14)).error(), Error::invalid);
}

TEST(Codec, RefusesTooLongATextInBothDirections) {
    ApiVersionsRequest request;
    request.client_software_name = std::string(text_size_max, 'x');
    const auto bytes = encode(request, Version(3));
    ASSERT_TRUE(bytes);
    EXPECT_TRUE(decode<ApiVersionsRequest>(*bytes, Version(3)));
    request.client_software_name += 'x';
    EXPECT_EQ(encode(request, Version(3)).error(), Error::invalid);
}

TEST(Codec, RefusesBytesThatAreLeftOver) {
    EXPECT_TRUE(decode_hex<Sample>("00500000", 0));
    EXPECT_EQ(decode_hex<Sample>("0050000000", 0).error(), Error::invalid);
    Bytes input = from_hex("0050000077");
    EXPECT_EQ(decode_prefix<Sample>(input, Version(0))->port, 0x50);
    EXPECT_EQ(input.text(), "\x77");
}

TEST(Codec, RefusesACountThatTheBytesCannotHold) {
    EXPECT_EQ(decode_hex<MetadataRequest>("7fffffff", 0).error(), Error::invalid);
    EXPECT_EQ(decode_hex<MetadataRequest>("ffffffff0f", 9).error(), Error::invalid);
}

TEST(Codec, StopsAtTheMemoryLimitBeforeAllocating) {
    // A thousand topics of an empty name take two bytes each on the wire, and much more in memory.
    std::string text = "000003e8";
    for (int i = 0; i < 1000; ++i) text += "0000";
    EXPECT_EQ(decode_hex<MetadataRequest>(text, 0, {.memory_max = 20'000}).error(), Error::limit);
    EXPECT_TRUE(decode_hex<MetadataRequest>(text, 0, {.memory_max = 100'000}));
}

TEST(Apis, AreInOrderAndSayWhatTheyServe) {
    const auto apis = known_apis();
    EXPECT_TRUE(std::ranges::is_sorted(apis, {}, &ApiInfo::key));
    const ApiInfo* produce = find_api(ApiKey::produce);
    ASSERT_NE(produce, nullptr);
    EXPECT_EQ(produce->name, "Produce");
    EXPECT_EQ(produce->served, between(3, 13));
    EXPECT_EQ(produce->advertised, between(0, 13));
    EXPECT_EQ(find_api(ApiKey::init_producer_id)->served, between(0, 5));
    EXPECT_EQ(find_api(static_cast<ApiKey>(-1)), nullptr);
    bool seen = false;
    EXPECT_TRUE(Apis::with(ApiKey::fetch, [&](auto api) { seen = api.key == ApiKey::fetch; }));
    EXPECT_TRUE(seen);
}

TEST(Headers, GoWithTheirVersions) {
    EXPECT_EQ(request_header_version(ApiKey::metadata, Version(8)), Version(1));
    EXPECT_EQ(request_header_version(ApiKey::metadata, Version(9)), Version(2));
    EXPECT_EQ(response_header_version(ApiKey::metadata, Version(9)), Version(1));
    EXPECT_EQ(response_header_version(ApiKey::api_versions, Version(4)), Version(0));
}

TEST(ErrorCodes, AreNamedAndRetriedAsInKafka) {
    EXPECT_EQ(name_of(ErrorCode::not_leader_or_follower), "NOT_LEADER_OR_FOLLOWER");
    EXPECT_EQ(name_of(static_cast<ErrorCode>(134)), "UNKNOWN");
    EXPECT_TRUE(retriable(ErrorCode::not_leader_or_follower));
    EXPECT_FALSE(retriable(ErrorCode::unknown_server_error));
    EXPECT_FALSE(retriable(ErrorCode::out_of_order_sequence_number));
    EXPECT_TRUE(retriable(ErrorCode::concurrent_transactions));
}

}  // namespace
}  // namespace sluice::protocol
