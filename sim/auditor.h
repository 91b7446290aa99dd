#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/admin.h"
#include "sim/cluster.h"
#include "sim/holdings_watch.h"

namespace sluice::sim {

// When everything owed has happened and nobody asks for anything any more: a server holds nothing
// for anybody, as soon as it has noticed who vanished; and what it says of
// itself must be the same after it was killed and started again, for all of it is logged. A server
// that loses its disk then is a new one: it must not offer anything of what was.
class Auditor {
public:
    // Topics and groups whose names begin with one of `but` are not looked at.
    Auditor(World& world, env::Address server, const HoldingsWatch& holdings,
            std::vector<std::string> but)
        : world_(world), server_(std::move(server)), holdings_(holdings), but_(std::move(but)) {}

    // In a fiber of a client machine. Ends with an error when that machine does.
    Result<void> run(env::Env& env, Node& server, bool wipe);
    bool done() const { return done_; }
    // Why it waits.
    const std::string& obstacle() const { return obstacle_; }
    const std::optional<Failure>& failure() const { return failure_; }

private:
    struct Stock {
        std::string cluster_id;
        std::string text;  // A line for everything there is.
    };
    Result<void> wait_until_nothing_is_held(env::Env& env);
    Result<void> whole(std::string_view what, protocol::ErrorCode code);
    bool leaves_out(std::string_view name) const;
    Result<Stock> take_stock(client::Admin& admin);
    Result<void> describe_topics(client::Admin& admin, const protocol::MetadataResponse& metadata,
                                 std::string& text);
    Result<void> describe_groups(client::Admin& admin, std::string& text);
    // Until it answers; the same twice in a row, lest something is still on its way.
    Result<Stock> take_settled_stock(env::Env& env);
    void kill(Node& server, bool wipe);
    void compare(const Stock& before, const Stock& after);

    World& world_;
    const env::Address server_;
    const HoldingsWatch& holdings_;
    const std::vector<std::string> but_;
    std::string obstacle_;
    bool done_ = false;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
