#include "sim/disk_door.h"

#include <algorithm>

#include "core/base/crc32c.h"

namespace sluice::sim {
namespace {

// One call in so many ends without waiting, one takes effect as it begins.
constexpr std::uint64_t immediate_one_in = 12;
constexpr std::uint64_t early_one_in = 4;

std::uint64_t digest_of(std::string_view text) {
    return crc32c(as_slice(text));
}

}  // namespace

// An open file. Nothing it does has an effect once the process is dead: the power cut or the next
// process has long taken the disk over.
class DiskDoor::OpenFile final : public env::File {
public:
    OpenFile(DiskDoor& door, FileId file, std::string path)
        : door_(door), file_(file), path_(std::move(path)) {}
    ~OpenFile() override { door_.closed(file_); }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    Result<std::size_t> read(std::uint64_t offset, MutableSlice into) override {
        if (door_.life_.dead()) return Error::stopped;
        DiskDevice& device = door_.device_;
        const bool fails = device.strikes(FaultKind::read_error);
        if (into.size() > 1 && device.strikes(FaultKind::short_read))
            into = into.first(1 + device.random().below(into.size() - 1));
        Result<std::size_t> result = Error::stopped;
        const bool lived = door_.perform(
            {DiskDevice::Call::read, "read", path_, offset, into.size(), 0}, [&](std::uint64_t) {
                if (fails)
                    result = Error::io;
                else
                    result = device.image().read(file_, offset, into);
            });
        if (!lived) return Error::stopped;
        return result;
    }

    Result<std::size_t> write(std::uint64_t offset, std::span<const Slice> pieces) override {
        return write_as(DiskDevice::Call::write, offset, pieces);
    }
    Result<std::size_t> write_durable(std::uint64_t offset,
                                      std::span<const Slice> pieces) override {
        return write_as(DiskDevice::Call::write_durable, offset, pieces);
    }

    Result<void> sync() override {
        if (door_.life_.dead()) return Error::stopped;
        DiskDevice& device = door_.device_;
        const auto ticket = device.image().begin_sync(file_);
        const bool drops = device.strikes(FaultKind::sync_drops_pages);
        const bool forgets = !drops && device.strikes(FaultKind::sync_forgets_pages);
        const bool lived = door_.perform({DiskDevice::Call::sync, "sync", path_, ticket.size,
                                          ticket.entries.size() * block_bytes, 0},
                                         [&](std::uint64_t) {
                                             if (drops || forgets)
                                                 device.image().fail_sync(file_, ticket, drops);
                                             else
                                                 device.end_sync(file_, path_, ticket);
                                         });
        if (!lived) return Error::stopped;
        if (drops || forgets) return Error::io;
        return {};
    }

    Result<void> truncate(std::uint64_t size) override {
        if (door_.life_.dead()) return Error::stopped;
        const bool fails = door_.device_.strikes(FaultKind::write_error);
        Result<void> result = Error::io;
        const bool lived = door_.perform(
            {DiskDevice::Call::metadata, "truncate", path_, size, 0, 0}, [&](std::uint64_t) {
                if (!fails) result = door_.device_.image().truncate(file_, size);
            });
        if (!lived) return Error::stopped;
        return result;
    }

    Result<std::uint64_t> size() override {
        std::uint64_t size = 0;
        const bool lived =
            door_.perform({DiskDevice::Call::metadata, "size", path_, 0, 0, 0},
                          [&](std::uint64_t) { size = door_.device_.image().size(file_); });
        if (!lived) return Error::stopped;
        return size;
    }

private:
    Result<std::size_t> write_as(DiskDevice::Call call, std::uint64_t offset,
                                 std::span<const Slice> pieces) {
        if (door_.life_.dead()) return Error::stopped;
        DiskDevice& device = door_.device_;
        std::size_t bytes = 0;
        std::uint32_t digest = 0;
        for (const Slice piece : pieces) {
            bytes += piece.size();
            digest = crc32c(piece, digest);
        }
        const bool durable = call == DiskDevice::Call::write_durable;
        const bool drops = durable && device.strikes(FaultKind::sync_drops_pages);
        const bool forgets = durable && !drops && device.strikes(FaultKind::sync_forgets_pages);
        const bool fails = device.strikes(FaultKind::write_error);
        std::size_t taken = bytes;
        if (bytes > 1 && device.strikes(FaultKind::short_write))
            taken = 1 + device.random().below(bytes - 1);
        // What failed may have been written in part all the same.
        if (fails) taken = device.random().below(bytes + 1);
        Result<std::size_t> result = Error::stopped;
        const bool lived = door_.perform(
            {call, durable ? "write-durable" : "write", path_, offset, bytes, digest},
            [&](std::uint64_t bytes_max) {
                result = device.image().write(file_, offset, pieces,
                                              std::min<std::uint64_t>(taken, bytes_max));
                // What a crash cuts short or what fails is written, but not synced.
                if (!durable || fails || !result || bytes_max != UINT64_MAX) return;
                const auto ticket = device.image().image(file_).begin_sync(offset, *result);
                if (drops || forgets)
                    device.image().fail_sync(file_, ticket, drops);
                else
                    device.end_sync(file_, path_, ticket);
            });
        if (!lived) return Error::stopped;
        if (fails || drops || forgets) return Error::io;
        return result;
    }

