#pragma once

#include <list>
#include <map>

#include "core/env/disk.h"
#include "core/env/event.h"
#include "sim/disk_device.h"
#include "sim/life.h"
#include "sim/shard.h"

namespace sluice::sim {

// The disk of one shard of one process. Every call may wait, even where a real disk answers at
// once, and takes effect at its beginning or at its end; a process that crashes meanwhile leaves it
// done, not done or, for a write, done in part.
class DiskDoor final : public env::Disk {
public:
    DiskDoor(World& world, DiskDevice& device, Life& life, Shard& shard, std::uint64_t holder)
        : world_(world), device_(device), life_(life), shard_(shard), holder_(holder) {}

    Result<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> remove(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<std::vector<env::DirectoryEntry>> list(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<env::DiskSpace> space(const std::string& path) override;
    Result<std::unique_ptr<env::DiskLock>> lock(const std::string& path) override;

    // The process has died: decides what became of the calls under way and ends them.
    void die();

private:
    class OpenFile;
    class Lock;

    // A call under way; lives in the frame of the fiber that waits for it.
    struct Operation {
        explicit Operation(env::Scheduler& scheduler) : done(scheduler) {}
        env::Completion done;
        void (*effect)(void* context, std::uint64_t bytes_max) = nullptr;
        void* context = nullptr;
        std::uint64_t bytes = 0;
        std::uint64_t digest = 0;
        bool took_effect = false;
        bool died = false;

        void take_effect(std::uint64_t bytes_max) {
            if (took_effect) return;
            took_effect = true;
            effect(context, bytes_max);
        }
    };
    struct Call {
        DiskDevice::Call kind;
        std::string_view verb;
        const std::string& path;
        std::uint64_t offset = 0;
        std::uint64_t bytes = 0;
        std::uint64_t digest = 0;
    };

    // Runs `effect(bytes_max)` once, at some moment of the call; false when the process died.
    template <class Effect>
    bool perform(const Call& call, Effect effect);
    void run(const Call& call, Operation& operation);
    void closed(FileId file);
    // A call on names, which may fail for no reason of ours.
    template <class T, class Effect>
    Result<T> change_names(std::string_view verb, const std::string& path, Effect effect);

    World& world_;
    DiskDevice& device_;
    Life& life_;
    Shard& shard_;
    const std::uint64_t holder_;
    std::list<Operation*> under_way_;
    std::map<FileId, std::uint32_t> open_;
};

}  // namespace sluice::sim
