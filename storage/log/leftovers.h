#pragma once

#include <string>
#include <vector>

#include "core/env/disk.h"
#include "storage/log/index_files.h"
#include "storage/log/resources.h"

namespace sluice::storage {

// What work that was interrupted left in the directory of a log, which nobody uses yet. May be
// interrupted anywhere and done again.
class Leftovers {
public:
    Leftovers(LogResources& resources, IndexFiles& indexes, std::string directory);

    // Finishes or undoes all of it. `entries` are the directory's, before and after.
    Result<void> tidy(std::vector<env::DirectoryEntry>& entries);
    // With everything that belongs to it; durable on return.
    Result<void> remove_segment(Offset base);

private:
    Result<bool> finish(const std::vector<env::DirectoryEntry>& entries);
    Result<void> finish_swap(Offset base);
    Result<void> remove_orphans(const std::vector<env::DirectoryEntry>& entries);

    LogResources& resources_;
    env::Disk& disk_;
    IndexFiles& indexes_;
    const std::string directory_;
};

}  // namespace sluice::storage
