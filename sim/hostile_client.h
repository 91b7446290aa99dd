#pragma once

#include "sim/raw_connection.h"
#include "sim/workload.h"

namespace sluice::sim {

// A client that means harm, or is broken: noise, lengths that cannot be, requests that end in the
// middle, answers that are never read, requests that do not exist, a few bytes that unpack into
// many. The broker closes the connection or says no; that nobody else is hurt, the others' oracles
// see.
class HostileClient final : public Workload {
public:
    explicit HostileClient(const WorkloadContext& context) : context_(context) {}

    std::string_view name() const override { return "hostile"; }
    Result<void> set_up(env::Env& env) override;
    Result<void> run(env::Env& env) override;
    // Everything once more, and who is silent is sent away; a client with manners is served at
    // once.
    Result<void> check(env::Env& env) override;
    std::string pending() const override { return pending_; }
    std::optional<Failure> judge() override { return failure_; }
    OperationCount operations() const override { return {attacks_, 0}; }

private:
    void attack(env::Env& env, std::uint64_t kind);
    bool is_sent_away(env::Env& env, bool within_a_request);
    void make_noise(env::Env& env, RawConnection& connection);
    void lie_about_length(env::Env& env, RawConnection& connection);
    void stop_in_the_middle(env::Env& env, RawConnection& connection);
    void never_read(env::Env& env, RawConnection& connection);
    void ask_for_what_does_not_exist(RawConnection& connection);
    void send_bomb(RawConnection& connection);
    void want_no_answer(RawConnection& connection);
    void go_while_waiting(env::Env& env, RawConnection& connection);

    const WorkloadContext& context_;
    std::uint64_t attacks_ = 0;
    std::string pending_ = "nobody answers a simple question";
    Bytes bomb_;
    Bytes harmless_;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
