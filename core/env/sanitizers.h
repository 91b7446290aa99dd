#pragma once

#include <cstddef>

// GCC defines these itself.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace sluice::env {

// Misuse is found only of memory that the allocator gave for itself.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool allocations_are_watched = true;
#else
inline constexpr bool allocations_are_watched = false;
#endif

// A stack is given back to the system: its memory is nobody's stack any more.
inline void forget_stack([[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(bottom, size);
#endif
}

// Tells the sanitizers that a thread goes on on another stack: nothing in a build without them.
// Every switch is leave() on the old stack, then the jump, then arrived() on the new one.
class SwitchNotes {
public:
#if defined(__SANITIZE_THREAD__)
    void* make_fiber() {
        return __tsan_create_fiber(0);
    }
    void destroy_fiber(void* fiber) {
        __tsan_destroy_fiber(fiber);
    }
    void leave_to_fiber(void* fiber) {
        driver_ = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(fiber, 0);
    }
    void leave_to_driver() {
        __tsan_switch_to_fiber(driver_, 0);
    }
#else
    void* make_fiber() {
        return nullptr;
    }
    void destroy_fiber(void*) {}
    void leave_to_fiber(void*) {}
    void leave_to_driver() {}
#endif

#if defined(__SANITIZE_ADDRESS__)
    void start_into(void** keep, const void* bottom, std::size_t size) {
        __sanitizer_start_switch_fiber(keep, bottom, size);
    }
    void start_back(void** keep) {
        __sanitizer_start_switch_fiber(keep, bottom_, size_);
    }
    void arrived_in_fiber(void* kept) {
        __sanitizer_finish_switch_fiber(kept, &bottom_, &size_);
    }
    void arrived_in_driver(void* kept) {
        __sanitizer_finish_switch_fiber(kept, nullptr, nullptr);
    }
#else
    void start_into(void**, const void*, std::size_t) {}
    void start_back(void**) {}
    void arrived_in_fiber(void*) {}
    void arrived_in_driver(void*) {}
#endif

private:
    [[maybe_unused]] const void* bottom_ = nullptr;  // The driver's stack.
    [[maybe_unused]] std::size_t size_ = 0;
    [[maybe_unused]] void* driver_ = nullptr;
};

}  // namespace sluice::env
