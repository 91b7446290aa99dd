#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace sluice {

// A callable that is run once and can own move-only things, which std::function cannot.
class Task {
public:
    Task() = default;
    template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Task> && std::invocable<F&>)
        Task(F body)  // NOLINT(google-explicit-constructor)
        : body_(std::make_unique<Body<F>>(std::move(body))) {}

    explicit operator bool() const { return body_ != nullptr; }
    void operator()() { body_->run(); }

private:
    struct Base {
        Base() = default;
        Base(const Base&) = delete;
        Base& operator=(const Base&) = delete;
        virtual ~Base() = default;
        virtual void run() = 0;
    };
    template <class F>
    struct Body final : Base {
        explicit Body(F f) : function(std::move(f)) {}
        void run() override { function(); }
        F function;
    };

    std::unique_ptr<Base> body_;
};

}  // namespace sluice
