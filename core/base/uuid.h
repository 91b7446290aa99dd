#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/random.h"

namespace sluice {

// A 128-bit id as Kafka writes it: 16 bytes on the wire, 22 characters of URL-safe base64 in text.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
    bool is_zero() const { return *this == Uuid{}; }

    // A version-4 id whose text does not begin with a dash, as Kafka makes them.
    static Uuid random(Random& random);
    // Takes 22 characters of base64, with or without padding.
    static std::optional<Uuid> parse(std::string_view text);
    std::string text() const;
};

using TopicId = Uuid;

}  // namespace sluice
