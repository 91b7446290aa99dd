#pragma once

#include "core/env/disk.h"
#include "core/posix/reactor.h"

namespace sluice::posix {

// Real files below `root`, for one shard.
class PosixDisk final : public env::Disk {
public:
    PosixDisk(Reactor& reactor, std::string root) : reactor_(reactor), root_(std::move(root)) {}

    Result<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> remove(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<std::vector<env::DirectoryEntry>> list(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<env::DiskSpace> space(const std::string& path) override;
    Result<std::unique_ptr<env::DiskLock>> lock(const std::string& path) override;

private:
    std::string full(const std::string& path) const { return root_ + "/" + path; }

    Reactor& reactor_;
    std::string root_;
};

}  // namespace sluice::posix
