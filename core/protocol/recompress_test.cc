#include "core/protocol/recompress.h"

#include <gtest/gtest.h>

#include <string>

#include "core/protocol/batch_builder.h"
#include "core/protocol/record.h"
#include "core/protocol/validate_batch.h"

namespace sluice::protocol {
namespace {

constexpr CompressionType every_type[] = {CompressionType::none, CompressionType::gzip,
                                          CompressionType::snappy, CompressionType::lz4,
                                          CompressionType::zstd};

TEST(Recompress, ChangesTheFormAndNothingElse) {
    for (const CompressionType from : every_type)
        for (const CompressionType to : every_type) {
            RecordBatchBuilder builder({.compression = from,
                                        .producer_id = ProducerId(7),
                                        .producer_epoch = ProducerEpoch(1),
                                        .base_sequence = Sequence(42)});
            const std::string value(300, 'v');
            for (int i = 0; i < 20; ++i)
                builder.append({.timestamp = Timestamp(1000 + i), .value = as_slice(value)});
            const Bytes batch = builder.build();
            const auto changed = recompressed(batch.view(), to, {}, 1 << 20);
            ASSERT_TRUE(changed);

            ValidationRules rules;
            rules.now = Timestamp(1000);
            const auto facts = validate_batch(changed->view(), rules);
            ASSERT_TRUE(facts) << facts.error().message;
            EXPECT_EQ(facts->compression, to);
            EXPECT_EQ(facts->base_sequence, Sequence(42));
            const auto before = records_of(batch, 1 << 20);
            const auto after = records_of(*changed, 1 << 20);
            ASSERT_TRUE(before);
            ASSERT_TRUE(after);
            EXPECT_EQ(*before, *after);
        }
}

TEST(Recompress, RefusesWhatBecomesTooLarge) {
    RecordBatchBuilder builder({.compression = CompressionType::zstd});
    const std::string value(100'000, 'v');
    builder.append({.timestamp = Timestamp(1), .value = as_slice(value)});
    EXPECT_EQ(recompressed(builder.build().view(), CompressionType::none, {}, 1000).error(),
              Error::limit);
}

}  // namespace
}  // namespace sluice::protocol
