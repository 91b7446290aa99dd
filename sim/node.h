#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/process.h"

namespace sluice::sim {

// A simulated machine: a disk, clocks, a place in the network, and at most one process at a time.
// Everything here is called outside of fibers: by events, plans and tests.
class Node final : private Process::Owner, private Life::Watcher {
public:
    struct Options {
        std::string name;
        Process::Options process = {};
        DiskDevice::Options disk = {};
        NodeClock::Options clock = {};
        // A clean stop that takes longer has failed.
        Duration stop_limit{120'000'000};
    };

    Node(World& world, SimNetwork& network, FaultLog& log, const Options& options,
         MakeProgram make_program);
    ~Node() override;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    const std::string& name() const { return options_.name; }
    HostId host() const { return machine_host_; }
    bool running() const { return process_ != nullptr; }
    std::uint64_t incarnation() const { return incarnation_; }
    DiskDevice& disk() { return disk_; }
    NodeClock& clock() { return clock_; }
    Process& process() { return *process_; }

    // Makes the program afresh and runs it on what the disk holds. Nothing when it runs already.
    void start();
    // SIGTERM: the program ends by itself.
    void stop();
    // SIGKILL: completed writes stay, the kernel closes the connections.
    void crash();
    // The machine goes dark: of what was not synced, any subset stays.
    void cut_power(std::uint32_t keep_unsynced_percent);
    // As the two above, in the middle of the n-th door call from now.
    struct CrashPoint {
        std::uint64_t calls_from_now = 1;
        bool power_lost = false;
        std::uint32_t keep_unsynced_percent = 50;
    };
    void crash_in_call(const CrashPoint& point);
    // The virtual machine stands still while time goes on.
    void set_frozen(bool frozen);
    bool frozen() const { return frozen_; }
    void set_slowness(std::int64_t times);
    void set_clock_drift(std::int64_t parts_per_million);

    // Runs in an event of its own whenever the process is gone, however it ended.
    using OnDown = std::function<void(Node&)>;
    void on_down(OnDown on_down) { on_down_ = std::move(on_down); }

private:
    void process_ended() override;
    void reached_crash_point() override;
    void end_process(bool power_lost);
    std::uint32_t draw_shards();
    void say(std::string_view what);
    void gone();

    World& world_;
    SimNetwork& network_;
    const Options options_;
    const MakeProgram make_program_;
    const std::uint32_t number_;
    const HostId machine_host_;
    NodeClock clock_;
    DiskDevice disk_;
    std::uint64_t incarnation_ = 0;
    std::unique_ptr<Process> process_;
    bool frozen_ = false;
    std::int64_t slowness_ = 1;
    CrashPoint crash_point_;
    EventHandle stop_limit_;
    OnDown on_down_;
};

}  // namespace sluice::sim
