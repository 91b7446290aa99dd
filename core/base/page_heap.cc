#include "core/base/page_heap.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/page_slabs.h"

namespace sluice {
namespace {

static_assert(PageSlabs::page_bytes == PageHeap::page_bytes);

constexpr std::size_t round_up(std::size_t n, std::size_t to) {
    return (n + to - 1) / to * to;
}

}  // namespace

class PageHeap::Pages final : public BufferHome {
public:
    explicit Pages(std::unique_ptr<PageSpace> space)
        : space_(std::move(space)),
          all_(space_->all()),
          units_(all_.size() / PageSpace::unit_bytes) {
        free_.emplace(0, all_.size());
    }

    // Nothing when there is no room.
    Buffer take(std::size_t size) {
        const std::lock_guard guard(mutex_);
        const auto at = is_small(size) ? take_small(size) : take_run(size);
        if (!at) return {};
        ++buffers_;
        return Buffer::lent(*this, all_.subspan(*at, size));
    }

    void take_back(MutableSlice memory) override {
        bool last = false;
        {
            const std::lock_guard guard(mutex_);
            const auto at = static_cast<std::size_t>(memory.data() - all_.data());
            if (is_small(memory.size()))
                slabs_.take_back(at, memory.size());
            else
                insert(at, memory.size());
            last = --buffers_ == 0 && closed_;
        }
        if (last) delete this;
    }

    void trim() {
        const std::lock_guard guard(mutex_);
        for (const std::size_t slab : slabs_.give_up_empty()) insert(slab, PageSlabs::slab_bytes);
        for (std::size_t i = 0; i < units_.size(); ++i) {
            Unit& unit = units_[i];
            const bool rested = !std::exchange(unit.was_used, unit.used > 0) && unit.used == 0;
            if (!rested || !std::exchange(unit.has_memory, false)) continue;
            space_->forget(all_.subspan(i * PageSpace::unit_bytes, PageSpace::unit_bytes));
        }
    }

    // Nothing is taken any more.
    void close() {
        bool last = false;
        {
            const std::lock_guard guard(mutex_);
            closed_ = true;
            last = buffers_ == 0;
        }
        if (last) delete this;
    }

private:
    struct Unit {
        std::size_t used = 0;   // Bytes of it in buffers and slabs.
        bool was_used = false;  // Since the last trim.
        bool has_memory = false;
    };

    static bool is_small(std::size_t size) { return size <= PageSlabs::buffer_bytes_max; }

    // The lowest that is free, so that what lies high comes to rest.
    std::optional<std::size_t> take_run(std::size_t size) {
        const auto run =
            std::ranges::find_if(free_, [&](const auto& each) { return each.second >= size; });
        if (run == free_.end()) return std::nullopt;
        const auto [at, run_size] = *run;
        free_.erase(run);
        if (run_size > size) free_.emplace(at + size, run_size - size);
        for_units(at, size, [](Unit& unit, std::size_t bytes) {
            unit.used += bytes;
            unit.has_memory = unit.was_used = true;
        });
        return at;
    }

    std::optional<std::size_t> take_small(std::size_t size) {
        if (const auto at = slabs_.take(size)) return at;
        const auto slab = take_run(PageSlabs::slab_bytes);
        if (!slab) return std::nullopt;
        slabs_.add_slab(*slab, size);
        return slabs_.take(size);
    }

    template <class Visit>
    void for_units(std::size_t at, std::size_t size, Visit visit) {
        for (const std::size_t end = at + size; at < end;) {
            const std::size_t unit = at / PageSpace::unit_bytes;
            const std::size_t next = std::min(end, (unit + 1) * PageSpace::unit_bytes);
            visit(units_[unit], next - at);
            at = next;
        }
    }

    // Joined with what is free before and behind it.
    void insert(std::size_t at, std::size_t size) {
        for_units(at, size, [](Unit& unit, std::size_t bytes) { unit.used -= bytes; });
        auto behind = free_.lower_bound(at);
        if (behind != free_.end() && behind->first == at + size) {
            size += behind->second;
            behind = free_.erase(behind);
        }
        if (behind != free_.begin()) {
            const auto before = std::prev(behind);
            if (before->first + before->second == at) {
                before->second += size;
                return;
            }
        }
        free_.emplace_hint(behind, at, size);
    }

    const std::unique_ptr<PageSpace> space_;
    const MutableSlice all_;
    std::mutex mutex_;
    std::map<std::size_t, std::size_t> free_;  // Sizes, by place; no two of them touch.
    std::vector<Unit> units_;
    PageSlabs slabs_;
    std::size_t buffers_ = 0;
    bool closed_ = false;
};

PageHeap::PageHeap(std::unique_ptr<PageSpace> space)
    : pages_(space ? new Pages(std::move(space)) : nullptr) {}

PageHeap::~PageHeap() {
    if (pages_ != nullptr) pages_->close();
}

Buffer PageHeap::take(std::size_t bytes) {
    const std::size_t size = round_up(bytes, page_bytes);
    Buffer buffer;
    if (pages_ != nullptr && size > 0) buffer = pages_->take(size);
    return buffer ? buffer : Buffer::allocate(size, page_bytes);
}

void PageHeap::trim() {
    if (pages_ != nullptr) pages_->trim();
}

}  // namespace sluice
