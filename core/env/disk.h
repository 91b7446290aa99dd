#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace sluice::env {

// One open file. Operations of one file may overlap; overlapping writes to the same bytes are the
// caller's mistake. Destroying it closes it without syncing; no operation may be under way then.
//
// What is durable: only what a sync() that began after the write returned without an error has
// covered, and what write_durable() took. After a failed sync or durable write nothing written
// since the last good one can be trusted to ever become durable, whatever later syncs say.
//
// A read or write whose offset, sizes and addresses are all multiples of 4096 goes past the page
// cache where the file system can; every other one, and the rest of one that was taken in part,
// goes through it. Both see each other's bytes, and a sync covers both.
class File {
public:
    virtual ~File() = default;

    // Reads at most into.size() bytes at `offset` and says how many; fewer than asked for is not an
    // error, 0 is the end of the file. The buffer is the caller's, in use until return.
    virtual Result<std::size_t> read(std::uint64_t offset, MutableSlice into) = 0;
    // Writes `pieces` one behind the other at `offset` and says how many bytes were taken: perhaps
    // not all, the rest is the caller's to write again. Error::no_space when the disk is full. The
    // pieces are the caller's, in use until return.
    virtual Result<std::size_t> write(std::uint64_t offset, std::span<const Slice> pieces) = 0;
    // The same, and what it says it took would survive a power cut, with the file's size; nothing
    // else that was written need. Cheaper than a write and a sync, most of all over bytes that are
    // on disk already.
    virtual Result<std::size_t> write_durable(std::uint64_t offset,
                                              std::span<const Slice> pieces) = 0;
    // Waits until all data written before, and the file's size, would survive a power cut. A new
    // file also needs Disk::sync_directory for its name.
    virtual Result<void> sync() = 0;
    virtual Result<void> truncate(std::uint64_t size) = 0;
    virtual Result<std::uint64_t> size() = 0;
};

enum class OpenMode {
    read,        // Must exist.
    write,       // Read and write; must exist.
    create,      // Read and write; made empty when missing.
    create_new,  // Read and write; Error::exists when it is there.
};

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;

    friend auto operator<=>(const DirectoryEntry&, const DirectoryEntry&) = default;
};

struct DiskSpace {
    std::uint64_t total_bytes = 0;
    std::uint64_t usable_bytes = 0;
};

// Keeps other processes from a data directory until it is destroyed.
class DiskLock {
public:
    virtual ~DiskLock() = default;
};

// A shard's way to a file system. Paths are separated by '/', relative to a root the maker knows.
// Names, renames and removals are durable only after sync_directory of the directory they stand in.
class Disk {
public:
    virtual ~Disk() = default;

    virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    // Also makes the missing directories above it; fine when it is there already.
    virtual Result<void> make_directory(const std::string& path) = 0;
    // A file or an empty directory.
    virtual Result<void> remove(const std::string& path) = 0;
    // Takes the place of `to` when that exists, atomically.
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    // Sorted by name.
    virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
    virtual Result<void> sync_directory(const std::string& path) = 0;
    virtual Result<DiskSpace> space(const std::string& path) = 0;
    // Error::exists while another process holds it.
    virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

}  // namespace sluice::env
