#pragma once

// The writing half of the codec; included through codec_impl.h.

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/uuid.h"
#include "core/base/varint.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_strong = false;
template <class Tag, class Int>
inline constexpr bool is_strong<Strong<Tag, Int>> = true;

// The longest text Kafka reads, in every version.
inline constexpr std::size_t text_size_max = 0x7fff;

// A fresh message: what its members are worth when nobody sets them.
template <Described M>
const M& default_of() {
    static const M fresh{};
    return fresh;
}

// Where encoded bytes go. Two sinks share one encoder, so the size can never disagree with the
// bytes.
//
// The first counts: how long the message is, how much of it would be spliced, and whether it can be
// said at all in this version.
class CountingSink {
public:
    explicit CountingSink(std::size_t splice_min) : splice_min_(splice_min) {}

    void put(const void* /*from*/, std::size_t n) { size_ += n; }
    template <std::size_t n>
    void put_fixed(const void* /*from*/) {
        size_ += n;
    }
    void put_bytes(const Bytes& bytes) {
        size_ += bytes.size();
        if (bytes.size() >= splice_min_) spliced_ += bytes.size();
    }
    void require(bool condition) { representable_ = representable_ && condition; }

    std::size_t size() const { return size_; }
    std::size_t copied() const { return size_ - spliced_; }
    bool representable() const { return representable_; }

private:
    std::size_t splice_min_;
    std::size_t size_ = 0;
    std::size_t spliced_ = 0;
    bool representable_ = true;
};

// The second writes into one buffer of exactly the counted size, and cuts it into slices wherever a
// large Bytes stands between.
class WritingSink {
public:
    WritingSink(std::size_t copied_size, std::size_t splice_min)
        : buffer_(Buffer::allocate(copied_size)),
          at_(buffer_.data()),
          cut_at_(at_),
          end_(at_ + copied_size),
          splice_min_(splice_min) {}

    void put(const void* from, std::size_t n) {
        ASSERT(n <= static_cast<std::size_t>(end_ - at_));
        if (n > 0) std::memcpy(at_, from, n);
        at_ += n;
    }
    // The same for a size the compiler knows, which makes it one store.
    template <std::size_t n>
    [[gnu::always_inline]] void put_fixed(const void* from) {
        ASSERT(n <= static_cast<std::size_t>(end_ - at_));
        std::memcpy(at_, from, n);
        at_ += n;
    }
    void put_bytes(const Bytes& bytes) {
        if (bytes.size() < splice_min_) return put(bytes.data(), bytes.size());
        cut();
        parts_.push_back(bytes);
    }
    void require(bool /*condition*/) {}

    // Everything written, as slices in order. The sink is spent afterwards.
    std::vector<Bytes> take() {
        ASSERT(at_ == end_);
        cut();
        return std::move(parts_);
    }
    // For a sink that never splices: one slice, which may be empty.
    Bytes take_whole() {
        ASSERT(at_ == end_);
        ASSERT(parts_.empty());
        return Bytes(std::move(buffer_));
    }

private:
    void cut() {
        if (at_ == cut_at_) return;
        parts_.emplace_back(buffer_, Slice(cut_at_, at_));
        cut_at_ = at_;
    }

    Buffer buffer_;
    std::uint8_t* at_;
    const std::uint8_t* cut_at_;
    const std::uint8_t* const end_;
    std::size_t splice_min_;
    std::vector<Bytes> parts_;
};

// Writes values in one version's form. Whatever a version cannot express is told to the sink.
template <class Sink>
class Encoder {
public:
    Encoder(Sink& sink, Version version, bool flexible)
        : sink_(sink), version_(version), flexible_(flexible) {}

    template <Described M>
    void write(const M& message) {
        std::uint32_t tags = 0;
        M::fields([&](const Field& f, auto member) {
            const auto& value = message.*member;
            if (!f.versions.contains(version_))
                sink_.require(f.is_ignorable || value == default_of<M>().*member);
            else if (f.tag)
                tags += (flexible_ && value != default_of<M>().*member) ? 1 : 0;
            else
                write_field(f, value);
        });
        if (!flexible_) return;
        varint(tags);
        if (tags > 0) write_tagged(message);
    }

private:
    template <Described M>
    void write_tagged(const M& message) {
        // Tags go out in ascending order, which is the order fields() lists them in.
        M::fields([&](const Field& f, auto member) {
            const auto& value = message.*member;
            if (!f.tag || !f.versions.contains(version_)) return;
            if (value == default_of<M>().*member) return;
            CountingSink counted(SIZE_MAX);
            Encoder<CountingSink>(counted, version_, flexible_).write_field(f, value);
            varint(*f.tag);
            varint(counted.size());
            write_field(f, value);
        });
    }

    template <class T>
    void write_field(const Field& f, const T& value) {
        const bool flexible = flexible_;
        if (f.is_never_compact) flexible_ = false;
        if constexpr (is_optional<T>) {
            sink_.require(value.has_value() || f.nullable_versions.contains(version_));
            write_optional(f, value);
        } else {
            write_value(value);
        }
        flexible_ = flexible;
    }
    template <class T>
    void write_optional(const Field& f, const std::optional<T>& value) {
        if constexpr (Described<T>) {
            if (f.nullable_versions.contains(version_))
                write_value(std::int8_t{value ? std::int8_t{1} : std::int8_t{-1}});
            if (value) write_value(*value);
        } else {
            if (value) return write_value(*value);
            if (flexible_) return varint(0);
            if constexpr (std::same_as<T, std::string>)
                write_value(std::int16_t{-1});
            else
                write_value(std::int32_t{-1});
        }
    }

    template <class T>
    void write_value(const T& value) {
        if constexpr (Described<T>) {
            write(value);
        } else if constexpr (is_strong<T>) {
            write_value(value.value);
        } else if constexpr (std::is_enum_v<T>) {
            write_value(static_cast<std::underlying_type_t<T>>(value));
        } else if constexpr (std::same_as<T, bool>) {
            write_value(std::uint8_t{value});
        } else if constexpr (std::same_as<T, double>) {
            std::uint64_t bits;
            std::memcpy(&bits, &value, sizeof bits);
            write_value(bits);
        } else if constexpr (std::integral<T>) {
            const T big = swap_to_big(value);
            sink_.template put_fixed<sizeof big>(&big);
        } else if constexpr (std::same_as<T, Uuid>) {
            sink_.template put_fixed<sizeof value.bytes>(value.bytes.data());
        } else if constexpr (std::same_as<T, std::string>) {
            sink_.require(value.size() <= text_size_max);
            length<std::int16_t>(value.size());
            sink_.put(value.data(), value.size());
        } else if constexpr (std::same_as<T, Bytes>) {
            length<std::int32_t>(value.size());
            sink_.put_bytes(value);
        } else {
            static_assert(is_vector<T>);
            length<std::int32_t>(value.size());
            for (const auto& item : value) write_value(item);
        }
    }

    template <class Int>
    void length(std::size_t n) {
        sink_.require(n < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
        if (flexible_)
            varint(n + 1);
        else
            write_value(static_cast<Int>(n));
    }
    void varint(std::uint64_t n) {
        if (n < 0x80) {
            const auto byte = static_cast<std::uint8_t>(n);
            return sink_.template put_fixed<1>(&byte);
        }
        std::uint8_t bytes[varlong_size_max];
        sink_.put(bytes, put_unsigned_varint(bytes, n));
    }

    template <class OtherSink>
    friend class Encoder;

    Sink& sink_;
    Version version_;
    bool flexible_;
};

}  // namespace sluice::protocol
