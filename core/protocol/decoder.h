#pragma once

// The reading half of the codec; included through codec_impl.h.

#include "core/base/result.h"
#include "core/protocol/codec.h"
#include "core/protocol/encoder.h"

namespace sluice::protocol {

// Reads what a peer sent, so nothing in it is believed. The first bad read makes the decoder fail
// for good; every later read yields zeros, so callers check once, at the end. Nothing is allocated
// for a length before it is known that the bytes can hold it and the budget can bear it.
class Decoder {
public:
    // `input` outlives the decoder; what is read keeps slices of it.
    Decoder(const Bytes& input, DecodeLimits limits)
        : input_(input), end_(input.size()), memory_left_(limits.memory_max) {}

    std::size_t position() const { return position_; }
    // Why decoding failed, if it did.
    std::optional<Error> failure() const { return failure_; }

    template <Message M>
    void read_message(M& message, Version version) {
        version_ = version;
        flexible_ = M::flexible.contains(version);
        require(M::versions.contains(version));
        if (ok()) read(message);
    }

private:
    bool ok() const { return !failure_; }
    std::size_t left() const { return end_ - position_; }
    void fail(Error error) {
        if (ok()) failure_ = error;
        position_ = end_;
    }
    void require(bool condition) {
        if (!condition) fail(Error::invalid);
    }
    // Takes memory from the budget before it is allocated.
    bool charge(std::size_t count, std::size_t size_each) {
        if (!ok()) return false;
        if (count > memory_left_ / size_each) {
            fail(Error::limit);
            return false;
        }
        memory_left_ -= count * size_each;
        return true;
    }

    const std::uint8_t* take(std::size_t n) {
        if (n > left()) [[unlikely]] {
            fail(Error::invalid);
            return nullptr;
        }
        position_ += n;
        return input_.data() + position_ - n;
    }
    std::uint32_t varint() {
        if (left() > 0 && input_.data()[position_] < 0x80) [[likely]]
            return input_.data()[position_++];
        return long_varint();
    }
    std::uint32_t long_varint();
    // The length before text, bytes and arrays; nothing for null.
    std::optional<std::size_t> length(std::size_t width);

    template <Described M>
    void read(M& message) {
        M::fields([&](const Field& f, auto member) {
            if (!f.tag && f.versions.contains(version_)) read_field(f, message.*member);
        });
        if (!flexible_) return;
        for (std::uint32_t tags = varint(); ok() && tags > 0; --tags) read_tagged(message);
    }
    template <Described M>
    void read_tagged(M& message) {
        const std::uint32_t tag = varint();
        const std::size_t size = varint();
        if (size > left()) return fail(Error::invalid);
        // The field may not read beyond its own size, and must use all of it. A tag that this
        // version does not know is skipped, as the protocol asks.
        const std::size_t outer_end = end_;
        const std::size_t own_end = position_ + size;
        end_ = own_end;
        bool known = false;
        M::fields([&](const Field& f, auto member) {
            if (f.tag != tag || !f.versions.contains(version_)) return;
            known = true;
            read_field(f, message.*member);
        });
        if (known) require(position_ == own_end);
        end_ = outer_end;
        if (ok()) position_ = own_end;
    }

    template <class T>
    void read_field(const Field& f, T& value) {
        const bool flexible = flexible_;
        if (f.is_never_compact) flexible_ = false;
        if constexpr (is_optional<T>) {
            read_optional(f, value);
        } else {
            read_value(value);
        }
        flexible_ = flexible;
    }
    template <class T>
    void read_optional(const Field& f, std::optional<T>& value) {
        const bool nullable = f.nullable_versions.contains(version_);
        bool present = true;
        if constexpr (Described<T>) {
            if (nullable) {
                std::int8_t marker = 0;
                read_value(marker);
                present = marker >= 0;
            }
            // Not emplace(): clang believes that a struct nested in a message has no default.
            if (present) read(*(value = T{}));
        } else {
            const auto size = length(sizeof_length<T>);
            present = size.has_value();
            if (present) read_body(value.emplace(), *size);
        }
        if (present) return;
        require(nullable);
        value.reset();
    }

    template <class T>
    void read_value(T& value) {
        if constexpr (Described<T>) {
            read(value);
        } else if constexpr (is_strong<T>) {
            read_value(value.value);
        } else if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> number{};
            read_value(number);
            value = static_cast<T>(number);
        } else if constexpr (std::same_as<T, bool>) {
            std::uint8_t number = 0;
            read_value(number);
            value = number != 0;
        } else if constexpr (std::same_as<T, double>) {
            std::uint64_t bits = 0;
            read_value(bits);
            std::memcpy(&value, &bits, sizeof value);
        } else if constexpr (std::integral<T>) {
            const std::uint8_t* at = take(sizeof value);
            value = at ? load_big<T>(at) : T{};
        } else if constexpr (std::same_as<T, Uuid>) {
            const std::uint8_t* at = take(value.bytes.size());
            if (at) std::memcpy(value.bytes.data(), at, value.bytes.size());
        } else {
            const auto size = length(sizeof_length<T>);
            if (!size) return fail(Error::invalid);
            read_body(value, *size);
        }
    }
    template <class T>
    static constexpr std::size_t sizeof_length = std::same_as<T, std::string> ? 2 : 4;

    void read_body(std::string& text, std::size_t size);
    void read_body(Bytes& bytes, std::size_t size);
    template <class T>
    void read_body(std::vector<T>& items, std::size_t count) {
        items.clear();
        if (count == 0 || !charge(count, sizeof(T))) return;
        items.reserve(count);
        for (std::size_t i = 0; ok() && i < count; ++i) read_value(items.emplace_back());
    }

    const Bytes& input_;
    Version version_{};
    bool flexible_ = false;
    std::size_t position_ = 0;
    std::size_t end_;
    std::size_t memory_left_;
    std::optional<Error> failure_;
};

}  // namespace sluice::protocol
