#include "core/posix/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

#include "core/env/sanitizers.h"

namespace sluice::posix {
namespace {

constexpr std::size_t unit = PageSpace::unit_bytes;

class HugePages final : public PageSpace {
public:
    explicit HugePages(MutableSlice mapped) : mapped_(mapped) {
        const auto at = reinterpret_cast<std::uintptr_t>(mapped.data());
        all_ = mapped.subspan((unit - at % unit) % unit).first(mapped.size() - unit);
        // Where it is refused the pages are small ones.
        madvise(all_.data(), all_.size(), MADV_HUGEPAGE);
    }
    ~HugePages() override { munmap(mapped_.data(), mapped_.size()); }
    HugePages(const HugePages&) = delete;
    HugePages& operator=(const HugePages&) = delete;

    MutableSlice all() override { return all_; }
    void forget(MutableSlice units) override { madvise(units.data(), units.size(), MADV_DONTNEED); }

private:
    const MutableSlice mapped_;
    MutableSlice all_;
};

}  // namespace

std::unique_ptr<PageSpace> huge_pages(std::size_t bytes) {
    if (env::allocations_are_watched) return nullptr;
    // One more, to begin at a multiple.
    const std::size_t size = (bytes + unit - 1) / unit * unit + unit;
    void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    return std::make_unique<HugePages>(MutableSlice(static_cast<std::uint8_t*>(mapped), size));
}

}  // namespace sluice::posix
