#include "sim/result_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/protocol/batch_builder.h"
#include "sim/batch_flip.h"
#include "sim/plan_text.h"
#include "sim/scenarios.h"

namespace sluice::sim {
namespace {

TEST(ResultText, SaysAllThatASweepCounts) {
    RunResult result = run_seed({.seed = 3, .scenario = "log"}, find_scenario("log"));
    result.failure = Failure{FailureKind::liveness, "a signature", "two\nlines"};
    const auto again = parse_result(to_text(result));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(json_of(*again), json_of(result));
    EXPECT_EQ(report_of(*again), report_of(result));
    EXPECT_EQ(again->plan, result.plan);
    ASSERT_EQ(again->probes.size(), result.probes.size());
    for (std::size_t i = 0; i < result.probes.size(); ++i)
        EXPECT_EQ(again->probes[i].fired > 0, result.probes[i].fired > 0);
}

TEST(BatchFlip, HitsOnlyWhatABatchsChecksumCovers) {
    protocol::RecordBatchBuilder builder;
    builder.append({.timestamp = Timestamp(1), .value = as_slice("value")});
    const Bytes batch = builder.build();
    std::vector<std::uint8_t> stream(37 + batch.size() + 11, 0x02);
    std::ranges::copy(batch.view(), stream.begin() + 37);
    Random random(1);
    for (int i = 0; i < 200; ++i) {
        const auto bit = choose_flip_in_batch(stream, random);
        ASSERT_TRUE(bit);
        auto flipped = stream;
        flipped[*bit / 8] ^= static_cast<std::uint8_t>(1u << (*bit % 8));
        const protocol::BatchView view(Slice(flipped).subspan(37, batch.size()));
        EXPECT_FALSE(view.crc_matches());
    }
    EXPECT_FALSE(choose_flip_in_batch(Slice(stream).first(37), random));
}

}  // namespace
}  // namespace sluice::sim
