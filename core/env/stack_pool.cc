#include "core/env/stack_pool.h"

#include <boost/context/protected_fixedsize_stack.hpp>
#include <new>

#include "core/env/sanitizers.h"

namespace sluice::env {

StackPool::~StackPool() {
    for (const Stack& stack : spare_) free(stack);
}

StackPool::Stack StackPool::take() {
    if (!spare_.empty()) {
        const Stack stack = spare_.back();
        spare_.pop_back();
        return stack;
    }
    try {
        return boost::context::protected_fixedsize_stack(bytes_).allocate();
    } catch (const std::bad_alloc&) {
        return {};
    }
}

void StackPool::give_back(const Stack& stack) {
    // Whoever gets this memory next must not find the marks of what lived here.
    forget_stack(static_cast<char*>(stack.sp) - stack.size, stack.size);
    if (spare_.size() < spare_max)
        spare_.push_back(stack);
    else
        free(stack);
}

void StackPool::free(Stack stack) {
    boost::context::protected_fixedsize_stack(bytes_).deallocate(stack);
}

}  // namespace sluice::env
