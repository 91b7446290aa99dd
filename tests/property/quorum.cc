// Laws of the metadata quorum under lost messages, crashes, lost tails and slow disks: one leader
// an epoch, what is committed is never lost or changed, and in the end somebody leads.

#include "core/raft/quorum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "core/base/random.h"

namespace sluice::raft {
namespace {

struct Record {
    LeaderEpoch epoch;
    int value = 0;

    friend bool operator==(const Record&, const Record&) = default;
};

// A replica's disk and, while it runs, its quorum.
struct Replica {
    ReplicaKey key;
    QuorumState saved;
    std::vector<Record> log;
    std::size_t durable = 0;
    std::unique_ptr<Quorum> quorum;
    int life = 0;
    Offset high_watermark{0};
};

struct Message {
    BrokerId from;
    BrokerId to;
    AskId id;
    int life = 0;  // Of the one who asked: an answer does not reach another one.
    std::variant<Ask, Reply> body;
    std::vector<Record> records;  // Of a reply to a fetch.
};

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) {
        const auto voters = 1 + random_.below(5);
        std::vector<VoterSet::Voter> set;
        for (std::uint64_t i = 0; i < voters; ++i) {
            VoterSet::Voter voter;
            voter.voter_id = BrokerId(static_cast<std::int32_t>(i) + 1);
            voter.voter_directory_id = Uuid{{static_cast<std::uint8_t>(i + 1)}};
            set.push_back(voter);
        }
        voters_ = VoterSet(set);
        for (std::uint64_t i = 0; i < voters + random_.below(2); ++i) {
            const BrokerId id(static_cast<std::int32_t>(i) + 1);
            replicas_[id].key = {id, Uuid{{static_cast<std::uint8_t>(i + 1)}}};
        }
        // Each run has weather of its own.
        losses_ = 0.3 * random_.real() * random_.real();
        crashes_ = 0.01 * random_.real() * random_.real();
        cuts_ = 0.01 * random_.real();
        step_max_ = random_.between(1, 100);
        // Longer than a round of messages takes when all is well: else nobody could be elected.
        options_.election_timeout = milliseconds(random_.between(100, 1000));
        options_.fetch_timeout = milliseconds(random_.between(200, 2000));
        for (auto& [id, replica] : replicas_) start(replica);
    }

    void act() {
        Replica& replica = any();
        if (random_.chance(crashes_) && replica.quorum) return crash(replica);
        if (random_.chance(crashes_ * 5) && !replica.quorum) return start(replica);
        if (random_.chance(cuts_)) cut_off_ = random_.chance(0.5) ? any().key.id : nobody;
        switch (random_.below(8)) {
            case 0:
                return append(replica);
            case 1:
                return flush(replica);
            case 2:
                return pass(replica);
            default:
                return random_.chance(losses_) ? lose() : deliver();
        }
    }

    // Heals everything; then somebody leads, and what it appends is committed everywhere.
    void settle() {
        cut_off_ = nobody;
        calm_ = true;
        step_max_ = 2;
        for (auto& [id, replica] : replicas_)
            if (!replica.quorum) start(replica);
        const std::size_t goal = committed_.size() + 3;
        for (int round = 0; round < 20'000; ++round) {
            for (auto& [id, replica] : replicas_) {
                if (replica.quorum->leads() && committed_.size() < goal) append(replica);
                flush(replica);
                pass(replica);
            }
            for (std::size_t i = messages_.size(); i > 0; --i) deliver();
            const bool done = std::ranges::all_of(replicas_, [&](const auto& each) {
                return each.second.high_watermark >= Offset(static_cast<std::int64_t>(goal));
            });
            if (done) return;
        }
        RC_FAIL("nobody leads, or what it appends is not committed");
    }

private:
    static constexpr BrokerId nobody{0};

    Replica& any() {
        return std::next(replicas_.begin(),
                         static_cast<std::ptrdiff_t>(random_.below(replicas_.size())))
            ->second;
    }
    static Offset end_of(const Replica& replica) {
        return Offset(static_cast<std::int64_t>(replica.log.size()));
    }

