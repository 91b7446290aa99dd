#pragma once

#include <string>
#include <vector>

#include "sim/disk.h"
#include "sim/fault_log.h"
#include "sim/world.h"

namespace sluice::sim {

// Damage done to what was at rest, for oracles: only detection is owed for it.
struct Damage {
    FaultKind kind;
    std::string path;
    std::uint64_t offset = 0;
    Time when{};
};

// A machine's disk with its moods: how long calls take and how they fail. It outlives processes.
class DiskDevice {
public:
    enum class Call { read, write, sync, metadata, sync_directory };

    struct Timing {
        Duration read{80};
        Duration write{15};
        Duration sync{900};
        Duration metadata{30};
        std::uint64_t bytes_per_microsecond = 400;
    };
    struct Options {
        SimDisk::Options disk = {};
        Timing timing = {};
    };

    DiskDevice(World& world, FaultLog& log, const std::string& node, const Options& options)
        : world_(world),
          log_(log),
          options_(options),
          random_(world.stream("disk." + node)),
          image_(options.disk) {
        image_.set_random(world.stream("disk-image." + node));
    }

    SimDisk& image() { return image_; }
    // What a power cut leaves; the processes must be dead.
    void cut_power(std::uint32_t keep_unsynced_percent);
    void wipe();

    // Kinds of faults by their chance per call; 0 is off.
    void set_chance(FaultKind kind, double chance) { chances_[kind] = chance; }
    double chance(FaultKind kind) const { return chances_[kind]; }
    void set_slowness(std::int64_t times) { slowness_ = times; }
    // No call ends before that.
    void stall_until(Time time) { stalled_until_ = time; }
    void heal();

    // For the door.
    bool strikes(FaultKind kind) {
        if (chances_[kind] <= 0 || !random_.chance(chances_[kind])) return false;
        log_.bit(kind);
        return true;
    }
    Duration draw_latency(Call call, std::uint64_t bytes);
    Random& random() { return random_; }
    // Ends a sync, which may leave out or misplace a block and not say so.
    void end_sync(FileId file, const std::string& path, SimDisk::SyncTicket ticket);

    // Damages a block that is at rest, of a file whose path `may_hit` allows; says what, if any.
    template <class MayHit>
    bool damage(FaultKind kind, MayHit may_hit);
    const std::vector<Damage>& damages() const { return damages_; }

private:
    void damage_file(FaultKind kind, const std::string& path);

    World& world_;
    FaultLog& log_;
    const Options options_;
    Random random_;
    SimDisk image_;
    PerFault<double> chances_;
    std::int64_t slowness_ = 1;
    Time stalled_until_{};
    std::vector<Damage> damages_;
};

template <class MayHit>
bool DiskDevice::damage(FaultKind kind, MayHit may_hit) {
    std::vector<std::string> paths;
    for (const std::string& path : image_.files())
        if (may_hit(path) && image_.size(*image_.find_file(path)) > 0) paths.push_back(path);
    if (paths.empty()) return false;
    damage_file(kind, paths[random_.below(paths.size())]);
    return true;
}

}  // namespace sluice::sim
