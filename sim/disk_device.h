#pragma once

#include <functional>
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
    // It hit a file behind which its directory has a later one of its kind: what the file holds is
    // no last commit.
    bool settled = false;
};

// A machine's disk with its moods: how long calls take and how they fail. It outlives processes.
class DiskDevice {
public:
    enum class Call { read, write, write_durable, sync, metadata, sync_directory };

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

    // Which files damage at rest may hit, by their path; any, unless somebody says.
    using MayDamage = std::function<bool(const std::string&)>;
    void limit_damage(MayDamage may_damage) { may_damage_ = std::move(may_damage); }

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

    // Damages a block that is at rest; false when it found none.
    bool damage(FaultKind kind);
    const std::vector<Damage>& damages() const { return damages_; }

private:
    bool damage_file(FaultKind kind, const std::string& path);
    bool has_successor(const std::string& path) const;

    World& world_;
    FaultLog& log_;
    const Options options_;
    Random random_;
    SimDisk image_;
    PerFault<double> chances_;
    std::int64_t slowness_ = 1;
    Time stalled_until_{};
    MayDamage may_damage_ = [](const std::string&) { return true; };
    std::vector<Damage> damages_;
};

}  // namespace sluice::sim
