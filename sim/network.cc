#include "sim/network.h"

#include <algorithm>

#include "sim/network_attempt.h"

namespace sluice::sim {
namespace {

constexpr Duration loopback_latency{8};

}  // namespace

void Parking::wait(Shard& shard, Time deadline) {
    ASSERT(fiber_ == nullptr);
    shard_ = &shard;
    fiber_ = shard.scheduler().running();
    shard.scheduler().suspend(deadline, env::Interruptible::no);
    fiber_ = nullptr;
}

void Parking::wake() {
    if (!fiber_) return;
    shard_->scheduler().wake(*fiber_, env::Wake::signalled);
    shard_->after_event(EventKind::data);
}

SimNetwork::SimNetwork(World& world, FaultLog& log, const Options& options)
    : world_(world), log_(log), options_(options), random_(world.stream("network")) {}

SimNetwork::~SimNetwork() = default;

HostId SimNetwork::add_host(const std::string& name, std::uint32_t node) {
    const HostId host(static_cast<std::uint32_t>(hosts_.size()));
    hosts_.push_back({.name = name, .node = node});
    names_[name] = host;
    return host;
}

Path& SimNetwork::path(HostId from, HostId to) {
    const auto found = paths_.find({from, to});
    if (found != paths_.end()) return found->second;
    Path& made = paths_[{from, to}];
    if (from == to) {
        made.latency = loopback_latency;
        made.jitter = loopback_latency;
        return made;
    }
    Random draws = world_.stream("path." + name_of(from) + "." + name_of(to));
    made.latency = Duration(draws.between(40, 400));
    made.jitter = Duration(draws.between(10, 300));
    return made;
}

void SimNetwork::heal() {
    for (auto& [ends, path] : paths_) {
        path.blocked = 0;
        path.clogged_until = Time{};
        path.extra_latency = Duration(0);
        path.narrow_bytes_per_millisecond = 0;
        path.lost_segment = path.reset = path.bit_flip = 0;
        path.connect_refused = path.connect_hangs = 0;
    }
}

bool SimNetwork::strikes(FaultKind kind, double chance) {
    if (chance <= 0 || !random_.chance(chance)) return false;
    log_.bit(kind);
    return true;
}

// Whether nothing passes at present, and whose fault that is.
bool SimNetwork::is_closed_to(const Path& path) {
    if (path.blocked > 0) log_.bit(path.blocked_by);
    if (path.clogged_until > world_.now()) log_.bit(FaultKind::clog);
    return path.blocked > 0 || path.clogged_until > world_.now();
}

Duration SimNetwork::draw_latency(const Path& path, std::size_t bytes) {
    std::int64_t micros = path.latency.count();
    micros += static_cast<std::int64_t>(
        random_.below(static_cast<std::uint64_t>(path.jitter.count()) + 1));
    if (random_.below(options_.late_one_in) == 0) micros *= 10;
    if (path.extra_latency > Duration(0)) {
        micros += path.extra_latency.count();
        log_.bit(FaultKind::slow_link);
    }
    std::uint64_t speed = path.bytes_per_millisecond;
    if (path.narrow_bytes_per_millisecond > 0) {
        speed = path.narrow_bytes_per_millisecond;
        log_.bit(FaultKind::narrow_link);
    }
    return Duration(micros + static_cast<std::int64_t>(bytes * 1000 / speed));
}

std::optional<HostId> SimNetwork::host_named(const std::string& name, HostId self) const {
    if (name.empty() || name == "localhost" || name == "127.0.0.1" || name == "0.0.0.0")
        return self;
    const auto found = names_.find(name);
    if (found == names_.end()) return std::nullopt;
    return found->second;
}

SimNetwork::Listening* SimNetwork::listener_at(HostId host, std::uint16_t port) {
    const auto found = listeners_.find({host, port});
    return found == listeners_.end() ? nullptr : found->second;
}

std::uint16_t SimNetwork::free_port(HostId host) {
    std::uint16_t& next = hosts_[host.value].next_port;
    while (listener_at(host, next)) ++next;
    if (next < 1024) next = 32'768;
    return next++;
}

// --- Connecting ---

void SimNetwork::send_syn(Attempt& attempt) {
    Path& way = path(attempt.from, attempt.to);
    if (strikes(FaultKind::connect_hangs, way.connect_hangs)) return;
    attempt.refused_by_fault = strikes(FaultKind::connect_refused, way.connect_refused);
    attempt.event = world_.after(draw_latency(way, 0), ShardRef{}, EventKind::connect,
                                 [this, &attempt] { return syn_arrives(attempt); });
}

void SimNetwork::retry_syn(Attempt& attempt) {
    attempt.retry = std::min(std::max(attempt.retry * 2, options_.connect_retry),
                             Duration(8 * options_.connect_retry));
    attempt.event = world_.after(attempt.retry, ShardRef{}, EventKind::connect,
                                 [this, &attempt] { return syn_arrives(attempt); });
}

std::uint64_t SimNetwork::syn_arrives(Attempt& attempt) {
    world_.note_place(hosts_[attempt.to.value].node, 0);
    world_.describe("{} asks for port {}", name_of(attempt.from), attempt.port);
    const Path& way = path(attempt.from, attempt.to);
    Listening* listening = listener_at(attempt.to, attempt.port);
    const bool full = listening && listening->backlog.size() >= options_.backlog_max;
    if (is_closed_to(way) || !hosts_[attempt.to.value].powered || full) {
        retry_syn(attempt);
        return attempt.port;
    }
    if (listening && !attempt.refused_by_fault && attempt.link == 0) {
        auto link = std::make_unique<Link>();
        link->id = attempt.link = ++links_made_;
        link->ends[0].host = attempt.from;
        link->ends[0].door = attempt.door;
        link->ends[1].host = attempt.to;
        link->client = {name_of(attempt.from), free_port(attempt.from)};
        links_.emplace(link->id, std::move(link));
        listening->backlog.push_back(attempt.link);
        listening->acceptor.wake();
    }
    attempt.event =
        world_.after(draw_latency(path(attempt.to, attempt.from), 0), ShardRef{},
                     EventKind::connect, [this, &attempt] { return answer_arrives(attempt); });
    return attempt.port;
}

std::uint64_t SimNetwork::answer_arrives(Attempt& attempt) {
    world_.note_place(hosts_[attempt.from.value].node, 0);
    const Path& way = path(attempt.to, attempt.from);
    if (is_closed_to(way)) {
        attempt.event = world_.after(options_.connect_retry, ShardRef{}, EventKind::connect,
                                     [this, &attempt] { return answer_arrives(attempt); });
        return attempt.link;
    }
    world_.describe("{} {} by {}", name_of(attempt.from),
                    attempt.link == 0 ? "refused" : "accepted", name_of(attempt.to));
    attempt.answered = true;
    attempt.parking.wake();
    return attempt.link;
}

// --- The end of a process ---

std::unique_ptr<SimNetwork::Door> SimNetwork::make_door(Life& life, Shard& shard, HostId host) {
    return std::make_unique<Door>(*this, life, shard, host);
}

void SimNetwork::die(Door& door, bool power_lost) {
    for (Listening* listening : door.listening_) {
        if (!listening->closed) stop_listening(*listening, power_lost);
        listening->acceptor.wake();
    }
    door.listening_.clear();
    for (Attempt* attempt : door.attempts_) {
        world_.cancel(attempt->event);
        attempt->parking.wake();
    }
    for (Parking* pausing : door.pausing_) pausing->wake();

    std::vector<std::uint64_t> over;
    for (auto& [id, link] : links_) {
        for (const int side : {0, 1}) {
            End& end = link->ends[static_cast<std::size_t>(side)];
            if (end.door != &door) continue;
            if (power_lost)
                silence_end(*link, side);
            else
                close_end(*link, side, false);
            end.wake();
            end.reader = end.writer = nullptr;
            end.door = nullptr;
            over.push_back(id);
        }
    }
    for (const std::uint64_t id : over) drop_if_over(id);
}

void SimNetwork::stop_listening(Listening& listening, bool power_lost) {
    listening.closed = true;
    std::erase_if(listeners_, [&](const auto& entry) { return entry.second == &listening; });
    for (const std::uint64_t id : std::exchange(listening.backlog, {})) {
        if (Link* link = find(id); link && power_lost)
            silence_end(*link, 1);
        else if (link)
            close_end(*link, 1, true);
        drop_if_over(id);
    }
    listening.acceptor.wake();
}

}  // namespace sluice::sim
