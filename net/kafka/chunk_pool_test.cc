#include "net/kafka/chunk_pool.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

constexpr std::size_t size = 100'000;

TEST(ChunkPool, GivesABlockAgainThatNobodyHas) {
    ChunkPool pool(1 << 20);
    Buffer chunk = pool.take(size);
    const std::uint8_t* const data = chunk.data();
    pool.keep(std::move(chunk));
    Buffer again = pool.take(size - 1000);
    EXPECT_EQ(again.data(), data);
    EXPECT_EQ(pool.bytes(), 0u);
}

TEST(ChunkPool, LeavesABlockAloneThatARequestHasPartsOf) {
    ChunkPool pool(1 << 20);
    Buffer chunk = pool.take(size);
    const Bytes request(chunk);
    pool.keep(std::move(chunk));
    EXPECT_NE(pool.take(size).data(), request.data());
}

TEST(ChunkPool, GivesNothingMuchLargerThanAskedFor) {
    ChunkPool pool(1 << 20);
    pool.keep(pool.take(10 * size));
    EXPECT_LT(pool.take(size).size(), 2 * size);
}

TEST(ChunkPool, KeepsNoMoreThanItsLimit) {
    ChunkPool pool(3 * size);
    std::vector<Buffer> chunks;
    for (int i = 0; i < 5; ++i) chunks.push_back(pool.take(size));
    for (Buffer& chunk : chunks) pool.keep(std::move(chunk));
    EXPECT_LE(pool.bytes(), 3 * size);
    EXPECT_GT(pool.bytes(), size);
}

}  // namespace
}  // namespace sluice::net
