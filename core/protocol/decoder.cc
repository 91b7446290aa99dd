#include "core/protocol/decoder.h"

namespace sluice::protocol {

std::uint32_t Decoder::long_varint() {
    Slice rest = input_.view().subspan(position_, left());
    const auto n = take_unsigned_varint(rest, varint_size_max);
    if (!n || *n > std::numeric_limits<std::uint32_t>::max()) {
        fail(Error::invalid);
        return 0;
    }
    position_ = end_ - rest.size();
    return static_cast<std::uint32_t>(*n);
}

std::optional<std::size_t> Decoder::length(std::size_t width) {
    std::int64_t n = 0;
    if (flexible_) {
        n = std::int64_t{varint()} - 1;
    } else if (const std::uint8_t* at = take(width)) {
        n = width == 2 ? load_big<std::int16_t>(at) : load_big<std::int32_t>(at);
    }
    if (!ok()) return 0;
    if (n < 0) return std::nullopt;
    // Every element takes at least one byte, so no honest length is larger than what is left.
    require(static_cast<std::uint64_t>(n) <= left());
    if (width == 2) require(static_cast<std::uint64_t>(n) <= text_size_max);
    return ok() ? static_cast<std::size_t>(n) : 0;
}

void Decoder::read_body(std::string& text, std::size_t size) {
    // A short text lives inside the string itself.
    const std::size_t inside = std::string().capacity();
    if (size > inside && !charge(size + 1, 1)) return;
    // A new string, because one that grows takes more than it was charged.
    if (const std::uint8_t* at = take(size)) text = std::string(as_text({at, size}));
}

void Decoder::read_body(Bytes& bytes, std::size_t size) {
    if (take(size)) bytes = input_.slice(position_ - size, size);
}

}  // namespace sluice::protocol
