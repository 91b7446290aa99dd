// Plays the traces in testdata/: one replica of the metadata log, what others tell it, and what it
// wants done.

#include "core/raft/quorum.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/base/golden.h"

namespace sluice::raft {
namespace {

using golden::Command;
using protocol::ErrorCode;

// Replica 1 of as many as `start` says, with directories 1, 2, 3 ... The trace tells what it is
// asked and answered; asks go by their numbers. Timeouts: election 1 s, fetch 2 s, and what is
// added to them by chance is never shown, only waited for with `until`.
class Stage {
public:
    std::string execute(const Command& command) {
        out_.clear();
        using Handler = void (Stage::*)(const Command&);
        static const std::map<std::string, Handler> handlers = {{"start", &Stage::start},
                                                                {"wait", &Stage::wait},
                                                                {"until", &Stage::until},
                                                                {"vote", &Stage::vote},
                                                                {"leader", &Stage::leader},
                                                                {"resigned", &Stage::resigned},
                                                                {"fetch", &Stage::fetch},
                                                                {"granted", &Stage::granted},
                                                                {"told", &Stage::told},
                                                                {"fetched", &Stage::fetched},
                                                                {"failed", &Stage::failed},
                                                                {"append", &Stage::append},
                                                                {"lost", &Stage::lost},
                                                                {"flushed", &Stage::flushed},
                                                                {"voters", &Stage::voters},
                                                                {"restored", &Stage::restored},
                                                                {"restoring", &Stage::restoring},
                                                                {"resign", &Stage::resign},
                                                                {"add", &Stage::add},
                                                                {"remove", &Stage::remove},
                                                                {"move", &Stage::move},
                                                                {"describe", &Stage::describe},
                                                                {"snapshot", &Stage::snapshot}};
        const auto handler = handlers.find(command.name);
        if (handler == handlers.end()) return "no such command\n";
        (this->*handler->second)(command);
        show_effects();
        return out_.empty() ? "(nothing)\n" : out_;
    }

private:
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }

    static std::string text(const LogPoint& point) {
        return fmt::format("{}@{}", point.offset.value, point.epoch.value);
    }
    static std::string text(const Leadership& known) {
        return known.leader
                   ? fmt::format("epoch {}, led by {}", known.epoch.value, known.leader->value)
                   : fmt::format("epoch {}, led by nobody", known.epoch.value);
    }
    static std::string text(ErrorCode error) {
        return error == ErrorCode::none ? "ok" : std::string(protocol::name_of(error));
    }
    static std::string text(const std::vector<BrokerId>& ids) {
        std::string all;
        for (const BrokerId id : ids) all += (all.empty() ? "" : ",") + std::to_string(id.value);
        return "[" + all + "]";
    }
    // "12@3" -> offset 12, epoch 3.
    static LogPoint point(const std::string& words) {
        const auto at = words.find('@');
        return {LeaderEpoch(std::stoi(words.substr(at + 1))), Offset(std::stoll(words))};
    }
    static BrokerId broker(const Command& command, const std::string& key) {
        return BrokerId(static_cast<std::int32_t>(command.number(key)));
    }
    static LeaderEpoch epoch(const Command& command) {
        return LeaderEpoch(static_cast<std::int32_t>(command.number("epoch")));
    }
    static ReplicaKey replica(BrokerId id, std::int64_t directory) {
        return {id, Uuid{{static_cast<std::uint8_t>(directory)}}};
    }
    static ReplicaKey replica(BrokerId id) { return replica(id, id.value); }
    static VoterSet voters_up_to(std::int64_t count) {
        std::vector<VoterSet::Voter> set;
        for (std::int64_t i = 1; i <= count; ++i) {
            VoterSet::Voter voter;
            voter.voter_id = BrokerId(static_cast<std::int32_t>(i));
            voter.voter_directory_id = replica(voter.voter_id).directory;
            set.push_back(voter);
        }
        return VoterSet(set);
    }
    Leadership told_of(const Command& command) const {
        Leadership known{LeaderEpoch(static_cast<std::int32_t>(
                             command.number("epoch", quorum_->leadership().epoch.value))),
                         std::nullopt};
        if (command.has("leader")) known.leader = broker(command, "leader");
        return known;
    }

    // start voters=3 self=1 epoch=4 leader=2 voted=2 log=10@3: what its disk says.
    void start(const Command& command) {
        Quorum::Options options{
            .self = replica(BrokerId(static_cast<std::int32_t>(command.number("self", 1))))};
        options.bootstrap = {BrokerId(2), BrokerId(3)};
        QuorumState state{epoch(command), std::nullopt, std::nullopt};
        if (command.has("leader")) state.leader = broker(command, "leader");
        if (command.has("voted")) state.voted = replica(broker(command, "voted"));
        Quorum::Log log;
        if (command.has("log")) {
            const LogPoint end = point(command.text("log"));
            log.end = end.offset;
            log.epochs.assign(end.epoch, Offset(command.number("since")));
        }
        quorum_ = std::make_unique<Quorum>(
            options, state, log, VoterHistory(voters_up_to(command.number("voters", 3))), now_);
    }

