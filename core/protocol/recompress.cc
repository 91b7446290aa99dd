#include "core/protocol/recompress.h"

#include <cstring>

#include "core/base/endian.h"

namespace sluice::protocol {

Result<Bytes> recompressed(Slice batch, CompressionType type, CompressionLevel level,
                           std::size_t size_max) {
    const BatchView before(batch);
    const CompressionType was = before.compression().value_or(CompressionType::none);
    Bytes plain;
    Slice records = before.records();
    if (was != CompressionType::none) {
        TRY(plain, decompress(was, records, size_max));
        records = plain.view();
    }
    Bytes packed;
    if (type != CompressionType::none) {
        packed = compress(type, level, records);
        records = packed.view();
    }
    Buffer after = Buffer::allocate(batch_header_size + records.size());
    std::memcpy(after.data(), batch.data(), batch_header_size);
    std::memcpy(after.data() + batch_at::records, records.data(), records.size());
    store_big(after.data() + batch_at::batch_length,
              static_cast<std::int32_t>(after.size() - batch_prefix_size));
    const int attributes = (before.attributes() & ~compression_mask) | static_cast<int>(type);
    store_big(after.data() + batch_at::attributes, static_cast<std::int16_t>(attributes));
    store_big(after.data() + batch_at::crc, BatchView(after.all()).computed_crc());
    return Bytes(std::move(after));
}

}  // namespace sluice::protocol
