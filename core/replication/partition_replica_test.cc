// Plays the traces in testdata/: one replica of a partition, what it is told, and what it wants
// done.

#include "core/replication/partition_replica.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/golden.h"

namespace sluice::replication {
namespace {

using golden::brokers_of;
using golden::Command;
using golden::split;
using golden::text_of;
using protocol::BrokerEpoch;
using protocol::ErrorCode;

std::string text_of(ErrorCode error) {
    return error == ErrorCode::none ? "ok" : std::string(protocol::name_of(error));
}

ErrorCode error_of(const std::string& name) {
    for (int code = -1; code < 140; ++code)
        if (protocol::name_of(static_cast<ErrorCode>(code)) == name)
            return static_cast<ErrorCode>(code);
    return ErrorCode::none;
}

// The replica of broker 1, and its log, on which effects are performed as they are shown. Brokers
// have ten times their id for an epoch, and are active, unless `assign` says otherwise. Replicas
// that lag more than 10 s leave.
class Stage {
public:
    std::string execute(const Command& command) {
        out_.clear();
        using Handler = void (Stage::*)(const Command&);
        static const std::map<std::string, Handler> handlers = {{"log", &Stage::log},
                                                                {"assign", &Stage::assign},
                                                                {"append", &Stage::append},
                                                                {"flush", &Stage::flush},
                                                                {"wait", &Stage::wait},
                                                                {"gave_up", &Stage::gave_up},
                                                                {"may_append", &Stage::allowed},
                                                                {"fetch", &Stage::fetch},
                                                                {"answer", &Stage::answer},
                                                                {"lost", &Stage::lost},
                                                                {"pass", &Stage::pass},
                                                                {"end_of", &Stage::end_of},
                                                                {"near", &Stage::near},
                                                                {"read", &Stage::read},
                                                                {"next", &Stage::next},
                                                                {"received", &Stage::received},
                                                                {"failed", &Stage::failed},
                                                                {"found", &Stage::found},
                                                                {"unfound", &Stage::unfound}};
        const auto handler = handlers.find(command.name);
        if (handler == handlers.end()) return "no such command\n";
        (this->*handler->second)(command);
        for (const Effect& effect : replica_->take_effects())
            std::visit([this](const auto& each) { perform(each); }, effect);
        return out_.empty() ? "(nothing)\n" : out_;
    }

private:
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }
    LogView view() const { return {start_, end_, durable_, epochs_}; }
    PartitionLeader& leader() { return *replica_->leading(); }
    PartitionFollower& follower() { return *replica_->following(); }
    static Offset offset(const Command& command, const std::string& key, std::int64_t otherwise) {
        return Offset(command.number(key, otherwise));
    }
    static LeaderEpoch epoch(const Command& command, const std::string& key,
                             std::int64_t otherwise) {
        return LeaderEpoch(static_cast<std::int32_t>(command.number(key, otherwise)));
    }

    void perform(const BeginEpoch& begin) {
        say("epoch {} begins at {}", begin.epoch.value, begin.at.value);
        epochs_.assign(begin.epoch, begin.at);
    }
    void perform(const Propose& proposal) {
        std::string members;
        for (const auto& member : proposal.isr)
            members += fmt::format("{}{}@{}", members.empty() ? "" : ",", member.broker.value,
                                   member.epoch.value);
        say("{}) propose in sync [{}] in epoch {}, after change {}", proposal.id.value, members,
            proposal.leader_epoch.value, proposal.partition_epoch.value);
    }
    void perform(const Committed& committed) {
        say("committed {}", committed.high_watermark.value);
    }
    void perform(const Answer& answer) {
        say("answer append {}: {}", answer.append.value, text_of(answer.error));
    }
    void perform(const Truncate& truncate) {
        say("truncate to {}", truncate.end.value);
        end_ = truncate.end;
        durable_ = std::min(durable_, end_);
        epochs_.truncate_from_end(end_);
    }
    void perform(const Append& append) {
        say("append to {}", append.end.value);
        for (const Run& run : runs_)
            if (run.end <= append.end) epochs_.assign(run.epoch, run.first);
        end_ = append.end;
    }
    void perform(const Restart& restart) {
        say("begin again at {}, log starts at {}", restart.at.value, restart.log_start.value);
        end_ = durable_ = restart.at;
        start_ = restart.log_start;
        epochs_.clear();
    }
    void perform(const DeleteBefore& deletion) {
        say("delete before {}", deletion.start.value);
        start_ = deletion.start;
        epochs_.truncate_from_start(start_);
    }
    void perform(const FindLeaderLog&) { say("ask the leader where its log begins and ends"); }