    void wait(const Command& command) {
        now_ = now_ + milliseconds(command.number("ms"));
        if (now_ >= quorum_->wake_at()) quorum_->passed(now_);
    }
    // Whatever is due next comes.
    void until(const Command&) {
        now_ = std::max(now_, quorum_->wake_at());
        quorum_->passed(now_);
    }

    // vote from=2 epoch=5 log=12@4 pre to=9
    void vote(const Command& command) {
        const BrokerId from = broker(command, "from");
        const VoteReply reply = quorum_->vote_asked(
            {replica(from, command.number("directory", from.value)), epoch(command),
             point(command.text("log")), command.has("pre"),
             replica(BrokerId(static_cast<std::int32_t>(command.number("to", 1))))},
            now_);
        say("{} {}: {}", text(reply.error), reply.granted ? "granted" : "refused",
            text(reply.known));
    }
    void leader(const Command& command) {
        const LeaderReply reply = quorum_->leader_announced(
            {broker(command, "from"), epoch(command), replica(BrokerId(1))}, now_);
        say("{}: {}", text(reply.error), text(reply.known));
    }
    // resigned from=2 epoch=5 successors=3,1
    void resigned(const Command& command) {
        ResignAsk ask{broker(command, "from"), epoch(command), {}};
        for (const std::string& id : golden::split(command.text("successors"), ','))
            ask.successors.emplace_back(std::stoi(id));
        const ResignReply reply = quorum_->leader_resigned(ask, now_);
        say("{}: {}", text(reply.error), text(reply.known));
    }
    // fetch from=2 epoch=5 log=12@4 directory=9
    void fetch(const Command& command) {
        const BrokerId from = broker(command, "from");
        const FetchReply reply =
            quorum_->fetched({replica(from, command.number("directory", from.value)),
                              epoch(command), point(command.text("log")), Offset(0)},
                             now_);
        say("{}: {}, committed {}{}", text(reply.error), text(reply.known),
            reply.high_watermark.value,
            reply.diverging  ? ", parts at " + text(*reply.diverging)
            : reply.snapshot ? ", begin with the snapshot " + text(*reply.snapshot)
                             : "");
    }

    AskId ask_id(const Command& command) const {
        return AskId(static_cast<std::uint64_t>(command.number("ask")));
    }
    // granted ask=1, granted ask=1 no epoch=7 leader=3
    void granted(const Command& command) {
        quorum_->answered(ask_id(command),
                          VoteReply{ErrorCode::none, told_of(command), !command.has("no")}, now_);
    }
    // told ask=1: it has heard who leads, or who leads no more.
    void told(const Command& command) {
        quorum_->answered(ask_id(command), LeaderReply{ErrorCode::none, told_of(command)}, now_);
    }
    // fetched ask=1 end=12 of=5 committed=10 parts=8@4 snapshot=100@7 error epoch= leader=
    void fetched(const Command& command) {
        FetchReply reply;
        reply.known = told_of(command);
        if (!command.has("leader") && !command.has("error"))
            reply.known.leader = quorum_->leadership().leader;
        if (command.has("error")) reply.error = ErrorCode::not_leader_or_follower;
        reply.high_watermark = Offset(command.number("committed"));
        if (command.has("parts")) reply.diverging = point(command.text("parts"));
        if (command.has("snapshot")) reply.snapshot = point(command.text("snapshot"));
        if (command.has("end"))
            reply.runs.push_back({LeaderEpoch(static_cast<std::int32_t>(command.number("of"))),
                                  quorum_->log_end().offset, Offset(command.number("end"))});
        quorum_->answered(ask_id(command), reply, now_);
    }
    void failed(const Command& command) { quorum_->failed(ask_id(command), now_); }
    // lost peer=1
    void lost(const Command& command) { quorum_->lost(broker(command, "peer"), now_); }

    void append(const Command& command) { quorum_->appended(Offset(command.number("end")), now_); }
    void flushed(const Command& command) { quorum_->flushed(Offset(command.number("end")), now_); }
    // voters at=12 count=3 without=1
    void voters(const Command& command) {
        VoterSet voters = voters_up_to(command.number("count"));
        if (command.has("without")) voters = voters.without(broker(command, "without"));
        quorum_->voters_appended(Offset(command.number("at")), voters, now_);
    }
    void restoring(const Command& command) {
        quorum_->restoring_goes_on(point(command.text("snapshot")), now_);
    }
    void restored(const Command& command) {
        quorum_->restored(point(command.text("snapshot")), VoterHistory(voters_up_to(3)), now_);
    }
    // One was taken, and the log begins behind it now.
    void snapshot(const Command& command) {
        const LogPoint taken = point(command.text("at"));
        quorum_->snapshot_taken(taken);
        quorum_->log_start_moved(taken.offset);
        say("log begins at {}", text(taken));
    }
    void resign(const Command&) { quorum_->resign(now_); }

