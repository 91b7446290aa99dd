#include "storage/log/index_cache.h"

namespace sluice::storage {

const SegmentIndex* IndexCache::find(const std::string& path) {
    const auto found = entries_.find(path);
    if (found == entries_.end()) return nullptr;
    by_use_.erase(found->second.used);
    found->second.used = ++uses_;
    by_use_.emplace(uses_, path);
    return &found->second.index;
}

const SegmentIndex& IndexCache::add(const std::string& path, SegmentIndex index) {
    forget(path);
    while (!by_use_.empty() && bytes_ + index.memory_bytes() > bytes_max_)
        forget(std::string(by_use_.begin()->second));
    bytes_ += index.memory_bytes();
    by_use_.emplace(++uses_, path);
    return entries_.emplace(path, Entry{std::move(index), uses_}).first->second.index;
}

void IndexCache::forget(const std::string& path) {
    const auto found = entries_.find(path);
    if (found == entries_.end()) return;
    bytes_ -= found->second.index.memory_bytes();
    by_use_.erase(found->second.used);
    entries_.erase(found);
}

}  // namespace sluice::storage
