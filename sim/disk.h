#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/strong.h"
#include "core/env/disk.h"
#include "sim/file_image.h"

namespace sluice::sim {

using FileId = Strong<struct FileIdTag, std::uint64_t>;

// A machine's file system as a value: copying it is cheap, since unchanged blocks are shared.
// Nothing here waits or fails by chance; the door in front of it does (sim/disk_door.h).
//
// A process that crashes leaves it as it is. crash_clone() is what a power cut leaves: file
// contents by FileImage's rules, and of the names that were created, renamed or removed and whose
// directory was not synced since, any subset, each name for itself and in its own order. The model
// is a journaling file system that is as unkind as POSIX allows:
//  - syncing a file makes its data and size durable, not its name;
//  - a rename is atomic in the new name: it shows the old file or the new one, never none. The old
//    name goes together with that or is still there beside it, but never goes before it, whichever
//    directory is synced first;
//  - a directory whose own name was lost takes everything below it along.
class SimDisk {
public:
    struct Options {
        std::uint64_t capacity_bytes = std::uint64_t{1} << 30;
    };

    explicit SimDisk(const Options& options);
    SimDisk() : SimDisk(Options{}) {}

    Result<FileId> open(const std::string& path, env::OpenMode mode);
    void close(FileId file);

    // Reads no further than the end of the file.
    Result<std::size_t> read(FileId file, std::uint64_t offset, MutableSlice into);
    // Writes up to `bytes_max` of the pieces, less when the disk gets full.
    Result<std::size_t> write(FileId file, std::uint64_t offset, std::span<const Slice> pieces,
                              std::size_t bytes_max = SIZE_MAX);
    Result<void> truncate(FileId file, std::uint64_t size);
    std::uint64_t size(FileId file) const { return inodes_.at(file.value).image.size(); }
    FileImage& image(FileId file) { return inodes_.at(file.value).image; }

    // A sync covers what was written before it began.
    using SyncTicket = FileImage::Ticket;
    SyncTicket begin_sync(FileId file) const { return inodes_.at(file.value).image.begin_sync(); }
    void end_sync(FileId file, const SyncTicket& ticket) { image(file).end_sync(ticket); }
    void fail_sync(FileId file, const SyncTicket& ticket, bool drops) {
        image(file).fail_sync(ticket, drops, random_);
    }

    Result<void> make_directory(const std::string& path);
    Result<void> remove(const std::string& path);
    Result<void> rename(const std::string& from, const std::string& to);
    Result<std::vector<env::DirectoryEntry>> list(const std::string& path) const;
    struct DirectoryTicket {
        std::uint64_t directory = 0;
        std::uint64_t change = 0;
    };
    Result<DirectoryTicket> begin_sync_directory(const std::string& path) const;
    void end_sync_directory(const DirectoryTicket& ticket);

    env::DiskSpace space() const;
    void set_capacity(std::uint64_t bytes) { options_.capacity_bytes = bytes; }
    std::uint64_t capacity() const { return options_.capacity_bytes; }
    std::uint64_t used_bytes() const { return used_blocks_ * block_bytes; }

    // Locks go with the process that holds them.
    Result<void> lock(const std::string& path, std::uint64_t holder);
    void unlock(const std::string& path) { locks_.erase(path); }
    void unlock_all(std::uint64_t holder);

    // The disk as it could be after a power cut now.
    SimDisk crash_clone(PowerCut cut) const;

    // Draws of the model itself: which unsynced versions may surface, what is evicted when.
    void set_random(Random random) { random_ = random; }

    // Files that exist, for damage and for oracles: sorted paths.
    std::vector<std::string> files() const;
    Result<FileId> find_file(const std::string& path) const;
    std::string path_of(FileId file) const;

private:
    struct Inode {
        bool is_directory = false;
        FileImage image;
        using Names = std::map<std::string, std::uint64_t, std::less<>>;
        Names entries;              // As processes see them,
        Names durable_entries;      // and after a power cut.
        std::uint32_t holders = 0;  // Names, pending changes and open files that refer to it.
    };
    // One name of one directory now means `after` (0: nothing); not durable yet.
    struct Change {
        std::uint64_t number = 0;
        std::uint64_t directory = 0;
        std::string name;
        std::uint64_t after = 0;
        std::uint64_t needs = 0;  // The change that gave a renamed file its new name.
    };
    struct Place {
        std::uint64_t directory = 0;
        std::string name;
        std::uint64_t target = 0;  // 0: no such entry.
    };
    static constexpr std::uint64_t root = 1;

    Result<std::uint64_t> directory_of(std::span<const std::string_view> parts) const;
    Result<Place> find(const std::string& path) const;
    std::uint64_t make_inode(bool is_directory);
    std::uint64_t set_entry(const Place& place, std::uint64_t after, std::uint64_t needs = 0);
    void hold(std::uint64_t inode);
    void let_go(std::uint64_t inode);
    void make_durable(const Change& change);
    void apply_pending(const std::vector<std::uint64_t>& numbers);
    void keep_some_names(SimDisk& after, PowerCut& cut) const;
    void drop_unreachable();
    void collect_files(std::uint64_t directory, const std::string& prefix,
                       std::vector<std::string>& found) const;
    bool has_room(std::uint64_t blocks) const {
        return (used_blocks_ + blocks) * block_bytes <= options_.capacity_bytes;
    }

    Options options_;
    std::map<std::uint64_t, Inode> inodes_;
    std::uint64_t inodes_made_ = root;
    std::vector<Change> pending_;
    std::uint64_t changes_ = 0;
    std::uint64_t used_blocks_ = 0;
    std::map<std::string, std::uint64_t> locks_;
    Random random_{0};
};

}  // namespace sluice::sim
