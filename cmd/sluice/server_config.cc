#include "cmd/sluice/server_config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/server_options.h"

namespace sluice::cmd {
namespace {

Complaint set_pair(ServerConfig& config, std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos)
        return fmt::format("'{}' is not of the form name=value", pair);
    return set_option(config, trimmed(pair.substr(0, equals)), trimmed(pair.substr(equals + 1)));
}

Complaint read_file(ServerConfig& config, const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "r");
    if (file == nullptr) return fmt::format("cannot read {}: {}", path, std::strerror(errno));
    Complaint complaint;
    char line[4096];
    for (int at = 1; !complaint && std::fgets(line, sizeof line, file); ++at) {
        std::string_view text = line;
        if (text.ends_with('\n')) text.remove_suffix(1);
        text = trimmed(text);
        if (text.empty() || text.front() == '#' || text.front() == '!') continue;
        complaint = set_pair(config, text);
        if (complaint) complaint = fmt::format("{}:{}: {}", path, at, *complaint);
    }
    std::fclose(file);
    return complaint;
}

Complaint apply_options(ServerConfig& config, const Arguments& arguments) {
    if (const auto listen = arguments.get("listen")) {
        if (const auto other = protected_listener(config.listeners))
            return fmt::format(
                "--listen {}: listeners is '{}' in the configuration, which is not plain text; "
                "this would be open to everybody. Take it out of there first",
                *listen, *other);
        if (auto complaint = set_option(config, "listeners", *listen)) return complaint;
    }
    if (const auto advertise = arguments.get("advertise"))
        if (auto complaint = set_option(config, "advertised.listeners", *advertise))
            return complaint;
    constexpr std::pair<std::string_view, std::string_view> of_quorum[] = {
        {"role", "process.roles"}, {"id", "node.id"}, {"quorum", "controller.quorum.voters"}};
    for (const auto& [option, name] : of_quorum)
        if (const auto value = arguments.get(option))
            if (auto complaint = set_option(config, name, *value)) return complaint;
    if (const auto directory = arguments.get("data"))
        if (auto complaint = set_option(config, "log.dirs", *directory)) return complaint;
    if (const auto shards = arguments.get("shards")) {
        const auto count = number(*shards);
        if (!count || *count < 1 || *count > 256)
            return fmt::format("--shards {}: between 1 and 256", *shards);
        config.shards.count = static_cast<std::uint32_t>(*count);
    }
    if (const auto io = arguments.get("io")) {
        using posix::EngineChoice;
        const std::map<std::string, EngineChoice> engines = {{"auto", EngineChoice::automatic},
                                                             {"uring", EngineChoice::io_uring},
                                                             {"epoll", EngineChoice::epoll}};
        const auto found = engines.find(*io);
        if (found == engines.end()) return fmt::format("--io {}: one of auto, uring, epoll", *io);
        config.shards.reactor.engine = found->second;
    }
    return std::nullopt;
}

// A controller has one listener: what controller.listener.names names of those that are given, or
// where the voters say that it is.
Complaint apply_controller_listener(ServerConfig& config) {
    if (!config.given.contains("listeners")) return std::nullopt;
    const auto listener = controller_listener_of(config.listeners);
    if (listener.failed()) return listener.error();
    config.listener_name = config.broker.controller_listener = listener->name;
    config.broker.controller_listen = listener->listen;
    return std::nullopt;
}

Complaint apply_listeners(ServerConfig& config) {
    char host[HOST_NAME_MAX + 1] = "localhost";
    static_cast<void>(gethostname(host, sizeof host - 1));
    if (!config.broker.is_broker) return apply_controller_listener(config);
    const auto listeners = listeners_of(config.listeners, host);
    if (listeners.failed()) return listeners.error();
    config.listener_name = listeners->name;
    config.broker.listen = listeners->listen;
    config.broker.advertise = listeners->advertise;
    if (!config.broker.quorum.voters.empty() && config.broker.is_controller) {
        if (!listeners->controller) return std::nullopt;
        config.broker.controller_listen = *listeners->controller;
        config.broker.controller_listener = listeners->controller_name;
        return std::nullopt;
    }
    config.without_effect.insert(config.without_effect.end(), listeners->skipped.begin(),
                                 listeners->skipped.end());
    return std::nullopt;
}

