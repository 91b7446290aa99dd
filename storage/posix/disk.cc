#include "storage/posix/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/posix/error.h"

namespace sluice::posix {
namespace {

constexpr std::size_t pieces_per_call_max = 256;
// core/env/disk.h promises it.
constexpr std::size_t direct_alignment = 4096;

class PosixFile final : public env::File {
public:
    PosixFile(Reactor& reactor, int fd, bool writable)
        : reactor_(reactor), fd_(fd), writable_(writable) {}
    ~PosixFile() override {
        close(fd_);
        if (direct_fd_ >= 0) close(direct_fd_);
    }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    Result<std::size_t> read(std::uint64_t offset, MutableSlice into) override {
        iovec piece{into.data(), into.size()};
        return count_of(perform(OperationKind::read, offset, {&piece, 1}));
    }

    Result<std::size_t> write(std::uint64_t offset, std::span<const Slice> pieces) override {
        return count_of(write_as(OperationKind::write, offset, pieces));
    }

    Result<std::size_t> write_durable(std::uint64_t offset,
                                      std::span<const Slice> pieces) override {
        const int result = write_as(OperationKind::write_durable, offset, pieces);
        if (result != -EOPNOTSUPP) return count_of(result);
        TRY(const std::size_t count, write(offset, pieces));
        CHECK_OK(sync());
        return count;
    }

    Result<void> sync() override {
        Operation op{.kind = OperationKind::sync, .fd = fd_};
        CHECK_OK(count_of(reactor_.perform(op)));
        return {};
    }

    Result<void> truncate(std::uint64_t size) override {
        if (ftruncate(fd_, static_cast<off_t>(size)) != 0) return error_of(errno);
        return {};
    }

    Result<std::uint64_t> size() override {
        struct stat facts {};
        if (fstat(fd_, &facts) != 0) return error_of(errno);
        return static_cast<std::uint64_t>(facts.st_size);
    }

private:
    static Result<std::size_t> count_of(int result) {
        if (result < 0) return error_of(-result);
        return static_cast<std::size_t>(result);
    }

    int write_as(OperationKind kind, std::uint64_t offset, std::span<const Slice> pieces) {
        std::array<iovec, pieces_per_call_max> list;
        const std::size_t count = std::min(pieces.size(), list.size());
        for (std::size_t i = 0; i < count; ++i)
            list[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
        return perform(kind, offset, std::span(list).first(count));
    }

    // What the system call answered.
    int perform(OperationKind kind, std::uint64_t offset, std::span<iovec> pieces) {
        Operation op{.kind = kind,
                     .fd = fd_,
                     .pieces = pieces.data(),
                     .piece_count = static_cast<unsigned>(pieces.size())};
        op.offset = offset;
        if (!is_aligned(offset, pieces) || !open_direct()) return reactor_.perform(op);
        op.fd = direct_fd_;
        const int result = reactor_.perform(op);
        if (result != -EINVAL) return result;
        // The device wants more than 4096 gives.
        direct_refused_ = true;
        Operation again{.kind = kind,
                        .fd = fd_,
                        .pieces = pieces.data(),
                        .piece_count = static_cast<unsigned>(pieces.size())};
        again.offset = offset;
        return reactor_.perform(again);
    }

    static bool is_aligned(std::uint64_t offset, std::span<const iovec> pieces) {
        std::uint64_t all = offset;
        for (const iovec& piece : pieces)
            all |= reinterpret_cast<std::uintptr_t>(piece.iov_base) | piece.iov_len;
        return all % direct_alignment == 0 && !pieces.empty();
    }

    // Through /proc, because the file may have another name by now, or none.
    bool open_direct() {
        if (direct_fd_ >= 0) return true;
        if (direct_refused_) return false;
        const std::string path = "/proc/self/fd/" + std::to_string(fd_);
        direct_fd_ = ::open(path.c_str(), (writable_ ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
        direct_refused_ = direct_fd_ < 0;
        return !direct_refused_;
    }

    Reactor& reactor_;
    const int fd_;
    const bool writable_;
    int direct_fd_ = -1;  // The same file, past the page cache; opened when first wanted.
    bool direct_refused_ = false;
};

class PosixLock final : public env::DiskLock {
public:
    explicit PosixLock(int fd) : fd_(fd) {}
    ~PosixLock() override { close(fd_); }
    PosixLock(const PosixLock&) = delete;
    PosixLock& operator=(const PosixLock&) = delete;

private:
    int fd_;
};

int flags_of(env::OpenMode mode) {
    switch (mode) {
        case env::OpenMode::read:
            return O_RDONLY;
        case env::OpenMode::write:
            return O_RDWR;
        case env::OpenMode::create:
            return O_RDWR | O_CREAT;
        case env::OpenMode::create_new:
            return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

// What a system call answers, as a value that can cross threads.
int or_errno(int result) {
    return result >= 0 ? result : -errno;
}

Result<void> outcome(int result) {
    if (result < 0) return error_of(-result);
    return {};
}

int make_directories(const std::string& path) {
    for (std::size_t slash = 1; slash != std::string::npos;) {
        slash = path.find('/', slash + 1);
        if (mkdir(path.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST) return -errno;
    }
    return 0;
}

int list_directory(const std::string& path, std::vector<env::DirectoryEntry>& entries) {
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr) return -errno;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        bool is_directory = entry->d_type == DT_DIR;
        if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
            struct stat facts {};
            is_directory = stat((path + "/" + name).c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
        }
        entries.push_back({name, is_directory});
    }
    closedir(directory);
    return 0;
}

}  // namespace

Result<std::unique_ptr<env::File>> PosixDisk::open(const std::string& path, env::OpenMode mode) {
    const int fd = ::open(full(path).c_str(), flags_of(mode) | O_CLOEXEC, 0644);
    if (fd < 0) return error_of(errno);
    const bool writable = mode != env::OpenMode::read;
    return std::unique_ptr<env::File>(std::make_unique<PosixFile>(reactor_, fd, writable));
}

Result<void> PosixDisk::make_directory(const std::string& path) {
    return outcome(make_directories(full(path)));
}

Result<void> PosixDisk::remove(const std::string& path) {
    // Freeing the blocks of a large file takes long enough to stall a shard.
    return outcome(
        reactor_.run_blocking([name = full(path)] { return or_errno(::remove(name.c_str())); }));
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
    return outcome(or_errno(::rename(full(from).c_str(), full(to).c_str())));
}

Result<std::vector<env::DirectoryEntry>> PosixDisk::list(const std::string& path) {
    std::vector<env::DirectoryEntry> entries;
    CHECK_OK(outcome(list_directory(full(path), entries)));
    std::sort(entries.begin(), entries.end());
    return entries;
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
    return outcome(reactor_.run_blocking([name = full(path)] {
        const int fd = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return -errno;
        const int result = or_errno(fsync(fd));
        close(fd);
        return result;
    }));
}

Result<env::DiskSpace> PosixDisk::space(const std::string& path) {
    struct statvfs facts {};
    if (statvfs(full(path).c_str(), &facts) != 0) return error_of(errno);
    return env::DiskSpace{.total_bytes = facts.f_blocks * facts.f_frsize,
                          .usable_bytes = facts.f_bavail * facts.f_frsize};
}

Result<std::unique_ptr<env::DiskLock>> PosixDisk::lock(const std::string& path) {
    const int fd = ::open(full(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return error_of(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int why = errno;
        close(fd);
        return why == EWOULDBLOCK ? Error::exists : error_of(why);
    }
    return std::unique_ptr<env::DiskLock>(std::make_unique<PosixLock>(fd));
}

}  // namespace sluice::posix
