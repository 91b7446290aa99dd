#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/client/admin.h"
#include "core/client/producer.h"
#include "sim/raw_connection.h"
#include "sim/session_view.h"
#include "sim/workload.h"

namespace sluice::sim {

// Reads topics that come and go through fetch sessions: partitions are added and forgotten, epochs
// are wrong now and then, sessions are given up, lost with their connections, and too many. What a
// session must say, SessionView knows.
class SessionReader final : public Workload {
public:
    explicit SessionReader(const WorkloadContext& context);

    std::string_view name() const override { return "sessions"; }
    Result<void> set_up(env::Env& env) override;
    Result<void> run(env::Env& env) override;
    // Everything that was acknowledged comes through one session.
    Result<void> check(env::Env& env) override;
    std::string pending() const override;
    std::optional<Failure> judge() override { return failure_; }
    OperationCount operations() const override { return {asked_, answered_}; }

private:
    struct Topic {
        std::string name;
        std::vector<SessionLog*> logs;
        std::size_t under_way = 0;  // Records that were sent and have no answer.
        // Of everything that was asked for it is known what became of it.
        bool sure = true;
        // A request that somebody has given up and sent again may still be on its way.
        bool may_come_late = false;
    };
    // A connection and the sessions on it.
    struct Stream;

    void write(env::Env& env);
    void write_some(env::Env& env, client::Producer& producer);
    bool write_one(env::Env& env, client::Producer& producer, Topic& topic, SessionLog& log);
    Result<void> wait_for_news(env::Env& env);
    Result<void> create(client::Admin& admin, const std::string& name);
    void remove(client::Admin& admin);
    void cut(env::Env& env, client::Admin& admin);
    Topic* any_topic(Random& random);

    void read(env::Env& env);
    Result<void> work(env::Env& env);
    Result<void> step(Stream& stream, SessionView& session);
    Result<void> begin(Stream& stream, SessionView& session);
    void change_mind(Stream& stream, SessionView& session);
    Result<void> go_on(Stream& stream, SessionView& session);
    Result<void> ask_for_an_end(Stream& stream);
    Result<std::optional<Offset>> ask_for_offset(Stream& stream, const SessionLog& log,
                                                 Timestamp time);
    Result<void> find_starts(Stream& stream, SessionView& session);
    Result<void> say_a_wrong_epoch(Stream& stream, SessionView& session);
    Result<void> name_a_wrong_session(Stream& stream, SessionView& session);
    Result<void> give_up(Stream& stream, SessionView& session);
    Result<protocol::FetchResponse> ask(Stream& stream, protocol::FetchRequest request);
    Result<bool> drain(Stream& stream, SessionView& session);
    void fail(const std::string& signature, std::string text);

    const WorkloadContext& context_;
    Random draws_;
    std::vector<std::unique_ptr<SessionLog>> logs_;  // All there ever were, by number.
    std::map<std::string, Topic> topics_;            // Those that are there.
    std::vector<std::string> free_names_;            // Of topics that were deleted.
    std::uint64_t names_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::string unread_;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
