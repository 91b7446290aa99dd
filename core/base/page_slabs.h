#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

// Places for small buffers, in slabs of pages that each hold many of one size. Who owns the pages
// gives it slabs when it asks for them. Places are counted in bytes from the first page.
class PageSlabs {
public:
    static constexpr std::size_t page_bytes = 4096;
    static constexpr std::size_t slab_bytes = 32 * page_bytes;
    // Larger buffers are not its.
    static constexpr std::size_t buffer_bytes_max = 7 * page_bytes;

    // The lowest place that is free for `size` bytes, in whole pages; nothing without another slab.
    std::optional<std::size_t> take(std::size_t size);
    void add_slab(std::size_t place, std::size_t size);
    void take_back(std::size_t place, std::size_t size);
    // The slabs that hold no buffer: they are not its any more.
    std::vector<std::size_t> give_up_empty();

private:
    // Buffers of one size.
    struct Slab {
        std::size_t place;
        std::uint32_t free;  // A bit each.
    };
    struct Class {
        std::vector<Slab> slabs;  // By place.
        std::size_t full = 0;     // So many of the first ones are full.
    };

    Class& class_of(std::size_t size);
    static std::uint32_t all_free(std::size_t size);

    std::array<Class, buffer_bytes_max / page_bytes> classes_;
};

}  // namespace sluice