    // log start=0 end=10 committed=5 epochs=1:0,3:5: a replica that has just been started.
    void log(const Command& command) {
        start_ = offset(command, "start", 0);
        end_ = durable_ = offset(command, "end", 0);
        epochs_ = {};
        for (const std::string& each : split(command.text("epochs"), ',')) {
            const auto words = split(each, ':');
            epochs_.assign(LeaderEpoch(std::stoi(words[0])), Offset(std::stoll(words[1])));
        }
        replica_.emplace(
            PartitionReplica::Options{BrokerId(1), seconds(10), seconds(1), milliseconds(50)},
            offset(command, "committed", 0));
        now_ = {};
    }

    // assign leader=1 epoch=1 change=1 isr=1,2 replicas=1,2,3 min=2 fenced=3 epochs=2:21 racks=2:b
    void assign(const Command& command) {
        Assignment assignment;
        assignment.leader = BrokerId(static_cast<std::int32_t>(command.number("leader", 1)));
        assignment.leader_epoch = epoch(command, "epoch", 1);
        assignment.partition_epoch =
            protocol::PartitionEpoch(static_cast<std::int32_t>(command.number("change", 1)));
        assignment.replicas = brokers_of(command.text("replicas", "1,2,3"));
        assignment.isr = brokers_of(command.text("isr", command.text("replicas", "1,2,3")));
        assignment.min_isr = static_cast<std::size_t>(command.number("min", 1));
        const auto fenced = brokers_of(command.text("fenced"));
        for (const BrokerId id : assignment.replicas)
            assignment.brokers[id] = {BrokerEpoch(id.value * 10), !holds(fenced, id)};
        for (const std::string& each : split(command.text("epochs"), ',')) {
            const auto words = split(each, ':');
            assignment.brokers[BrokerId(std::stoi(words[0]))].epoch =
                BrokerEpoch(std::stoll(words[1]));
        }
        for (const std::string& each : split(command.text("racks"), ',')) {
            const auto words = split(each, ':');
            assignment.brokers[BrokerId(std::stoi(words[0]))].rack = words[1];
        }
        replica_->assigned(assignment, view(), now_);
        say("{}, epoch {}, in sync {}",
            replica_->leading() != nullptr     ? "leading"
            : replica_->following() != nullptr ? "following"
                                               : "idle",
            replica_->epoch().value,
            replica_->leading() != nullptr ? text_of(leader().isr()) : "-");
    }

    void append(const Command& command) {
        end_ = offset(command, "end", 0);
        leader().appended(end_, now_);
        if (command.has("flushed")) flush(command);
    }
    void flush(const Command&) {
        durable_ = end_;
        if (replica_->leading() != nullptr) leader().flushed(durable_, now_);
    }
    void wait(const Command& command) {
        leader().wait_committed(AppendId(static_cast<std::uint64_t>(command.number("id"))),
                                offset(command, "end", 0));
    }
    void gave_up(const Command& command) {
        leader().gave_up(AppendId(static_cast<std::uint64_t>(command.number("id"))));
    }
    void allowed(const Command&) { say("{}", text_of(leader().complaint_about_append())); }

    // fetch from=2 at=5 epoch=1 last=1 broker=20
    void fetch(const Command& command) {
        const auto from = static_cast<std::int32_t>(command.number("from"));
        FetchAsk ask;
        ask.follower = BrokerId(from);
        ask.broker_epoch = BrokerEpoch(command.number("broker", from * 10));
        ask.leader_epoch = epoch(command, "epoch", leader().epoch().value);
        ask.offset = offset(command, "at", 0);
        ask.last_fetched_epoch = epoch(command, "last", -1);
        ask.log_start = offset(command, "start", 0);
        const FetchReply reply = leader().fetched(ask, view(), now_);
        if (reply.error != ErrorCode::none)
            say("{}", text_of(reply.error));
        else if (reply.diverging)
            say("parts at {}@{}", reply.diverging->offset.value, reply.diverging->epoch.value);
        else
            say("from {}, committed {}", ask.offset.value, reply.high_watermark.value);
    }

