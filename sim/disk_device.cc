#include "sim/disk_device.h"

#include <algorithm>
#include <filesystem>

namespace sluice::sim {
namespace {

constexpr std::uint64_t late_one_in = 100;
constexpr std::int64_t late_times = 20;
constexpr int damage_tries = 8;

}  // namespace

void DiskDevice::cut_power(std::uint32_t keep_unsynced_percent) {
    image_ = image_.crash_clone(
        {.keep_unsynced_percent = keep_unsynced_percent, .random = Random(random_.next())});
}

void DiskDevice::wipe() {
    log_.bit(FaultKind::disk_wiped);
    image_ = SimDisk(options_.disk);
    image_.set_random(Random(random_.next()));
}

void DiskDevice::heal() {
    chances_ = {};
    slowness_ = 1;
    stalled_until_ = Time{};
    image_.set_capacity(options_.disk.capacity_bytes);
}

Duration DiskDevice::draw_latency(Call call, std::uint64_t bytes) {
    const Timing& timing = options_.timing;
    Duration usual = timing.metadata;
    switch (call) {
        case Call::read:
            usual = timing.read;
            break;
        case Call::write:
            usual = timing.write;
            break;
        case Call::write_durable:
        case Call::sync:
        case Call::sync_directory:
            usual = timing.sync;
            break;
        case Call::metadata:
            break;
    }
    std::int64_t micros = usual.count() / 4 +
                          static_cast<std::int64_t>(
                              random_.below(static_cast<std::uint64_t>(usual.count()) * 3 / 2 + 1));
    if (random_.below(late_one_in) == 0) micros *= late_times;
    micros += static_cast<std::int64_t>(bytes / timing.bytes_per_microsecond);
    if (slowness_ > 1) log_.bit(FaultKind::slow_disk);
    micros = std::max<std::int64_t>(micros, 1) * slowness_;
    Duration latency(micros);
    if (world_.now() < stalled_until_) {
        log_.bit(FaultKind::disk_stall);
        latency += stalled_until_ - world_.now();
    }
    return latency;
}

void DiskDevice::end_sync(FileId file, const std::string& path, SimDisk::SyncTicket ticket) {
    for (const FaultKind kind : {FaultKind::phantom_write, FaultKind::misdirected_write}) {
        if (ticket.entries.empty() || !may_damage_(path) || !strikes(kind)) continue;
        FileImage& image = image_.image(file);
        const auto at = static_cast<std::ptrdiff_t>(random_.below(ticket.entries.size()));
        const FileImage::Ticket::Entry lost = ticket.entries[static_cast<std::size_t>(at)];
        ticket.entries.erase(ticket.entries.begin() + at);
        image.forget(lost);
        damages_.push_back({kind, path, lost.block * block_bytes, world_.now()});
        if (kind == FaultKind::phantom_write || image.blocks_in_size() == 0) continue;
        const std::uint64_t wrong = random_.below(image.blocks_in_size());
        if (!image.is_clean(wrong)) continue;
        image.misplace(wrong, lost.content);
        damages_.push_back({kind, path, wrong * block_bytes, world_.now()});
    }
    image_.end_sync(file, ticket);
}

bool DiskDevice::damage(FaultKind kind) {
    std::vector<std::string> paths;
    for (const std::string& path : image_.files())
        if (may_damage_(path) && image_.size(*image_.find_file(path)) > 0) paths.push_back(path);
    // What is being written is no prey; it tries elsewhere a few times.
    for (int i = 0; i < damage_tries && !paths.empty(); ++i)
        if (damage_file(kind, paths[random_.below(paths.size())])) return true;
    return false;
}

bool DiskDevice::has_successor(const std::string& path) const {
    const auto same_kind = [&](const std::string& other) {
        return std::filesystem::path(other).parent_path() ==
                   std::filesystem::path(path).parent_path() &&
               std::filesystem::path(other).extension() == std::filesystem::path(path).extension();
    };
    return path.ends_with(".log") && std::ranges::any_of(image_.files(), [&](const auto& other) {
               return other > path && same_kind(other);
           });
}

bool DiskDevice::damage_file(FaultKind kind, const std::string& path) {
    FileImage& image = image_.image(*image_.find_file(path));
    const std::uint64_t block = random_.below(image.blocks_in_size());
    const std::uint64_t draw = random_.next();
    if (!image.is_clean(block)) return false;
    std::uint64_t offset = block * block_bytes;
    if (kind == FaultKind::bit_rot) {
        const std::uint64_t bytes = std::min<std::uint64_t>(image.size() - offset, block_bytes);
        const std::uint64_t bit = draw % (bytes * 8);
        image.flip_bit(block, bit);
        offset += bit / 8;
    } else {
        image.set_unreadable(block);
    }
    log_.bit(kind);
    damages_.push_back({kind, path, offset, world_.now(), has_successor(path)});
    return true;
}

}  // namespace sluice::sim
