#pragma once

// How a Kafka message describes itself.
//
// A message is a plain struct with one static template, `fields(visit)`, that names each member
// once, in wire order. Everything else (encode, decode, size, print, random values, the comparison
// with Kafka's schemas) is a visitor over that one description; equality is the defaulted
// operator==. What a field is worth when nobody sets it is its C++ member initialiser.

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "core/base/strong.h"

namespace sluice::protocol {

// An unbroken range of versions, both ends included; empty when `last` lies before `first`.
struct Versions {
    std::int16_t first = 0;
    std::int16_t last = std::numeric_limits<std::int16_t>::max();

    constexpr bool contains(Version v) const { return first <= v.value && v.value <= last; }
    constexpr bool empty() const { return last < first; }
    friend constexpr bool operator==(const Versions&, const Versions&) = default;
};

inline constexpr Versions no_versions{.first = 0, .last = -1};

constexpr Versions since(std::int16_t first) {
    return {.first = first};
}
constexpr Versions until(std::int16_t last) {
    return {.last = last};
}
constexpr Versions between(std::int16_t first, std::int16_t last) {
    return {.first = first, .last = last};
}

// One field as its message describes it. `name` is the schema's in snake_case.
struct Field {
    std::string_view name;
    // The versions that carry it.
    Versions versions = {};
    // The versions in which it may be null; its member is then a std::optional.
    Versions nullable_versions = no_versions;
    // Set for optional fields, which only flexible versions have and only when not at their
    // default.
    std::optional<std::uint32_t> tag = {};
    // A version without the field drops its value silently; otherwise a value other than the
    // default cannot be written in such a version.
    bool is_ignorable = false;
    // Its length never takes the compact form. Only the client id in the request header is like
    // this.
    bool is_never_compact = false;

    constexpr Field nullable(Versions null_versions = {}) const {
        Field changed = *this;
        changed.nullable_versions = null_versions;
        return changed;
    }
    constexpr Field ignorable() const {
        Field changed = *this;
        changed.is_ignorable = true;
        return changed;
    }
    constexpr Field never_compact() const {
        Field changed = *this;
        changed.is_never_compact = true;
        return changed;
    }
};

constexpr Field field(std::string_view name, Versions versions = {}) {
    return {name, versions};
}
constexpr Field tagged(std::uint32_t tag, std::string_view name, Versions versions = {}) {
    return {.name = name, .versions = versions, .tag = tag};
}

// A struct that describes its members: a message, or a part of one.
template <class M>
concept Described = requires {
    M::fields([](const Field&, auto) {});
};

// A described struct that is encoded by itself: it knows its versions, and which are flexible.
template <class M>
concept Message = Described<M> && requires {
    { M::versions } -> std::convertible_to<Versions>;
    { M::flexible } -> std::convertible_to<Versions>;
};

}  // namespace sluice::protocol
