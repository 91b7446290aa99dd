#include "sim/batch_flip.h"

#include "core/protocol/record_batch.h"

namespace sluice::sim {

std::optional<std::size_t> choose_flip_in_batch(Slice bytes, Random& random) {
    using namespace protocol;
    for (std::size_t at = 0; at + batch_header_size <= bytes.size(); ++at) {
        if (bytes[at + batch_at::magic] != batch_magic) continue;
        const auto length = load_big<std::int32_t>(bytes.data() + at + batch_at::batch_length);
        const std::size_t left = bytes.size() - at - batch_prefix_size;
        const auto size = static_cast<std::size_t>(length) + batch_prefix_size;
        if (length < 0 || static_cast<std::size_t>(length) > left || size < batch_header_size)
            continue;
        if (!BatchView(bytes.subspan(at, size)).crc_matches()) continue;
        return (at + batch_crc_from) * 8 + random.below((size - batch_crc_from) * 8);
    }
    return std::nullopt;
}

}  // namespace sluice::sim
