#include "core/env/stack_pool.h"

#include <boost/context/protected_fixedsize_stack.hpp>
#include <new>

namespace sluice::env {

StackPool::~StackPool() {
    boost::context::protected_fixedsize_stack allocator(bytes_);
    for (Stack& stack : spare_) allocator.deallocate(stack);
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
    if (spare_.size() < spare_max) {
        spare_.push_back(stack);
        return;
    }
    Stack gone = stack;
    boost::context::protected_fixedsize_stack(bytes_).deallocate(gone);
}

}  // namespace sluice::env
