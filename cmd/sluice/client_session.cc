#include "cmd/sluice/client_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "cmd/sluice/output.h"
#include "cmd/sluice/server_config.h"
#include "core/client/group_admin.h"
#include "core/metadata/topic_name.h"
#include "core/posix/seed.h"
#include "net/posix/network.h"

namespace sluice::cmd {
namespace {

volatile std::sig_atomic_t interrupted_flag = 0;

void note_interrupt(int) {
    interrupted_flag = 1;
}

Result<std::vector<env::Address>, std::string> bootstrap_of(const Arguments& arguments) {
    std::vector<env::Address> addresses;
    std::string list = arguments.get("bootstrap").value_or("127.0.0.1:9092");
    if (list.empty()) return std::string("--bootstrap is empty: HOST:PORT is wanted");
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        TRY(env::Address address, parse_address(list.substr(0, comma)));
        if (address.port == 0) return fmt::format("'{}': no broker has port 0", address.text());
        addresses.push_back(std::move(address));
        list.erase(0, std::min(comma + 1, list.size()));
    }
    return addresses;
}

std::string list_of(const std::vector<env::Address>& addresses) {
    std::string text;
    for (const env::Address& address : addresses)
        text += (text.empty() ? "" : ", ") + address.text();
    return text;
}

// A broker that was just killed, or just starts, may close a connection; the next one is refused,
// or served. Error::closed is left for who closes every one.
Result<void> reach(client::Cluster& cluster, env::Scheduler& scheduler) {
    constexpr int attempts = 4;
    for (int attempt = 1;; ++attempt) {
        const auto reached = cluster.any();
        if (reached) return {};
        if (reached.error() != Error::closed || attempt == attempts) return reached.error();
        CHECK_OK(env::sleep_for(scheduler, milliseconds(250)));
    }
}

int unreachable(const std::vector<env::Address>& bootstrap, Error error) {
    const std::string_view remedy =
        error == Error::invalid ? "it speaks, but not Kafka's protocol"
        : error == Error::closed
            ? "every connection was closed without an answer; does it expect TLS?"
            : "is a broker running there? --bootstrap HOST:PORT names another";
    print_error("sluice: no broker answers at {}: {} ({})\n", list_of(bootstrap), name_of(error),
                remedy);
    return exit_unreachable;
}

// `lost` is kept: a broker went away, and none has come back since.
client::ClientOptions client_options(Duration patience, bool& lost) {
    client::ClientOptions options;
    options.client_id = "sluice-cli";
    const Duration time_max = std::max<Duration>(patience, seconds(1));
    options.request_time_max = std::min(options.request_time_max, time_max);
    options.connect_time_max = std::min<Duration>(seconds(5), time_max);
    options.gives_up = [] { return interrupted_flag != 0; };
    options.on_lost = [&lost](const env::Address& address, Error error) {
        lost = true;
        if (interrupted_flag == 0)
            print_error("sluice: lost the broker at {} ({}); trying again\n", address.text(),
                        name_of(error));
    };
    options.on_back = [&lost](const env::Address& address) {
        lost = false;
        print_error("sluice: the broker at {} is back\n", address.text());
    };
    return options;
}

std::vector<std::string> topic_names(ClientSession& session) {
    std::vector<std::string> names;
    if (const auto reply = client::Admin(session.cluster).topics({}))
        for (const auto& each : reply->topics) names.push_back(each.name.value_or(""));
    return names;
}

}  // namespace

bool is_unreachable(Error error) {
    return error == Error::refused || error == Error::closed || error == Error::timed_out;
}

int with_client(const Arguments& arguments, const std::function<int(ClientSession&)>& body) {
    return with_client(arguments, Duration::max(), body);
}

