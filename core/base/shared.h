#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace sluice {

// Shared ownership of an immutable value, counted atomically: metadata images and payload buffers
// cross shards this way. The one shared ownership in the program; no std::shared_ptr elsewhere.
template <class T>
class Shared;

template <class T>
class Shared<const T> {
public:
    Shared() = default;
    template <class... Args>
    static Shared make(Args&&... args) {
        return Shared(new Node{1, T{std::forward<Args>(args)...}});
    }
    Shared(const Shared& other) : node_(other.node_) {
        if (node_) node_->count.fetch_add(1, std::memory_order_relaxed);
    }
    Shared(Shared&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~Shared() {
        if (node_ && node_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete node_;
    }

    explicit operator bool() const { return node_ != nullptr; }
    const T& operator*() const { return node_->value; }
    const T* operator->() const { return &node_->value; }

private:
    struct Node {
        std::atomic<std::uint32_t> count;
        T value;
    };
    explicit Shared(Node* node) : node_(node) {}

    Node* node_ = nullptr;
};

}  // namespace sluice
