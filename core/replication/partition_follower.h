#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/time.h"
#include "core/replication/assignment.h"
#include "core/replication/effects.h"
#include "core/replication/log_view.h"
#include "core/replication/messages.h"

namespace sluice::replication {

// Decides, in one leader epoch of one partition, what a follower asks its leader for and what of
// the answers it may do: the log it has is made the beginning of its leader's. Owned by a
// PartitionReplica; it never waits and reads no clock. The driver asks for next_fetch() when an
// input was told, at wake_at(), and when the log is on disk as far as it was written.
class PartitionFollower {
public:
    struct Options {
        BrokerId self;
        protocol::BrokerEpoch broker_epoch{-1};
        Duration backoff_first = milliseconds(20);
        Duration backoff_max = seconds(1);  // replica.fetch.backoff.ms
    };

    PartitionFollower(const Options& options, LeaderEpoch epoch, Offset high_watermark)
        : options_(options),
          broker_epoch_(options.broker_epoch),
          epoch_(epoch),
          high_watermark_(high_watermark) {}

    // The broker is registered as that now: it may have been taken for gone though it was not, and
    // what it proves counts for the life that the leader knows (KIP-903).
    void registered(protocol::BrokerEpoch epoch) { broker_epoch_ = std::max(broker_epoch_, epoch); }

    // Nothing while it should not ask: what was written is not on disk yet, and the leader takes
    // the offset for a proof that it is; or the last attempt failed a moment ago.
    std::optional<FetchAsk> next_fetch(const LogView& log, Time now) const;
    // `ask` was answered; the batches of the runs are at hand until the effects are performed. An
    // answer to what would not be asked any more changes nothing.
    void received(const FetchAsk& ask, const FetchReply& reply, const LogView& log, Time now);
    void failed(Time now);
    // Where the leader's log begins and ends (its end, not that of what is committed), or that
    // nobody knows.
    void leader_log_found(Offset start, Offset end, const LogView& log);
    void leader_log_not_found(Time now);

    // When next_fetch() may say something else though nothing happened.
    Time wake_at(Time now) const;
    LeaderEpoch epoch() const { return epoch_; }
    Offset high_watermark() const { return high_watermark_; }
    std::vector<Effect> take_effects() { return std::exchange(effects_, {}); }

private:
    struct Fetching {
        Time not_before;
    };
    // Its log and its leader's have nothing in common at the offset it asked for.
    struct Locating {};

    void truncate(Offset end);
    void part_from(const LeaderEpochs::End& diverging, const LogView& log);
    void append(const FetchReply& reply, const LogView& log, Time now);
    void commit(Offset high_watermark);
    void back_off(Time now);

    const Options options_;
    protocol::BrokerEpoch broker_epoch_;
    const LeaderEpoch epoch_;
    Offset high_watermark_;
    std::variant<Fetching, Locating> state_;
    int failures_ = 0;
    std::vector<Effect> effects_;
};

}  // namespace sluice::replication