int with_client(const Arguments& arguments, Duration patience,
                const std::function<int(ClientSession&)>& body) {
    const auto bootstrap = bootstrap_of(arguments);
    if (bootstrap.failed()) return usage_error("--bootstrap: " + bootstrap.error());
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    // However often it is asked by others: timeout(1) sends every signal twice.
    sigaction(SIGTERM, &action, nullptr);
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // A person's second one does not ask.
    sigaction(SIGINT, &action, nullptr);

    int code = exit_failed;
    const auto ran = posix::ShardGroup::run({}, [&](posix::ShardGroup::Shard& shard) {
        Random random(posix::system_seed());
        posix::PosixNetwork network(shard.reactor);
        const client::ClientEnv env{shard.reactor.scheduler(), shard.reactor.clock(), network,
                                    random};
        bool lost = false;
        client::Cluster cluster(env, client_options(patience, lost), *bootstrap);
        ClientSession session{cluster,       env.scheduler,    env.clock,
                              shard.reactor, interrupted_flag, lost};
        if (const auto reached = reach(cluster, env.scheduler); reached.failed())
            code = unreachable(*bootstrap, reached.error());
        else
            code = body(session);
        cluster.close();
    });
    return ran.failed() ? exit_failed : code;
}

int failed(std::string_view what, const client::Refusal& refusal) {
    print_error("sluice: {}: {}\n", what, refusal.text());
    const bool world = refusal.code == protocol::ErrorCode::none;
    return world && is_unreachable(refusal.error) ? exit_unreachable : exit_failed;
}

int failed(std::string_view what, Error error) {
    return failed(what, client::refusal(error));
}

int failed_topic(ClientSession& session, std::string_view what, const std::string& topic,
                 const client::Refusal& refusal) {
    const bool missing =
        refusal.code == protocol::ErrorCode::unknown_topic_or_partition ||
        (refusal.code == protocol::ErrorCode::none && refusal.error == Error::not_found);
    if (!missing) return failed(what, refusal);
    const std::vector<std::string> known = topic_names(session);
    const bool exists = std::ranges::find(known, topic) != known.end();
    if (exists) return failed(what, refusal);
    const auto meant = nearest(topic, known);
    print_error(
        "sluice: {}: there is no topic '{}'{}\n", what, topic,
        meant ? fmt::format(": did you mean '{}'?", *meant) : "; 'sluice topic list' lists them");
    return exit_failed;
}

int failed_new_topic(ClientSession& session, std::string_view what, const std::string& topic,
                     const client::Refusal& refusal) {
    if (const auto complaint = metadata::complaint_about_topic_name(topic)) {
        print_error("sluice: {}: {}\n", what, *complaint);
        return exit_failed;
    }
    const auto asked = session.cluster.topic(topic, true, true);
    if (asked.failed() || asked->error == protocol::ErrorCode::none) return failed(what, refusal);
    if (asked->error != protocol::ErrorCode::unknown_topic_or_partition) {
        print_error(
            "sluice: {}: the broker cannot make topic '{}': {}; 'sluice topic create {}' says "
            "why\n",
            what, topic, name_of(asked->error), topic);
        return exit_failed;
    }
    const auto meant = nearest(topic, topic_names(session));
    print_error(
        "sluice: {}: there is no topic '{}'{}, and auto.create.topics.enable is false; 'sluice "
        "topic create {}' makes it\n",
        what, topic, meant ? fmt::format(" (did you mean '{}'?)", *meant) : "", topic);
    return exit_failed;
}

int failed_group(ClientSession& session, std::string_view what, const std::string& group,
                 const client::Refusal& refusal) {
    client::GroupAdmin admin(session.cluster);
    if (refusal.code == protocol::ErrorCode::group_id_not_found) {
        std::vector<std::string> known;
        if (const auto groups = admin.list())
            for (const auto& each : *groups) known.push_back(each.group_id);
        const auto meant = nearest(group, known);
        print_error("sluice: {}: there is no group '{}'{}\n", what, group,
                    meant ? fmt::format(": did you mean '{}'?", *meant)
                          : "; 'sluice group list' lists them");
        return exit_failed;
    }
    const auto state = admin.describe(group);
    const std::size_t members = state ? state->members.size() : 0;
    if (members == 0) return failed(what, refusal);
    print_error("sluice: {}: it has {}: stop {} first\n", what,
                members == 1 ? "a member" : fmt::format("{} members", members),
                members == 1 ? "it" : "them");
    return exit_failed;
}

}  // namespace sluice::cmd
