#include <gtest/gtest.h>

#include <vector>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "core/base/crc32c_x86.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "core/base/uuid.h"
#include "core/base/varint.h"

namespace sluice {
namespace {

TEST(Crc32c, GivesTheValuesOfTheStandard) {
    EXPECT_EQ(crc32c(as_slice("123456789")), 0xE3069283u);
    EXPECT_EQ(crc32c_portable(as_slice("123456789")), 0xE3069283u);
    EXPECT_EQ(crc32c({}), 0u);
}

using Crc = std::uint32_t (*)(Slice bytes, std::uint32_t before);

std::vector<Crc> ways_here() {
    std::vector<Crc> ways = {crc32c};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) ways.push_back(crc32c_sse42);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq"))
        ways.push_back(crc32c_avx512);
#endif
    return ways;
}

TEST(Crc32c, FastAndPortableAgreeAtEveryLengthAndInPieces) {
    Random random(1);
    std::vector<std::uint8_t> bytes(20'000);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    for (std::size_t size = 0; size < bytes.size(); size += 1 + (size > 1100 ? size / 7 : 0)) {
        const Slice all =
            Slice(bytes).subspan(random.below(2)).first(std::min(size, bytes.size() - 1));
        const std::size_t cut = all.empty() ? 0 : random.below(all.size());
        const std::uint32_t right = crc32c_portable(all);
        for (const Crc crc : ways_here()) {
            EXPECT_EQ(crc(all, 0), right) << size;
            EXPECT_EQ(crc(all.subspan(cut), crc(all.first(cut), 0)), right) << size;
        }
    }
}

TEST(Random, RepeatsForTheSameSeedAndKeepsStreamsApart) {
    Random a(7);
    Random b(7);
    EXPECT_EQ(a.next(), b.next());
    EXPECT_EQ(a.stream("disk").next(), b.stream("disk").next());
    EXPECT_NE(a.stream("disk").next(), a.stream("network").next());
    Random drawn(7);
    drawn.next();
    EXPECT_EQ(drawn.stream("disk").next(), Random(7).stream("disk").next());
}

TEST(Uuid, SurvivesItsText) {
    Random random(3);
    for (int i = 0; i < 1000; ++i) {
        const Uuid id = Uuid::random(random);
        EXPECT_EQ(id.text().size(), 22u);
        EXPECT_EQ(Uuid::parse(id.text()), id);
    }
    EXPECT_EQ(Uuid{}.text(), "AAAAAAAAAAAAAAAAAAAAAA");
    EXPECT_FALSE(Uuid::parse("not an id"));
}

TEST(Varint, SurvivesTheRoundTrip) {
    for (const std::uint64_t n : {0ull, 1ull, 127ull, 128ull, 300ull, 0xFFFFFFFFull, ~0ull}) {
        std::uint8_t bytes[varlong_size_max];
        const std::size_t size = put_unsigned_varint(bytes, n);
        EXPECT_EQ(size, unsigned_varint_size(n));
        Slice from(bytes, size);
        EXPECT_EQ(take_unsigned_varint(from, varlong_size_max), n);
        EXPECT_TRUE(from.empty());
        Slice torn(bytes, size - 1);
        EXPECT_FALSE(take_unsigned_varint(torn, varlong_size_max));
    }
    EXPECT_EQ(unzigzag(zigzag(INT64_MIN)), INT64_MIN);
    EXPECT_EQ(zigzag(-1), 1u);
}

TEST(Bytes, ShareTheirBufferWithoutCopying) {
    const Bytes whole = Bytes::copy_of("batches stay bytes");
    const Bytes part = whole.slice(8, 4);
    EXPECT_EQ(part.text(), "stay");
    EXPECT_EQ(part.data(), whole.data() + 8);
}

Result<int> half(int n) {
    if (n % 2 != 0) return Error::invalid;
    return n / 2;
}
Result<int> quarter(int n) {
    TRY(const int once, half(n));
    return half(once);
}

TEST(Result, PassesTheFirstErrorUp) {
    EXPECT_EQ(quarter(8).value(), 2);
    EXPECT_EQ(quarter(6).error(), Error::invalid);
}

}  // namespace
}  // namespace sluice
