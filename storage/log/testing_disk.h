#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/env/disk.h"
#include "core/env/event.h"
#include "storage/log/names.h"

namespace sluice::storage::testing {

// A disk in memory for unit tests: it knows what a power cut would leave, and fails on request.
// Every call gives way to other fibers, as the real ones do.
class TestDisk final : public env::Disk {
public:
    struct Inode {
        std::vector<std::uint8_t> now;
        std::vector<std::uint8_t> synced;
    };
    using Names = std::map<std::string, Inode*>;  // Directories have no inode.

    explicit TestDisk(env::Scheduler& scheduler) : scheduler_(&scheduler) { now_[""] = nullptr; }

    // Faults.
    std::size_t write_bytes_max = SIZE_MAX;  // Takes no more at once.
    std::uint64_t space_left = UINT64_MAX;
    bool fail_syncs = false;
    bool fail_writes = false;
    std::string fail_only = "";  // Only paths that contain it.
    // Counts.
    int syncs = 0;
    int opens = 0;

    // Keeps only what was synced.
    void power_cut() {
        now_ = synced_;
        now_[""] = nullptr;
        for (auto& [path, inode] : now_)
            if (inode) inode->now = inode->synced;
    }
    void forget_all() {
        now_ = {{"", nullptr}};
        synced_.clear();
    }
    void use(env::Scheduler& scheduler) { scheduler_ = &scheduler; }
    std::vector<std::uint8_t>& content(const std::string& path) { return now_.at(path)->now; }
    bool exists(const std::string& path) const { return now_.contains(path); }
    const Names& names() const { return now_; }
    void put(const std::string& path, std::vector<std::uint8_t> bytes) {
        now_[path] = make_inode();
        *now_[path] = {bytes, bytes};
        synced_[path] = now_[path];
    }

    Result<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override {
        CHECK_OK(pass(path));
        ++opens;
        const auto found = now_.find(path);
        const bool there = found != now_.end() && found->second;
        if (mode == env::OpenMode::create_new && there) return Error::exists;
        if (!there && (mode == env::OpenMode::read || mode == env::OpenMode::write))
            return Error::not_found;
        if (!there) {
            if (space_left == 0) return Error::no_space;
            now_[path] = make_inode();
        }
        return std::unique_ptr<env::File>(std::make_unique<TestFile>(*this, path, now_[path]));
    }
    Result<void> make_directory(const std::string& path) override {
        CHECK_OK(pass(path));
        now_.try_emplace(path, nullptr);
        return {};
    }
    Result<void> remove(const std::string& path) override {
        CHECK_OK(pass(path));
        if (now_.erase(path) == 0) return Error::not_found;
        return {};
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        CHECK_OK(pass(from));
        if (!now_.contains(from)) return Error::not_found;
        Names moved;
        for (auto entry = now_.begin(); entry != now_.end();) {
            const std::string& path = entry->first;
            if (path != from && !path.starts_with(from + "/")) {
                ++entry;
                continue;
            }
            moved[to + path.substr(from.size())] = entry->second;
            entry = now_.erase(entry);
        }
        for (auto& [path, inode] : moved) now_[path] = inode;
        return {};
    }
    Result<std::vector<env::DirectoryEntry>> list(const std::string& path) override {
        CHECK_OK(pass(path));
        if (!now_.contains(path)) return Error::not_found;
        std::vector<env::DirectoryEntry> entries;
        for (const auto& [name, inode] : now_)
            if (!name.empty() && parent(name) == path)
                entries.push_back({name.substr(path.empty() ? 0 : path.size() + 1), !inode});
        std::ranges::sort(entries);
        return entries;
    }
    Result<void> sync_directory(const std::string& path) override {
        CHECK_OK(pass(path));
        std::vector<std::string> gone;
        for (const auto& [name, inode] : synced_)
            if (parent(name) == path && !now_.contains(name)) gone.push_back(name);
        for (const std::string& name : gone)
            std::erase_if(synced_, [&](const auto& entry) {
                return entry.first == name || entry.first.starts_with(name + "/");
            });
        for (const auto& [name, inode] : now_)
            if (!name.empty() && parent(name) == path) synced_[name] = inode;
        return {};
    }
    Result<env::DiskSpace> space(const std::string&) override {
        return env::DiskSpace{UINT64_MAX, space_left};
    }
    Result<std::unique_ptr<env::DiskLock>> lock(const std::string&) override {
        return std::make_unique<env::DiskLock>();
    }

private:
    class TestFile final : public env::File {
    public:
        TestFile(TestDisk& disk, std::string path, Inode* inode)
            : disk_(disk), path_(std::move(path)), inode_(inode) {}

        Result<std::size_t> read(std::uint64_t offset, MutableSlice into) override {
            CHECK_OK(disk_.pass(path_));
            const auto& bytes = inode_->now;
            if (offset >= bytes.size()) return std::size_t{0};
            const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
            return count;
        }
        Result<std::size_t> write(std::uint64_t offset, std::span<const Slice> pieces) override {
            CHECK_OK(disk_.pass(path_));
            if (disk_.fails(disk_.fail_writes, path_)) return Error::io;
            std::vector<std::uint8_t> all;
            for (const Slice piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(
                std::min(all.size(), disk_.write_bytes_max), disk_.space_left));
            if (count == 0 && !all.empty()) return Error::no_space;
            if (disk_.space_left != UINT64_MAX) disk_.space_left -= count;
            auto& bytes = inode_->now;
            if (bytes.size() < offset + count) bytes.resize(offset + count);
            std::copy_n(all.begin(), count, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
            return count;
        }
        Result<std::size_t> write_durable(std::uint64_t offset,
                                          std::span<const Slice> pieces) override {
            TRY(const std::size_t count, write(offset, pieces));
            CHECK_OK(disk_.pass(path_));
            ++disk_.syncs;
            if (disk_.fails(disk_.fail_syncs, path_)) return Error::io;
            auto& synced = inode_->synced;
            if (synced.size() < inode_->now.size()) synced.resize(inode_->now.size());
            const auto from = inode_->now.begin() + static_cast<std::ptrdiff_t>(offset);
            std::copy_n(from, count, synced.begin() + static_cast<std::ptrdiff_t>(offset));
            return count;
        }
        Result<void> sync() override {
            const auto bytes = inode_->now;
            CHECK_OK(disk_.pass(path_));
            ++disk_.syncs;
            if (disk_.fails(disk_.fail_syncs, path_)) return Error::io;
            inode_->synced = bytes;
            return {};
        }
        Result<void> truncate(std::uint64_t size) override {
            CHECK_OK(disk_.pass(path_));
            inode_->now.resize(size);
            return {};
        }
        Result<std::uint64_t> size() override {
            CHECK_OK(disk_.pass(path_));
            return std::uint64_t{inode_->now.size()};
        }

    private:
        TestDisk& disk_;
        const std::string path_;
        Inode* inode_;
    };

    static std::string parent(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        return slash == std::string::npos ? "" : path.substr(0, slash);
    }
    Result<void> pass(const std::string& path) {
        if (path.size() - (path.rfind('/') + 1) > name_bytes_max) return Error::io;
        return env::yield(*scheduler_);
    }
    bool fails(bool switched_on, const std::string& path) const {
        return switched_on && path.find(fail_only) != std::string::npos;
    }

    Inode* make_inode() {
        inodes_.push_back(std::make_unique<Inode>());
        return inodes_.back().get();
    }

    env::Scheduler* scheduler_;
    std::vector<std::unique_ptr<Inode>> inodes_;  // For ever: a test is short.
    Names now_;
    Names synced_;
};

}  // namespace sluice::storage::testing
