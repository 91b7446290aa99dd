#include "core/base/uuid.h"

namespace sluice {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

Uuid Uuid::random(Random& random) {
    for (;;) {
        Uuid id;
        for (std::size_t half = 0; half < 2; ++half) {
            std::uint64_t bits = random.next();
            for (std::size_t i = 0; i < 8; ++i, bits >>= 8)
                id.bytes[half * 8 + i] = static_cast<std::uint8_t>(bits);
        }
        id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | 0x40);
        id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
        if (id.text().front() != '-') return id;
    }
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    if (text.size() != 22) return std::nullopt;
    Uuid id;
    std::uint32_t bits = 0;
    std::size_t count = 0;
    std::size_t at = 0;
    for (const char c : text) {
        const auto digit = alphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        if (at < id.bytes.size()) id.bytes[at++] = static_cast<std::uint8_t>(bits >> count);
    }
    return id;
}

std::string Uuid::text() const {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const std::uint8_t byte : bytes) {
        bits = (bits << 8) | byte;
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += alphabet[(bits >> count) & 63];
        }
    }
    out += alphabet[(bits << (6 - count)) & 63];
    return out;
}

}  // namespace sluice