    DiskDoor& door_;
    const FileId file_;
    const std::string path_;
};

class DiskDoor::Lock final : public env::DiskLock {
public:
    Lock(DiskDoor& door, std::string path) : door_(door), path_(std::move(path)) {}
    ~Lock() override {
        if (!door_.life_.dead()) door_.device_.image().unlock(path_);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    DiskDoor& door_;
    const std::string path_;
};

template <class Effect>
bool DiskDoor::perform(const Call& call, Effect effect) {
    if (!life_.call()) return false;
    Operation operation(shard_.scheduler());
    operation.effect = [](void* context, std::uint64_t bytes_max) {
        (*static_cast<Effect*>(context))(bytes_max);
    };
    operation.context = &effect;
    operation.bytes = call.bytes;
    operation.digest = TraceHash::mix(digest_of(call.path) ^ (call.offset << 32),
                                      call.digest ^ (call.bytes << 32) ^ 0x9E37u);
    run(call, operation);
    return !operation.died;
}

void DiskDoor::run(const Call& call, Operation& operation) {
    Random& random = device_.random();
    const Duration latency = device_.draw_latency(call.kind, call.bytes);
    const bool immediate = random.below(immediate_one_in) == 0;
    const bool early = random.below(early_one_in) == 0;
    if (early || immediate) operation.take_effect(UINT64_MAX);
    if (immediate && !life_.crashing()) return;
    const auto place = under_way_.insert(under_way_.end(), &operation);
    world_.after(latency, shard_.ref(), EventKind::disk, [this, &operation, &call] {
        world_.describe("{} {} {}+{}", call.verb, call.path, call.offset, call.bytes);
        operation.take_effect(UINT64_MAX);
        operation.done.set();
        return operation.digest;
    });
    operation.done.wait();
    under_way_.erase(place);
}

void DiskDoor::die() {
    for (Operation* operation : under_way_) {
        if (operation->done.is_set()) continue;
        Random& random = device_.random();
        const std::uint64_t part = random.below(operation->bytes + 1);
        switch (random.below(3)) {
            case 0:
                operation->take_effect(UINT64_MAX);
                break;
            case 1:
                // A sync or a change of names is done or not; a write may be done in part.
                operation->take_effect(part);
                break;
            default:
                break;
        }
        operation->died = true;
        operation->done.set();
    }
    for (const auto& [file, times] : open_)
        for (std::uint32_t i = 0; i < times; ++i) device_.image().close(file);
    open_.clear();
}

void DiskDoor::closed(FileId file) {
    const auto found = open_.find(file);
    if (found == open_.end()) return;  // The process is dead.
    device_.image().close(file);
    if (--found->second == 0) open_.erase(found);
}

template <class T, class Effect>
Result<T> DiskDoor::change_names(std::string_view verb, const std::string& path, Effect effect) {
    if (life_.dead()) return Error::stopped;
    const bool fails = device_.strikes(FaultKind::directory_error);
    Result<T> result = Error::io;
    const bool lived = perform({DiskDevice::Call::metadata, verb, path, 0, 0, digest_of(verb)},
                               [&](std::uint64_t) {
                                   if (!fails) result = effect();
                               });
    if (!lived) return Error::stopped;
    return result;
}

Result<std::unique_ptr<env::File>> DiskDoor::open(const std::string& path, env::OpenMode mode) {
    TRY(const FileId file, change_names<FileId>("open", path, [&] {
            auto opened = device_.image().open(path, mode);
            if (opened) ++open_[*opened];
            return opened;
        }));
    return std::unique_ptr<env::File>(std::make_unique<OpenFile>(*this, file, path));
}

Result<void> DiskDoor::make_directory(const std::string& path) {
    return change_names<void>("mkdir", path, [&] { return device_.image().make_directory(path); });
}

Result<void> DiskDoor::remove(const std::string& path) {
    return change_names<void>("remove", path, [&] { return device_.image().remove(path); });
}

Result<void> DiskDoor::rename(const std::string& from, const std::string& to) {
    return change_names<void>("rename", to, [&] { return device_.image().rename(from, to); });
}

Result<std::vector<env::DirectoryEntry>> DiskDoor::list(const std::string& path) {
    return change_names<std::vector<env::DirectoryEntry>>(
        "list", path, [&] { return device_.image().list(path); });
}

Result<void> DiskDoor::sync_directory(const std::string& path) {
    if (life_.dead()) return Error::stopped;
    const bool fails = device_.strikes(FaultKind::directory_error);
    const auto ticket = device_.image().begin_sync_directory(path);
    const bool lived =
        perform({DiskDevice::Call::sync_directory, "sync-dir", path, 0, 0, 0}, [&](std::uint64_t) {
            if (!fails && ticket) device_.image().end_sync_directory(*ticket);
        });
    if (!lived) return Error::stopped;
    if (fails) return Error::io;
    if (!ticket) return ticket.error();
    return {};
}

Result<env::DiskSpace> DiskDoor::space(const std::string& path) {
    return change_names<env::DiskSpace>(
        "space", path, [&]() -> Result<env::DiskSpace> { return device_.image().space(); });
}

Result<std::unique_ptr<env::DiskLock>> DiskDoor::lock(const std::string& path) {
    CHECK_OK(change_names<void>("lock", path, [&] { return device_.image().lock(path, holder_); }));
    return std::unique_ptr<env::DiskLock>(std::make_unique<Lock>(*this, path));
}

}  // namespace sluice::sim