// What each of two options allows may be nothing together.
Complaint complaint_about_pairs(const ServerConfig& config) {
    const auto& groups = config.broker.groups;
    if (groups.session_timeout_max >= groups.session_timeout_min) return std::nullopt;
    return fmt::format(
        "group.max.session.timeout.ms: {} is less than group.min.session.timeout.ms, which is {}: "
        "no member could join a group",
        to_milliseconds(groups.session_timeout_max), to_milliseconds(groups.session_timeout_min));
}

// Most of the memory goes to the newest batches; the rest is for reads, for requests and answers
// under way, and for what is known of each partition.
void share_budget(ServerConfig& config) {
    if (!config.given.contains("log.cache.bytes"))
        config.logs.cache_bytes_max = config.memory_budget_bytes / 8 * 5;
    config.logs.read_ahead_bytes_max = config.memory_budget_bytes / 16;
    config.logs.index_cache_bytes_max = config.memory_budget_bytes / 16;
}

}  // namespace

Result<env::Address, std::string> parse_address(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto port =
        colon == std::string_view::npos ? std::nullopt : number(text.substr(colon + 1));
    if (!port) return fmt::format("'{}' is not of the form HOST:PORT", text);
    if (*port < 0 || *port > 65535)
        return fmt::format("'{}': the port {} is not from 1 to 65535", text, *port);
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return env::Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

Result<ServerConfig, std::string> identity_config(const Arguments& arguments) {
    ServerConfig config;
    Complaint complaint;
    if (const auto file = arguments.get("config")) complaint = read_file(config, *file);
    for (const std::string& pair : arguments.all("set"))
        if (!complaint) complaint = set_pair(config, pair);
    if (const auto id = arguments.get("id"); id && !complaint)
        complaint = set_option(config, "node.id", *id);
    if (const auto directory = arguments.get("data"); directory && !complaint)
        complaint = set_option(config, "log.dirs", *directory);
    if (complaint) return *complaint;
    return config;
}

Result<ServerConfig, std::string> server_config(const Arguments& arguments) {
    ServerConfig config;
    config.shards.count = posix::processor_count();
    // Whatever requests hold may wait for the disk at once.
    config.network.request_memory_bytes = 128 << 20;
    config.logs.pending_bytes_max = 256 << 20;
    Complaint complaint;
    if (const auto file = arguments.get("config")) complaint = read_file(config, *file);
    for (const std::string& pair : arguments.all("set"))
        if (!complaint) complaint = set_pair(config, pair);
    if (!complaint) complaint = apply_options(config, arguments);
    if (!complaint) complaint = complaint_about_pairs(config);
    if (!complaint) complaint = apply_quorum(config);
    if (!complaint) complaint = apply_listeners(config);
    if (complaint) return *complaint;
    share_budget(config);
    // Whoever chose a default gets it (decisions 0031).
    if (config.given.contains("default.replication.factor"))
        config.broker.controller.replication_factor_wanted = 0;
    show_options(config);
    // Budgets are of the whole broker; each shard gets its part.
    config.logs.cache_bytes_max /= config.shards.count;
    config.logs.pending_bytes_max /= config.shards.count;
    config.logs.read_ahead_bytes_max /= config.shards.count;
    config.logs.index_cache_bytes_max /= config.shards.count;
    config.network.request_memory_bytes /= config.shards.count;
    config.broker.reply_memory_max /= config.shards.count;
    config.broker.data_directory =
        std::filesystem::absolute(config.data).lexically_normal().string();
    return config;
}

}  // namespace sluice::cmd
