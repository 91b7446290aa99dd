#include <algorithm>

#include "sim/network_attempt.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t pause_micros_max = 5;

std::size_t bytes_of(const std::deque<Bytes>& pieces) {
    std::size_t sum = 0;
    for (const Bytes& piece : pieces) sum += piece.size();
    return sum;
}

}  // namespace

class SimNetwork::SimConnection final : public env::Connection {
public:
    SimConnection(Door& door, std::uint64_t link, int side, env::Address peer)
        : door_(door),
          network_(door.network_),
          link_(link),
          side_(static_cast<std::size_t>(side)),
          peer_(std::move(peer)) {
        if (door_.life_.dead()) return;
        end().reader = &reader_;
        end().writer = &writer_;
    }
    ~SimConnection() override {
        if (door_.life_.dead()) return;
        end().reader = end().writer = nullptr;
        network_.release_end(*network_.find(link_), this->side());
    }
    SimConnection(const SimConnection&) = delete;
    SimConnection& operator=(const SimConnection&) = delete;

    Result<std::size_t> read(MutableSlice into) override {
        ASSERT(!into.empty());
        if (!door_.pause()) return Error::stopped;
        for (;;) {
            if (door_.life_.dead()) return Error::stopped;
            Link& link = *network_.find(link_);
            const End& end = link.ends[side_];
            if (end.closed) return Error::closed;
            const std::size_t received = bytes_of(link.directions[1 - side_].received);
            const bool ends = end.broken || end.finished;
            if (received > 0 && (ends || received >= low_water_)) return take(link, into);
            if (end.broken) return Error::closed;
            if (end.finished) return std::size_t{0};
            reader_.wait(door_.shard_);
        }
    }

    // As much as it may wait for at all, so that nobody says what will not come.
    void expect(std::size_t bytes) override {
        low_water_ = std::clamp<std::size_t>(bytes, 1, network_.options_.socket_buffer_bytes / 2);
    }

    Result<std::size_t> write(std::span<const Slice> pieces) override {
        std::size_t total = 0;
        for (const Slice piece : pieces) total += piece.size();
        if (!door_.pause()) return Error::stopped;
        for (;;) {
            if (door_.life_.dead()) return Error::stopped;
            Link& link = *network_.find(link_);
            const End& end = link.ends[side_];
            if (end.closed || end.broken) return Error::closed;
            if (total == 0) return std::size_t{0};
            const std::size_t unread = link.directions[side_].unread;
            if (unread < network_.options_.socket_buffer_bytes)
                return give(link, pieces,
                            std::min(total, network_.options_.socket_buffer_bytes - unread));
            writer_.wait(door_.shard_);
        }
    }

    void close() override {
        if (!door_.life_.dead()) network_.close_end(*network_.find(link_), side(), false);
    }
    const env::Address& peer() const override { return peer_; }

private:
    int side() const { return static_cast<int>(side_); }
    End& end() { return network_.find(link_)->ends[side_]; }

    std::size_t take(Link& link, MutableSlice into) {
        Direction& way = link.directions[1 - side_];
        if (into.size() > 1 && network_.random_.below(network_.options_.short_one_in) == 0)
            into = into.first(1 + network_.random_.below(into.size() - 1));
        std::size_t taken = 0;
        while (taken < into.size() && !way.received.empty()) {
            Bytes& first = way.received.front();
            const std::size_t count = std::min(first.size(), into.size() - taken);
            std::copy_n(first.data(), count, into.data() + taken);
            taken += count;
            if (count == first.size())
                way.received.pop_front();
            else
                first = first.slice(count, first.size() - count);
        }
        way.unread -= taken;
        network_.grow_window(link, side());
        return taken;
    }

    std::size_t give(Link& link, std::span<const Slice> pieces, std::size_t bytes) {
        if (bytes > 1 && network_.random_.below(network_.options_.short_one_in) == 0)
            bytes = 1 + network_.random_.below(bytes - 1);
        Buffer buffer = Buffer::allocate(bytes);
        std::size_t copied = 0;
        for (const Slice piece : pieces) {
            const std::size_t count = std::min(piece.size(), bytes - copied);
            std::copy_n(piece.data(), count, buffer.data() + copied);
            copied += count;
        }
        link.directions[side_].unread += bytes;
        network_.send(link, side(), SegmentKind::data, Bytes(std::move(buffer)));
        return bytes;
    }

    Door& door_;
    SimNetwork& network_;
    const std::uint64_t link_;
    const std::size_t side_;
    const env::Address peer_;
    std::size_t low_water_ = 1;  // A read waits for so many bytes.
    Parking reader_;
    Parking writer_;
};

