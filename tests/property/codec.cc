#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/protocol/encoder.h"
#include "core/protocol/every_message.h"

// Counts what this program allocates, to hold decoding to its budget.
namespace {
std::size_t allocated_bytes = 0;
}  // namespace

// The compiler sees malloc behind one operator and free behind the other, and takes them for
// strangers.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

void* operator new(std::size_t size) {
    allocated_bytes += size;
    if (void* memory = std::malloc(size)) return memory;
    std::abort();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

namespace sluice::protocol {
namespace {

// Draws messages from their own descriptions. A field that the version lacks stays at its default,
// so that what is drawn can be said in that version.
class Drawing {
public:
    Drawing(Random& random, Version version) : random_(random), version_(version) {}

    template <Described M>
    void fill(M& message) {
        M::fields([&](const Field& f, auto member) {
            if (!f.versions.contains(version_) || random_.chance(0.1)) return;
            auto& value = message.*member;
            using T = std::remove_cvref_t<decltype(value)>;
            if constexpr (is_optional<T>) {
                const bool may_be_null = f.nullable_versions.contains(version_);
                if (may_be_null && random_.chance(0.3))
                    value.reset();
                else
                    fill_value(value.emplace(typename T::value_type{}));
            } else {
                fill_value(value);
            }
        });
    }

private:
    template <class T>
    void fill_value(T& value) {
        if constexpr (Described<T>) {
            fill(value);
        } else if constexpr (is_strong<T>) {
            fill_value(value.value);
        } else if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> number{};
            fill_value(number);
            value = static_cast<T>(number);
        } else if constexpr (std::same_as<T, bool>) {
            value = random_.chance(0.5);
        } else if constexpr (std::same_as<T, double>) {
            value = random_.real();
        } else if constexpr (std::integral<T>) {
            value = static_cast<T>(random_.next() >> random_.below(64));
        } else if constexpr (std::same_as<T, Uuid>) {
            value = Uuid::random(random_);
        } else if constexpr (std::same_as<T, std::string>) {
            value = text();
        } else if constexpr (std::same_as<T, Bytes>) {
            value = Bytes::copy_of(text());
        } else {
            value.resize(random_.below(3));
            for (auto& item : value) fill_value(item);
        }
    }
    std::string text() {
        std::string drawn(random_.chance(0.01) ? spliced_bytes_min : random_.below(40), '\0');
        for (char& c : drawn) c = static_cast<char>(random_.next());
        return drawn;
    }

    Random& random_;
    Version version_;
};

// Calls `law(name, message, version)` with a drawn message of every kind and version.
void for_drawn_messages(std::uint64_t seed, auto&& law) {
    Random random(seed);
    each_message([&](const std::string& name, auto identity) {
        using M = typename decltype(identity)::type;
        for (std::int16_t v = M::versions.first; v <= M::versions.last; ++v) {
            M message{};
            Drawing(random, Version(v)).fill(message);
            law(name, message, Version(v), random);
        }
    });
}

std::string joined(const std::vector<Bytes>& parts) {
    std::string whole;
    for (const Bytes& part : parts) whole += part.text();
    return whole;
}

RC_GTEST_PROP(Codec, EveryMessageComesBackAsItWasSent, (std::uint64_t seed)) {
    for_drawn_messages(seed, [](const std::string& name, const auto& message, Version version,
                                Random& /*random*/) {
        using M = std::remove_cvref_t<decltype(message)>;
        RC_LOG() << name << ' ' << version.value << '\n';
        const auto bytes = encode(message, version);
        RC_ASSERT(bool(bytes));
        RC_ASSERT(bytes->size() == *encoded_size(message, version));
        RC_ASSERT(joined(*encode_parts(message, version)) == bytes->text());
        const auto back = decode<M>(*bytes, version);
        RC_ASSERT(bool(back));
        RC_ASSERT(*back == message);
        RC_ASSERT(to_text(*back) == to_text(message));
    });
}

RC_GTEST_PROP(Codec, NothingMayFollowAMessageNorBeMissingFromIt, (std::uint64_t seed)) {
    for_drawn_messages(
        seed, [](const std::string& name, const auto& message, Version version, Random& random) {
            using M = std::remove_cvref_t<decltype(message)>;
            RC_LOG() << name << ' ' << version.value << '\n';
            const std::string bytes(encode(message, version)->text());
            RC_ASSERT(decode<M>(Bytes::copy_of(bytes + '\0'), version).failed());
            if (bytes.empty()) return;
            const std::string shorter = bytes.substr(0, random.below(bytes.size()));
            RC_ASSERT(decode<M>(Bytes::copy_of(shorter), version).failed());
        });
}

// Some damage: flipped bits, a cut, a length that promises the world, or plain garbage.
std::string damaged(std::string bytes, Random& random) {
    if (bytes.empty()) bytes = "x";
    const std::size_t at = random.below(bytes.size());
    switch (random.below(5)) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
            break;
        case 1:
            bytes.resize(at);
            break;
        case 2:
            bytes.replace(at, 4, "\x7f\xff\xff\xff");
            break;
        case 3:
            bytes.replace(at, 1, std::string("\xff\xff\xff\xff\x07") + std::string(20, '\0'));
            break;
        default:
            for (char& c : bytes) c = static_cast<char>(random.next());
            break;
    }
    return bytes;
}

RC_GTEST_PROP(Codec, NoDamageCrashesItOrCostsMoreThanTheBudget, (std::uint64_t seed)) {
    for_drawn_messages(
        seed, [](const std::string& name, const auto& message, Version version, Random& random) {
            using M = std::remove_cvref_t<decltype(message)>;
            RC_LOG() << name << ' ' << version.value << '\n';
            const std::string bytes(encode(message, version)->text());
            for (int i = 0; i < 4; ++i) {
                const Bytes input = Bytes::copy_of(damaged(bytes, random));
                const DecodeLimits limits{.memory_max = random.below(4000)};
                const std::size_t before = allocated_bytes;
                const auto result = decode<M>(input, version, limits);
                const std::size_t used = allocated_bytes - before;
                RC_ASSERT(used <= limits.memory_max);
                // What was understood can be said again.
                if (result) RC_ASSERT(bool(encode(*result, version)));
            }
        });
}

RC_GTEST_PROP(Codec, AnHonestMessageFitsABudgetOfWhatItHolds, (std::uint64_t seed)) {
    for_drawn_messages(seed, [](const std::string& name, const auto& message, Version version,
                                Random& /*random*/) {
        using M = std::remove_cvref_t<decltype(message)>;
        RC_LOG() << name << ' ' << version.value << '\n';
        const Bytes bytes = *encode(message, version);
        const std::size_t before = allocated_bytes;
        const auto unbounded = decode<M>(bytes, version);
        const std::size_t used = allocated_bytes - before;
        RC_ASSERT(bool(unbounded));
        RC_ASSERT(bool(decode<M>(bytes, version, {.memory_max = used})));
        if (used > 0) {
            const auto short_of_one = decode<M>(bytes, version, {.memory_max = used - 1});
            RC_ASSERT(short_of_one.failed());
            RC_ASSERT(short_of_one.error() == Error::limit);
        }
    });
}

RC_GTEST_PROP(Codec, GarbageIsNoRequest,
              (std::uint64_t seed, const std::vector<std::uint8_t>& garbage)) {
    Random random(seed);
    Bytes frame = Bytes::copy_of(garbage);
    const auto header = take_request_header(frame);
    if (!header) return;
    Apis::with(header->request_api_key, [&](auto api) {
        using Request = typename decltype(api)::Request;
        (void)decode<Request>(frame, header->request_api_version);
    });
}

}  // namespace
}  // namespace sluice::protocol
