#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/assert.h"

namespace sluice {

// What can go wrong between us and the world. Kafka's error codes are another vocabulary
// (core/protocol/error_code.h); one function translates, at the handler's edge.
enum class Error {
    io,         // The disk or the network failed.
    stopped,    // This node is shutting down or has crashed: end along the normal path.
    corrupt,    // Bytes that were durable once are not what they were.
    no_space,   // The disk is full.
    not_found,  // No such file, directory or address.
    exists,     // Already there, or held by somebody else.
    timed_out,  // A deadline passed first.
    closed,     // The peer closed the connection, or we did.
    refused,    // Nobody listens there.
    limit,      // A named limit of ours is reached.
    invalid,    // The caller's words make no sense.
};

std::string_view name_of(Error error);

// A value, or the reason there is none. Expected failures travel as values: nothing of ours throws.
template <class T, class E = Error>
class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    Result(E error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    explicit operator bool() const { return value_.has_value(); }
    bool failed() const { return !value_.has_value(); }

    const E& error() const {
        ASSERT(failed());
        return error_;
    }
    T& value() & {
        ASSERT(!failed());
        return *value_;
    }
    const T& value() const& {
        ASSERT(!failed());
        return *value_;
    }
    T&& value() && {
        ASSERT(!failed());
        return std::move(*value_);
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

private:
    std::optional<T> value_;
    E error_{};
};

template <class E>
class [[nodiscard]] Result<void, E> {
public:
    Result() = default;
    Result(E error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    explicit operator bool() const { return !error_.has_value(); }
    bool failed() const { return error_.has_value(); }
    const E& error() const {
        ASSERT(failed());
        return *error_;
    }

private:
    std::optional<E> error_;
};

}  // namespace sluice

#define SLUICE_JOIN_(a, b) a##b
#define SLUICE_JOIN(a, b) SLUICE_JOIN_(a, b)

// `TRY(const Offset end, log.append(batch));` declares `end`, or returns the error to our caller.
#define TRY(declaration, ...)                                                                   \
    auto SLUICE_JOIN(result_, __LINE__) = (__VA_ARGS__);                                        \
    if (SLUICE_JOIN(result_, __LINE__).failed()) return SLUICE_JOIN(result_, __LINE__).error(); \
    declaration = std::move(SLUICE_JOIN(result_, __LINE__)).value()

// `CHECK_OK(file.sync());` goes on, or returns the error to our caller.
#define CHECK_OK(...)                                        \
    do {                                                     \
        auto SLUICE_JOIN(result_, __LINE__) = (__VA_ARGS__); \
        if (SLUICE_JOIN(result_, __LINE__).failed())         \
            return SLUICE_JOIN(result_, __LINE__).error();   \
    } while (false)