class SimNetwork::SimAccepted final : public env::Accepted {
public:
    SimAccepted(SimNetwork& network, Life& life, std::uint64_t link)
        : network_(network), life_(life), link_(link), peer_(network.find(link)->client) {}
    ~SimAccepted() override {
        if (link_ == 0 || life_.dead()) return;
        Link& link = *network_.find(link_);
        network_.close_end(link, 1, true);
        network_.release_end(link, 1);
    }
    SimAccepted(const SimAccepted&) = delete;
    SimAccepted& operator=(const SimAccepted&) = delete;
    const env::Address& peer() const override { return peer_; }
    std::uint64_t take() { return std::exchange(link_, 0); }

private:
    SimNetwork& network_;
    Life& life_;
    std::uint64_t link_;
    const env::Address peer_;
};

class SimNetwork::SimListener final : public env::Listener {
public:
    SimListener(Door& door, env::Address address) : door_(door), address_(std::move(address)) {}
    ~SimListener() override {
        close();
        std::erase(door_.listening_, &state_);
    }
    SimListener(const SimListener&) = delete;
    SimListener& operator=(const SimListener&) = delete;

    Result<std::unique_ptr<env::Accepted>> accept() override {
        if (!door_.pause()) return Error::stopped;
        for (;;) {
            if (door_.life_.dead()) return Error::stopped;
            if (state_.closed) return Error::closed;
            if (!state_.backlog.empty()) break;
            state_.acceptor.wait(door_.shard_);
        }
        const std::uint64_t link = state_.backlog.front();
        state_.backlog.pop_front();
        door_.network_.find(link)->ends[1].door = &door_;
        return std::unique_ptr<env::Accepted>(
            std::make_unique<SimAccepted>(door_.network_, door_.life_, link));
    }

    void close() override {
        if (door_.life_.dead() || state_.closed) return;
        door_.network_.stop_listening(state_, false);
    }
    const env::Address& address() const override { return address_; }

    Listening& state() { return state_; }

private:
    Door& door_;
    const env::Address address_;
    Listening state_;
};

bool SimNetwork::Door::pause() {
    if (!life_.call()) return false;
    Random& random = network_.random_;
    const bool waits = random.below(network_.options_.waits_one_in) == 0;
    if (!waits && !life_.crashing()) return true;
    Parking parking;
    pausing_.push_back(&parking);
    const auto micros = static_cast<std::int64_t>(1 + random.below(pause_micros_max));
    network_.world_.after(Duration(micros), shard_.ref(), EventKind::window, [&parking] {
        parking.wake();
        return std::uint64_t{0};
    });
    parking.wait(shard_);
    std::erase(pausing_, &parking);
    return !life_.dead();
}

Result<std::unique_ptr<env::Listener>> SimNetwork::Door::listen(const env::Address& address) {
    if (!pause()) return Error::stopped;
    const auto host = network_.host_named(address.host, host_);
    if (!host) return Error::not_found;
    if (*host != host_) return Error::invalid;
    env::Address where = address;
    if (where.port == 0) where.port = network_.free_port(host_);
    if (network_.listener_at(host_, where.port)) return Error::exists;
    auto listener = std::make_unique<SimListener>(*this, where);
    network_.listeners_[{host_, where.port}] = &listener->state();
    listening_.push_back(&listener->state());
    return std::unique_ptr<env::Listener>(std::move(listener));
}

std::unique_ptr<env::Connection> SimNetwork::Door::adopt(std::unique_ptr<env::Accepted> accepted) {
    const std::uint64_t id = static_cast<SimAccepted&>(*accepted).take();
    if (!life_.dead()) network_.find(id)->ends[1].door = this;
    return std::make_unique<SimConnection>(*this, id, 1, accepted->peer());
}

Result<std::unique_ptr<env::Connection>> SimNetwork::Door::connect(const env::Address& address,
                                                                   Time deadline) {
    if (!pause()) return Error::stopped;
    const auto host = network_.host_named(address.host, host_);
    if (!host) return Error::not_found;
    Attempt attempt;
    attempt.door = this;
    attempt.from = host_;
    attempt.to = *host;
    attempt.port = address.port;
    attempts_.push_back(&attempt);
    network_.send_syn(attempt);
    bool late = false;
    while (!attempt.answered && !life_.dead() && !late) {
        attempt.parking.wait(shard_, deadline);
        late = shard_.scheduler().now() >= deadline;
    }
    network_.world_.cancel(attempt.event);
    std::erase(attempts_, &attempt);
    if (life_.dead()) return Error::stopped;
    if (attempt.answered && attempt.link == 0) return Error::refused;
    if (attempt.answered)
        return std::unique_ptr<env::Connection>(
            std::make_unique<SimConnection>(*this, attempt.link, 0, address));
    if (Link* link = network_.find(attempt.link)) {
        network_.close_end(*link, 0, true);
        network_.release_end(*link, 0);
    }
    return Error::timed_out;
}

}  // namespace sluice::sim
