#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/assert.h"

namespace sluice::sim {

// What an event does; returns the digest of its payload, which the trace hash takes in. It is kept
// in place: an event costs no allocation.
class Action {
public:
    static constexpr std::size_t capture_bytes_max = 48;

    Action() = default;
    template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Action> &&
             std::is_invocable_r_v<std::uint64_t, F&>)
        Action(F function) {  // NOLINT(google-explicit-constructor)
        static_assert(sizeof(F) <= capture_bytes_max);
        static_assert(alignof(F) <= alignof(std::max_align_t));
        static_assert(std::is_nothrow_move_constructible_v<F>);
        new (memory_) F(std::move(function));
        verbs_ = &verbs_of<F>;
    }
    Action(Action&& other) noexcept { take(other); }
    Action& operator=(Action&& other) noexcept {
        if (this == &other) return *this;
        reset();
        take(other);
        return *this;
    }
    Action(const Action&) = delete;
    Action& operator=(const Action&) = delete;
    ~Action() { reset(); }

    explicit operator bool() const { return verbs_ != nullptr; }
    std::uint64_t operator()() {
        ASSERT(verbs_ != nullptr);
        return verbs_->call(memory_);
    }
    void reset() {
        if (verbs_) std::exchange(verbs_, nullptr)->destroy(memory_);
    }

private:
    struct Verbs {
        std::uint64_t (*call)(void*);
        void (*move)(void* to, void* from);
        void (*destroy)(void*);
    };
    template <class F>
    static constexpr Verbs verbs_of{
        [](void* memory) -> std::uint64_t { return (*static_cast<F*>(memory))(); },
        [](void* to, void* from) { new (to) F(std::move(*static_cast<F*>(from))); },
        [](void* memory) { static_cast<F*>(memory)->~F(); }};

    void take(Action& other) {
        if (!other.verbs_) return;
        other.verbs_->move(memory_, other.memory_);
        verbs_ = other.verbs_;
        other.reset();
    }

    alignas(std::max_align_t) std::byte memory_[capture_bytes_max];
    const Verbs* verbs_ = nullptr;
};

}  // namespace sluice::sim