    void start(Replica& replica) {
        Quorum::Log log;
        log.end = end_of(replica);
        for (std::size_t i = 0; i < replica.log.size(); ++i)
            log.epochs.assign(replica.log[i].epoch, Offset(static_cast<std::int64_t>(i)));
        replica.durable = replica.log.size();
        replica.high_watermark = Offset(0);
        ++replica.life;
        options_.self = replica.key;
        options_.bootstrap = voters_.ids();
        replica.quorum =
            std::make_unique<Quorum>(options_, replica.saved, log, VoterHistory(voters_), now_);
        perform(replica);
    }

    // What was not flushed may be there again or not.
    void crash(Replica& replica) {
        replica.quorum.reset();
        replica.log.resize(replica.durable +
                           random_.below(replica.log.size() - replica.durable + 1));
    }

    void perform(Replica& replica) {
        for (const Effect& effect : replica.quorum->take_effects()) {
            // Power fails between any two of them.
            if (!calm_ && random_.chance(crashes_)) return crash(replica);
            std::visit([&](const auto& each) { performed(replica, each); }, effect);
        }
        RC_ASSERT(replica.quorum->log_end().offset == end_of(replica));
    }

    void performed(Replica& replica, const Persist& persist) {
        // A vote, once given, stays in its epoch.
        if (persist.state.epoch == replica.saved.epoch && replica.saved.voted)
            RC_ASSERT(persist.state.voted == replica.saved.voted);
        replica.saved = persist.state;
    }
    void performed(Replica& replica, const Send& send) {
        messages_.push_back({replica.key.id, send.to, send.id, replica.life, send.ask, {}});
    }
    void performed(Replica& replica, const BeginEpoch& begin) {
        const auto [known, is_new] = leaders_.emplace(begin.epoch, replica.key.id);
        RC_ASSERT(is_new || known->second == replica.key.id);
        RC_ASSERT(begin.at == end_of(replica));
        replica.log.push_back({begin.epoch, 0});
    }
    void performed(Replica& replica, const Store& store) {
        for (const Record& record : fetched_[{replica.key.id, store.fetched_by}])
            replica.log.push_back(record);
        RC_ASSERT(store.end == end_of(replica));
        replica.durable = replica.log.size();
    }
    void performed(Replica& replica, const Truncate& truncate) {
        replica.log.resize(static_cast<std::size_t>(truncate.end.value));
        replica.durable = std::min(replica.durable, replica.log.size());
    }
    void performed(Replica&, const Restore&) { RC_FAIL("there are no snapshots here"); }
    void performed(Replica&, const Replace&) { RC_FAIL("there are no snapshots here"); }
    void performed(Replica&, const Halt&) { RC_FAIL("a leader lacks what was committed"); }
    void performed(Replica&, const Led&) {}
    void performed(Replica& replica, const Committed& committed) {
        RC_ASSERT(committed.high_watermark > replica.high_watermark);
        replica.high_watermark = committed.high_watermark;
        const auto count = static_cast<std::size_t>(committed.high_watermark.value);
        RC_ASSERT(count <= replica.log.size());
        for (std::size_t i = 0; i < count; ++i) {
            if (i < committed_.size())
                RC_ASSERT(committed_[i] == replica.log[i]);
            else
                committed_.push_back(replica.log[i]);
        }
    }

    void append(Replica& replica) {
        if (!replica.quorum || !replica.quorum->leads()) return;
        replica.log.push_back({replica.quorum->leadership().epoch, ++values_});
        replica.quorum->appended(end_of(replica), now_);
        perform(replica);
    }

    void flush(Replica& replica) {
        if (!replica.quorum) return;
        replica.durable = replica.log.size();
        replica.quorum->flushed(end_of(replica), now_);
        perform(replica);
    }

