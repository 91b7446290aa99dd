#include <algorithm>

#include "core/base/crc32c.h"
#include "sim/network.h"

namespace sluice::sim {

SimNetwork::Link* SimNetwork::find(std::uint64_t id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : found->second.get();
}

void SimNetwork::send(Link& link, int from, SegmentKind kind, Bytes bytes) {
    Direction& way = link.directions[static_cast<std::size_t>(from)];
    const HostId source = link.ends[static_cast<std::size_t>(from)].host;
    const HostId target = link.ends[static_cast<std::size_t>(1 - from)].host;
    Time due = world_.now() + draw_latency(path(source, target), bytes.size());
    if (!way.travelling.empty()) due = std::max(due, way.travelling.back().due);
    way.travelling.push_back({kind, std::move(bytes), due});
    plan_arrival(link, from);
}

void SimNetwork::plan_arrival(Link& link, int from) {
    Direction& way = link.directions[static_cast<std::size_t>(from)];
    if (way.event_pending || way.travelling.empty()) return;
    const Segment& first = way.travelling.front();
    way.event_pending = true;
    const EventKind kind =
        first.kind == SegmentKind::data ? EventKind::data : EventKind::end_of_stream;
    world_.at(first.due, ShardRef{}, kind, [this, id = link.id, from] { return arrive(id, from); });
}

std::uint64_t SimNetwork::arrive(std::uint64_t id, int from) {
    Link* link = find(id);
    if (!link) return id;
    Direction& way = link->directions[static_cast<std::size_t>(from)];
    way.event_pending = false;
    if (way.travelling.empty()) return id;
    const End& target = link->ends[static_cast<std::size_t>(1 - from)];
    world_.note_place(hosts_[target.host.value].node,
                      target.door ? target.door->shard_.id().value : 0);
    if (try_later(*link, from)) return id;

    Segment segment = std::move(way.travelling.front());
    way.travelling.pop_front();
    way.retry = Duration(0);
    const std::uint64_t digest =
        TraceHash::mix(id ^ (static_cast<std::uint64_t>(segment.kind) << 60),
                       crc32c(segment.bytes.view()) + segment.bytes.size() * 0x9E37u + 1);
    world_.describe(
        "link {} from {}: {}", id, name_of(link->ends[static_cast<std::size_t>(from)].host),
        segment.kind == SegmentKind::data  ? fmt::format("{} bytes", segment.bytes.size())
        : segment.kind == SegmentKind::fin ? "fin"
                                           : "reset");
    deliver(*link, from, std::move(segment));
    plan_arrival(*link, from);
    drop_if_over(id);
    return digest;
}

// Whether the first segment does not arrive now: it is tried again, until the sender gives up.
bool SimNetwork::try_later(Link& link, int from) {
    Direction& way = link.directions[static_cast<std::size_t>(from)];
    const End& source = link.ends[static_cast<std::size_t>(from)];
    const End& target = link.ends[static_cast<std::size_t>(1 - from)];
    Path& route = path(source.host, target.host);
    Segment& segment = way.travelling.front();
    const bool closed = is_closed_to(route);
    if (route.clogged_until > world_.now()) {
        segment.due = route.clogged_until;
        plan_arrival(link, from);
        return true;
    }
    const bool unreachable = closed || !hosts_[target.host.value].powered;
    if (!unreachable && strikes(FaultKind::reset, route.reset)) {
        break_end(link, from);
        break_end(link, 1 - from);
        return true;
    }
    if (!unreachable && !strikes(FaultKind::lost_segment, route.lost_segment)) return false;
    if (way.retry == Duration(0)) way.retrying_since = world_.now();
    if (world_.now() - way.retrying_since > options_.give_up_after) {
        break_end(link, from);
        return true;
    }
    way.retry = std::clamp(way.retry * 2, options_.retry_first, options_.retry_max);
    segment.due = world_.now() + way.retry;
    plan_arrival(link, from);
    return true;
}

void SimNetwork::deliver(Link& link, int from, Segment segment) {
    const int side = 1 - from;
    End& end = link.ends[static_cast<std::size_t>(side)];
    switch (segment.kind) {
        case SegmentKind::data:
            take_data(link, from, std::move(segment.bytes));
            return;
        case SegmentKind::fin:
            end.finished = true;
            end.wake();
            return;
        case SegmentKind::reset:
            break_end(link, side);
            return;
    }
}

void SimNetwork::take_data(Link& link, int from, Bytes bytes) {
    End& end = link.ends[static_cast<std::size_t>(1 - from)];
    if (end.closed || end.broken) {
        send(link, 1 - from, SegmentKind::reset, {});
        return;
    }
    const Path& route = path(link.ends[static_cast<std::size_t>(from)].host, end.host);
    if (route.bit_flip > 0 && random_.chance(route.bit_flip)) bytes = flipped(bytes);
    link.directions[static_cast<std::size_t>(from)].received.push_back(std::move(bytes));
    if (end.reader) end.reader->wake();
}

Bytes SimNetwork::flipped(const Bytes& bytes) {
    const auto bit = options_.choose_flip ? options_.choose_flip(bytes.view(), random_)
                                          : std::optional(random_.below(bytes.size() * 8));
    if (!bit) return bytes;
    log_.bit(FaultKind::bit_flip);
    Buffer changed = Buffer::copy_of(bytes.view());
    changed.data()[*bit / 8] ^= static_cast<std::uint8_t>(1u << (*bit % 8));
    return Bytes(std::move(changed));
}

// This end learns that the connection is no more. What had arrived may still be read, or not.
void SimNetwork::break_end(Link& link, int side) {
    End& end = link.ends[static_cast<std::size_t>(side)];
    end.broken = true;
    link.directions[static_cast<std::size_t>(side)].travelling.clear();
    if (random_.below(2) == 0) link.directions[static_cast<std::size_t>(1 - side)].received.clear();
    end.wake();
}

void SimNetwork::close_end(Link& link, int side, bool at_once) {
    End& end = link.ends[static_cast<std::size_t>(side)];
    if (end.closed) return;
    end.closed = true;
    Direction& outward = link.directions[static_cast<std::size_t>(side)];
    Direction& inward = link.directions[static_cast<std::size_t>(1 - side)];
    // Closing on bytes that were never read resets the connection.
    const bool resets = at_once || !inward.received.empty();
    inward.received.clear();
    if (!end.broken) {
        if (resets) outward.travelling.clear();
        send(link, side, resets ? SegmentKind::reset : SegmentKind::fin, {});
    }
    end.wake();
}

// The power went: some of what was on its way still arrives, then nothing ever again.
void SimNetwork::silence_end(Link& link, int side) {
    End& end = link.ends[static_cast<std::size_t>(side)];
    end.closed = true;
    auto& travelling = link.directions[static_cast<std::size_t>(side)].travelling;
    const std::uint64_t arriving = random_.below(travelling.size() + 1);
    while (travelling.size() > arriving) travelling.pop_back();
    link.directions[static_cast<std::size_t>(1 - side)].received.clear();
}

void SimNetwork::grow_window(Link& link, int reader_side) {
    const auto writer_side = static_cast<std::size_t>(1 - reader_side);
    Direction& way = link.directions[writer_side];
    const Parking* writer = link.ends[writer_side].writer;
    if (!writer || !writer->waits() || way.window_pending) return;
    way.window_pending = true;
    const Path& route =
        path(link.ends[static_cast<std::size_t>(reader_side)].host, link.ends[writer_side].host);
    const Duration delay = route.blocked > 0 ? options_.retry_max : draw_latency(route, 0);
    world_.after(delay, ShardRef{}, EventKind::window, [this, id = link.id, reader_side] {
        window_arrives(id, reader_side);
        return id;
    });
}

void SimNetwork::window_arrives(std::uint64_t id, int reader_side) {
    Link* link = find(id);
    if (!link) return;
    const auto writer_side = static_cast<std::size_t>(1 - reader_side);
    link->directions[writer_side].window_pending = false;
    End& writer = link->ends[writer_side];
    world_.note_place(hosts_[writer.host.value].node,
                      writer.door ? writer.door->shard_.id().value : 0);
    const HostId reader_host = link->ends[static_cast<std::size_t>(reader_side)].host;
    if (path(reader_host, writer.host).blocked > 0)
        grow_window(*link, reader_side);
    else
        writer.wake();
}

// The process has given its end back.
void SimNetwork::release_end(Link& link, int side) {
    close_end(link, side, false);
    link.ends[static_cast<std::size_t>(side)].door = nullptr;
    drop_if_over(link.id);
}

void SimNetwork::drop_if_over(std::uint64_t id) {
    const Link* link = find(id);
    if (!link) return;
    for (const End& end : link->ends)
        if (end.door || !end.closed) return;
    links_.erase(id);
}

}  // namespace sluice::sim
