#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/env/network.h"
#include "sim/fault_log.h"
#include "sim/life.h"
#include "sim/shard.h"

namespace sluice::sim {

using HostId = Strong<struct HostIdTag, std::uint32_t>;

// A fiber that waits for the network. One at a time; only the network or the end of its process
// wakes it.
class Parking {
public:
    // Returns when woken, or at `deadline`; spuriously too.
    void wait(Shard& shard, Time deadline = never);
    void wake();
    bool waits() const { return fiber_ != nullptr; }

private:
    Shard* shard_ = nullptr;
    env::Fiber* fiber_ = nullptr;
};

// How packets fare from one host to another, one way.
struct Path {
    Duration latency{150};
    Duration jitter{100};
    std::uint64_t bytes_per_millisecond = 1'000'000;
    // Faults.
    std::uint32_t blocked = 0;  // By so many partitions, the last one of that kind.
    FaultKind blocked_by = FaultKind::partition;
    Time clogged_until{};
    Duration extra_latency{0};
    std::uint64_t narrow_bytes_per_millisecond = 0;  // 0: as usual.
    double lost_segment = 0;
    double reset = 0;
    double bit_flip = 0;
    double connect_refused = 0;
    double connect_hangs = 0;
};

// The network between all hosts: byte streams that are cut anywhere, arrive late, and end in every
// way a real one does. Order holds within one direction of one connection only.
//
// What TCP does to hide faults is modelled by its effects: a segment that is lost or meets a
// blocked path is tried again with growing delays, and the connection dies when that goes on too
// long. A host without power answers nothing; one whose process died refuses and resets. A half
// that hears nothing and sends nothing never learns that the other is gone.
class SimNetwork {
public:
    struct Options {
        std::size_t socket_buffer_bytes = std::size_t{64}
                                          << 10;  // Written and not read yet, per direction.
        std::size_t backlog_max = 128;
        Duration retry_first{200'000};
        Duration retry_max{3'000'000};
        Duration give_up_after{20'000'000};
        // One call in so many is short, waits though it need not, or a path has a slow moment.
        std::uint64_t short_one_in = 8;
        std::uint64_t waits_one_in = 8;
        std::uint64_t late_one_in = 100;
        Duration connect_retry{1'000'000};
        // Which bit of what arrives a flip hits, if any; nothing: any bit.
        std::function<std::optional<std::size_t>(Slice, Random&)> choose_flip = {};
    };

    SimNetwork(World& world, FaultLog& log, const Options& options);
    ~SimNetwork();
    SimNetwork(const SimNetwork&) = delete;
    SimNetwork& operator=(const SimNetwork&) = delete;

    HostId add_host(const std::string& name, std::uint32_t node);
    void set_powered(HostId host, bool on) { hosts_[host.value].powered = on; }
    std::size_t host_count() const { return hosts_.size(); }
    const std::string& name_of(HostId host) const { return hosts_[host.value].name; }

    // What the paths suffer.
    Path& path(HostId from, HostId to);
    void heal();

    // The door of one shard of a process.
    class Door;
    std::unique_ptr<Door> make_door(Life& life, Shard& shard, HostId host);
    // The process behind these doors has died: its waits end, its kernel closes what it had open,
    // or nothing is heard of it any more when the power is gone.
    void die(Door& door, bool power_lost);

    std::size_t open_links() const { return links_.size(); }

private:
    friend class Door;
    class SimConnection;
    class SimListener;
    class SimAccepted;

    struct Host {
        std::string name;
        std::uint32_t node = 0;
        bool powered = true;
        std::uint16_t next_port = 32'768;
    };

    enum class SegmentKind { data, fin, reset };
    struct Segment {
        SegmentKind kind = SegmentKind::data;
        Bytes bytes;
        Time due{};
    };
    // From one end of a link to the other.
    struct Direction {
        std::deque<Segment> travelling;
        bool event_pending = false;
        Duration retry{0};  // 0: nothing was lost.
        Time retrying_since{};
        std::size_t unread = 0;  // Taken from the writer and not read yet.
        std::deque<Bytes> received;
        bool window_pending = false;
    };
    struct End {
        HostId host;
        Door* door = nullptr;       // None: not adopted yet, or given back.
        bool closed = false;        // By its process, or because that is gone.
        bool finished = false;      // The other end will send no more.
        bool broken = false;        // Reset, or given up.
        Parking* reader = nullptr;  // Of the connection, while there is one.
        Parking* writer = nullptr;

        void wake() {
            if (reader) reader->wake();
            if (writer) writer->wake();
        }
    };
    struct Link {
        std::uint64_t id = 0;
        std::array<End, 2> ends;              // 0 connected, 1 accepted.
        std::array<Direction, 2> directions;  // directions[i] leads away from ends[i].
        env::Address client;
    };
    struct Listening {
        std::deque<std::uint64_t> backlog;
        Parking acceptor;
        bool closed = false;
    };
    struct Attempt;

    Link* find(std::uint64_t id);
    std::optional<HostId> host_named(const std::string& name, HostId self) const;
    Duration draw_latency(const Path& path, std::size_t bytes);
    bool strikes(FaultKind kind, double chance);
    Bytes flipped(const Bytes& bytes);
    bool is_closed_to(const Path& path);

    // Streams.
    void send(Link& link, int from, SegmentKind kind, Bytes bytes);
    void plan_arrival(Link& link, int from);
    std::uint64_t arrive(std::uint64_t id, int from);
    bool try_later(Link& link, int from);
    void deliver(Link& link, int from, Segment segment);
    void take_data(Link& link, int from, Bytes bytes);
    void break_end(Link& link, int side);
    void grow_window(Link& link, int reader_side);
    void window_arrives(std::uint64_t id, int reader_side);
    void close_end(Link& link, int side, bool at_once);
    void silence_end(Link& link, int side);
    void release_end(Link& link, int side);
    void drop_if_over(std::uint64_t id);

    // Connecting.
    void send_syn(Attempt& attempt);
    std::uint64_t syn_arrives(Attempt& attempt);
    std::uint64_t answer_arrives(Attempt& attempt);
    void retry_syn(Attempt& attempt);
    void stop_listening(Listening& listening, bool power_lost);
    Listening* listener_at(HostId host, std::uint16_t port);
    std::uint16_t free_port(HostId host);

    World& world_;
    FaultLog& log_;
    const Options options_;
    Random random_;
    std::vector<Host> hosts_;
    std::map<std::string, HostId, std::less<>> names_;
    std::map<std::pair<HostId, HostId>, Path> paths_;
    std::map<std::uint64_t, std::unique_ptr<Link>> links_;
    std::uint64_t links_made_ = 0;
    std::map<std::pair<HostId, std::uint16_t>, Listening*> listeners_;
};

// A shard's way into the network.
class SimNetwork::Door final : public env::Network {
public:
    Door(SimNetwork& network, Life& life, Shard& shard, HostId host)
        : network_(network), life_(life), shard_(shard), host_(host) {}

    Result<std::unique_ptr<env::Listener>> listen(const env::Address& address) override;
    std::unique_ptr<env::Connection> adopt(std::unique_ptr<env::Accepted> accepted) override;
    Result<std::unique_ptr<env::Connection>> connect(const env::Address& address,
                                                     Time deadline) override;

private:
    friend class SimNetwork;

    // May let some time pass, as every call may; false when the process died.
    bool pause();

    SimNetwork& network_;
    Life& life_;
    Shard& shard_;
    const HostId host_;
    std::vector<Listening*> listening_;
    std::vector<Attempt*> attempts_;
    std::vector<Parking*> pausing_;
};

}  // namespace sluice::sim