    void pass(Replica& replica) {
        now_ = now_ + milliseconds(random_.between(0, step_max_));
        if (!replica.quorum || now_ < replica.quorum->wake_at()) return;
        replica.quorum->passed(now_);
        perform(replica);
        // It never asks to be woken at once again.
        if (replica.quorum && replica.quorum->wake_at() <= now_) {
            replica.quorum->passed(now_);
            perform(replica);
            if (replica.quorum) RC_ASSERT(replica.quorum->wake_at() > now_);
        }
    }

    void lose() {
        if (messages_.empty()) return;
        const Message message = take();
        fail(message);
    }
    void fail(const Message& message) {
        const bool is_ask = std::holds_alternative<Ask>(message.body);
        Replica& replica = replicas_[is_ask ? message.from : message.to];
        if (!replica.quorum || replica.life != message.life) return;
        replica.quorum->failed(message.id, now_);
        perform(replica);
    }

    Message take() {
        const auto at =
            messages_.begin() + static_cast<std::ptrdiff_t>(random_.below(messages_.size()));
        Message message = std::move(*at);
        messages_.erase(at);
        return message;
    }

    void deliver() {
        if (messages_.empty()) return;
        Message message = take();
        Replica& to = replicas_[message.to];
        const bool is_ask = std::holds_alternative<Ask>(message.body);
        const bool cut = (message.to == cut_off_) != (message.from == cut_off_);
        if (cut || !to.quorum) return fail(message);
        if (is_ask) return serve(to, message);
        if (to.life != message.life) return;
        fetched_[{message.to, message.id}] = message.records;
        to.quorum->answered(message.id, std::get<Reply>(message.body), now_);
        perform(to);
        fetched_.clear();
    }

    void serve(Replica& to, const Message& message) {
        Message answer{message.to, message.from, message.id, message.life, Reply{}, {}};
        answer.body = std::visit([&](const auto& ask) { return asked(to, ask, answer); },
                                 std::get<Ask>(message.body));
        perform(to);
        // The reply goes out behind the effects, or with them never.
        if (to.quorum)
            messages_.push_back(std::move(answer));
        else
            fail(message);
    }
    Reply asked(Replica& to, const VoteAsk& ask, Message&) {
        return to.quorum->vote_asked(ask, now_);
    }
    Reply asked(Replica& to, const LeaderAsk& ask, Message&) {
        return to.quorum->leader_announced(ask, now_);
    }
    Reply asked(Replica& to, const ResignAsk& ask, Message&) {
        return to.quorum->leader_resigned(ask, now_);
    }
    Reply asked(Replica& to, const FetchAsk& ask, Message& answer) {
        FetchReply reply = to.quorum->fetched(ask, now_);
        if (reply.error != protocol::ErrorCode::none || reply.diverging || reply.snapshot)
            return reply;
        const auto from = static_cast<std::size_t>(ask.log_end.offset.value);
        const std::size_t count = random_.below(std::min<std::size_t>(to.log.size() - from, 3) + 1);
        for (std::size_t i = from; i < from + count; ++i) {
            answer.records.push_back(to.log[i]);
            const Offset at(static_cast<std::int64_t>(i));
            reply.runs.push_back({to.log[i].epoch, at, at.next()});
        }
        return reply;
    }

    Random random_;
    Time now_;
    Quorum::Options options_;
    VoterSet voters_;
    std::map<BrokerId, Replica> replicas_;
    std::vector<Message> messages_;
    std::map<std::pair<BrokerId, AskId>, std::vector<Record>> fetched_;
    std::map<LeaderEpoch, BrokerId> leaders_;
    std::vector<Record> committed_;
    BrokerId cut_off_ = nobody;
    bool calm_ = false;
    double losses_ = 0;
    double crashes_ = 0;
    double cuts_ = 0;
    std::int64_t step_max_ = 0;
    int values_ = 0;
};

RC_GTEST_PROP(Quorum, LosesNothingCommittedAndGoesOn, (std::uint64_t seed)) {
    World world(seed);
    for (int i = 0; i < 20'000; ++i) world.act();
    world.settle();
}

}  // namespace
}  // namespace sluice::raft
