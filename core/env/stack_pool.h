#pragma once

#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <vector>

namespace sluice::env {

// Fiber stacks with a guard page below each. Making one costs two system calls, so they are reused.
class StackPool {
public:
    using Stack = boost::context::stack_context;

    explicit StackPool(std::size_t bytes) : bytes_(bytes) {}
    ~StackPool();
    StackPool(const StackPool&) = delete;
    StackPool& operator=(const StackPool&) = delete;

    // An empty stack (size 0) when the system gives no more.
    Stack take();
    void give_back(const Stack& stack);

private:
    // Stacks beyond these are returned to the system, so that a burst of fibers does not keep its
    // memory.
    static constexpr std::size_t spare_max = 256;

    void free(Stack stack);

    std::size_t bytes_;
    std::vector<Stack> spare_;
};

}  // namespace sluice::env