    // answer proposal=1 error=NAME change=2 isr=1,2 epoch=1
    void answer(const Command& command) {
        ProposalReply reply;
        reply.error = error_of(command.text("error"));
        reply.leader_epoch = epoch(command, "epoch", leader().epoch().value);
        reply.partition_epoch =
            protocol::PartitionEpoch(static_cast<std::int32_t>(command.number("change")));
        reply.isr = brokers_of(command.text("isr"));
        leader().proposal_answered(
            ProposalId(static_cast<std::uint64_t>(command.number("proposal"))), reply, now_);
        say("in sync {}", text_of(leader().isr()));
    }
    void lost(const Command& command) {
        leader().proposal_failed(ProposalId(static_cast<std::uint64_t>(command.number("proposal"))),
                                 now_);
    }
    void pass(const Command& command) {
        now_ = now_ + milliseconds(command.number("ms"));
        if (replica_->leading() == nullptr) return;
        leader().passed(now_);
        const Time at = leader().wake_at();
        EXPECT_GT(at, now_);
        if (at != never) say("awake again in {} ms", to_milliseconds(at - now_));
    }
    void end_of(const Command& command) {
        const EpochEndReply reply =
            leader().end_of_epoch(epoch(command, "told", -1), epoch(command, "epoch", 0), view());
        if (reply.error != ErrorCode::none)
            say("{}", text_of(reply.error));
        else
            say("{}@{}", reply.end.offset.value, reply.end.epoch.value);
    }
    void near(const Command& command) {
        const auto found = leader().nearer_replica(command.text("rack"), offset(command, "at", 0));
        say("{}", found ? fmt::format("read from {}", found->value) : "read here");
    }
    void read(const Command& command) {
        say("{}", text_of(replica_->complaint_about_read(offset(command, "at", 0), view())));
    }

    void next(const Command&) {
        const auto ask = follower().next_fetch(view(), now_);
        if (!ask) return say("nothing to ask yet");
        asked_ = *ask;
        say("fetch {}@{} in epoch {} of broker epoch {}, log starts at {}", ask->offset.value,
            ask->last_fetched_epoch.value, ask->leader_epoch.value, ask->broker_epoch.value,
            ask->log_start.value);
    }

    // received runs=0-5@1,5-7@2 committed=3 start=0 parts=5@3 error=NAME; for what was asked last,
    // unless epoch= at= last= name something else.
    void received(const Command& command) {
        FetchAsk ask = asked_;
        ask.leader_epoch = epoch(command, "epoch", ask.leader_epoch.value);
        ask.offset = offset(command, "at", ask.offset.value);
        ask.last_fetched_epoch = epoch(command, "last", ask.last_fetched_epoch.value);
        FetchReply reply;
        reply.error = error_of(command.text("error"));
        reply.high_watermark = offset(command, "committed", 0);
        reply.log_start = offset(command, "start", 0);
        if (command.has("parts")) {
            const auto words = split(command.text("parts"), '@');
            reply.diverging = {LeaderEpoch(std::stoi(words[1])), Offset(std::stoll(words[0]))};
        }
        for (const std::string& each : split(command.text("runs"), ',')) {
            const auto words = split(each, '@');
            const auto ends = split(words[0], '-');
            reply.runs.push_back({LeaderEpoch(std::stoi(words[1])), Offset(std::stoll(ends[0])),
                                  Offset(std::stoll(ends[1]))});
        }
        runs_ = reply.runs;
        follower().received(ask, reply, view(), now_);
    }
    void failed(const Command&) { follower().failed(now_); }
    void found(const Command& command) {
        follower().leader_log_found(offset(command, "start", 0), offset(command, "end", 0), view());
    }
    void unfound(const Command&) { follower().leader_log_not_found(now_); }

    std::optional<PartitionReplica> replica_;
    Offset start_;
    Offset end_;
    Offset durable_;
    LeaderEpochs epochs_;
    std::vector<Run> runs_;
    FetchAsk asked_;
    Time now_;
    std::string out_;
};

class PartitionTrace : public testing::TestWithParam<std::string> {};

TEST_P(PartitionTrace, TellsTheSameStory) {
    Stage stage;
    golden::run(std::string(SLUICE_SOURCE_DIR "/core/replication/testdata/") + GetParam() + ".txt",
                [&](const Command& command) { return stage.execute(command); });
}

INSTANTIATE_TEST_SUITE_P(Stories, PartitionTrace,
                         testing::Values("commit", "min_isr", "laggards", "joining", "proposals",
                                         "lives", "fetch_answers", "readers", "following",
                                         "truncation", "late_answers", "out_of_range", "roles"),
                         [](const auto& story) { return story.param; });

}  // namespace
}  // namespace sluice::replication
