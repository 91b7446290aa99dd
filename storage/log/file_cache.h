#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/env/disk.h"

namespace sluice::storage {

// The open files of a shard's logs. Who uses a file pins it; files that nobody uses stay open up to
// a limit, those used last. Opening may wait.
class FileCache {
    struct Entry {
        std::string path;
        std::unique_ptr<env::File> file;
        bool writable = false;
        bool forgotten = false;
        int pins = 0;
        std::uint64_t idle_since = 0;
    };

public:
    class Pin {
    public:
        Pin() = default;
        Pin(Pin&& other) noexcept
            : cache_(std::exchange(other.cache_, nullptr)),
              entry_(std::exchange(other.entry_, nullptr)) {}
        Pin& operator=(Pin&& other) noexcept {
            std::swap(cache_, other.cache_);
            std::swap(entry_, other.entry_);
            return *this;
        }
        Pin(const Pin&) = delete;
        Pin& operator=(const Pin&) = delete;
        ~Pin() { release(); }

        explicit operator bool() const { return entry_ != nullptr; }
        env::File& operator*() const { return *entry_->file; }
        env::File* operator->() const { return entry_->file.get(); }
        void release() {
            if (entry_) cache_->unpin(*std::exchange(entry_, nullptr));
        }

    private:
        friend class FileCache;
        Pin(FileCache& cache, Entry& entry) : cache_(&cache), entry_(&entry) { ++entry.pins; }

        FileCache* cache_ = nullptr;
        Entry* entry_ = nullptr;
    };

    FileCache(env::Disk& disk, std::size_t idle_files_max)
        : disk_(disk), idle_files_max_(idle_files_max) {}
    ~FileCache();
    FileCache(const FileCache&) = delete;
    FileCache& operator=(const FileCache&) = delete;

    // The file, opened for writing when `mode` is not OpenMode::read; made if `mode` says so.
    Result<Pin> open(const std::string& path, env::OpenMode mode);
    // The name means nothing any more (renamed, removed): closed when its last user is done.
    void forget(const std::string& path);

private:
    Pin pin(Entry& entry);
    void unpin(Entry& entry);
    void close_idle();

    env::Disk& disk_;
    const std::size_t idle_files_max_;
    std::map<std::string, std::unique_ptr<Entry>> entries_;
    std::vector<std::unique_ptr<Entry>> forgotten_;
    std::map<std::uint64_t, Entry*> idle_;
    std::uint64_t uses_ = 0;
};

}  // namespace sluice::storage
