#include "storage/log/file_cache.h"

#include "core/base/assert.h"

namespace sluice::storage {

FileCache::~FileCache() {
    ASSERT(idle_.size() == entries_.size());
    ASSERT(forgotten_.empty());
}

Result<FileCache::Pin> FileCache::open(const std::string& path, env::OpenMode mode) {
    const bool writable = mode != env::OpenMode::read;
    const auto found = entries_.find(path);
    if (found != entries_.end()) {
        if (found->second->writable || !writable) return pin(*found->second);
        forget(path);
    }
    TRY(auto file, disk_.open(path, mode));
    // Somebody else may have opened it meanwhile: one open file is enough, unless it cannot write.
    const auto now = entries_.find(path);
    if (now != entries_.end()) {
        if (now->second->writable || !writable) return pin(*now->second);
        forget(path);
    }
    auto entry = std::make_unique<Entry>();
    entry->path = path;
    entry->file = std::move(file);
    entry->writable = writable;
    Entry& added = *entry;
    entries_.emplace(path, std::move(entry));
    return Pin(*this, added);
}

FileCache::Pin FileCache::pin(Entry& entry) {
    if (entry.pins == 0) idle_.erase(entry.idle_since);
    return Pin(*this, entry);
}

void FileCache::unpin(Entry& entry) {
    ASSERT(entry.pins > 0);
    if (--entry.pins > 0) return;
    if (entry.forgotten) {
        std::erase_if(forgotten_, [&](const auto& other) { return other.get() == &entry; });
        return;
    }
    entry.idle_since = ++uses_;
    idle_.emplace(entry.idle_since, &entry);
    close_idle();
}

void FileCache::forget(const std::string& path) {
    const auto found = entries_.find(path);
    if (found == entries_.end()) return;
    Entry& entry = *found->second;
    if (entry.pins == 0) {
        idle_.erase(entry.idle_since);
    } else {
        entry.forgotten = true;
        forgotten_.push_back(std::move(found->second));
    }
    entries_.erase(found);
}

void FileCache::close_idle() {
    while (idle_.size() > idle_files_max_) {
        const std::string path = idle_.begin()->second->path;
        idle_.erase(idle_.begin());
        entries_.erase(path);
    }
}

}  // namespace sluice::storage