    // What is decided is not yet appended: `voters` says that it is.
    void say_change(const Quorum::VoterChange& change) {
        say("{}{}", text(change.error),
            change.voters ? ", to append: " + text(change.voters->ids()) : "");
    }
    static VoterSet::Voter voter(const Command& command) {
        VoterSet::Voter voter;
        voter.voter_id = broker(command, "voter");
        voter.voter_directory_id =
            replica(voter.voter_id, command.number("directory", voter.voter_id.value)).directory;
        voter.endpoints = {{"CONTROLLER", "box", 9093}};
        return voter;
    }
    // add voter=4, remove voter=2 directory=2, move voter=2 epoch=5
    void add(const Command& command) { say_change(quorum_->add_voter(voter(command), now_)); }
    void remove(const Command& command) {
        const VoterSet::Voter gone = voter(command);
        say_change(quorum_->remove_voter({gone.voter_id, gone.voter_directory_id}));
    }
    void move(const Command& command) {
        say_change(quorum_->update_voter(voter(command), epoch(command)));
    }
    void describe(const Command&) {
        const auto all = quorum_->describe(now_);
        if (!all) return say("it does not lead");
        const auto show_replicas = [&](std::string_view kind, const auto& replicas) {
            for (const auto& each : replicas)
                say("{} {}: ends {}, {}", kind, each.key.id.value, each.end.value,
                    !each.fetched_at    ? "never heard of"
                    : each.caught_up_at ? "has caught up"
                                        : "lags behind");
        };
        show_replicas("voter", all->voters);
        show_replicas("observer", all->observers);
    }

    void show_effects() {
        for (const Effect& effect : quorum_->take_effects())
            std::visit([this](const auto& each) { show(each); }, effect);
        say("{}, log ends {}", quorum_->role_name(), text(quorum_->log_end()));
    }
    void show(const Persist& effect) {
        say("save epoch {}, leader {}, voted {}", effect.state.epoch.value,
            effect.state.leader ? std::to_string(effect.state.leader->value) : "-",
            effect.state.voted ? std::to_string(effect.state.voted->id.value) : "-");
    }
    void show(const Send& effect) {
        std::visit([&](const auto& ask) { show(effect.to, effect.id, ask); }, effect.ask);
    }
    void show(BrokerId to, AskId id, const VoteAsk& ask) {
        say("{}) ask {} {} for epoch {}, log {}", id.value, to.value,
            ask.pre_vote ? "whether it would vote" : "to vote", ask.epoch.value, text(ask.log_end));
    }
    void show(BrokerId to, AskId id, const LeaderAsk& ask) {
        say("{}) tell {} that {} leads epoch {}", id.value, to.value, ask.leader.value,
            ask.epoch.value);
    }
    void show(BrokerId to, AskId id, const ResignAsk& ask) {
        say("{}) tell {} that {} leads epoch {} no more, after it {}", id.value, to.value,
            ask.leader.value, ask.epoch.value, text(ask.successors));
    }
    void show(BrokerId to, AskId id, const FetchAsk& ask) {
        say("{}) fetch from {} in epoch {} at {}", id.value, to.value, ask.epoch.value,
            text(ask.log_end));
    }
    void show(const BeginEpoch& effect) {
        say("append at {}: epoch {} begins, voters {}, granted by {}", effect.at.value,
            effect.epoch.value, text(effect.voters), text(effect.granted_by));
    }
    void show(const Store& effect) { say("store up to {}", effect.end.value); }
    void show(const Truncate& effect) { say("truncate to {}", effect.end.value); }
    void show(const Restore& effect) {
        say("get the snapshot {} from {}", text(effect.snapshot), effect.from.value);
    }
    void show(const Replace& effect) { say("begin with the snapshot {}", text(effect.snapshot)); }
    void show(const Committed& effect) { say("committed up to {}", effect.high_watermark.value); }
    void show(const Led& effect) { say("now {}", text(effect.by)); }
    void show(const Halt& effect) {
        say("halt: the leader's log parts at {}, before what is committed", text(effect.diverging));
    }

    std::unique_ptr<Quorum> quorum_;
    Time now_;
    std::string out_;
};

class QuorumTrace : public testing::TestWithParam<std::string> {};

TEST_P(QuorumTrace, TellsTheSameStory) {
    Stage stage;
    golden::run(std::string(SLUICE_SOURCE_DIR "/core/raft/testdata/") + GetParam() + ".txt",
                [&](const Command& command) { return stage.execute(command); });
}

INSTANTIATE_TEST_SUITE_P(Stories, QuorumTrace,
                         testing::Values("election", "votes", "commit", "divergence", "losing",
                                         "alone", "observer", "another_disk", "voters",
                                         "lost_leader"),
                         [](const auto& story) { return story.param; });

}  // namespace
}  // namespace sluice::raft
