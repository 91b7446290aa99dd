#include "cmd/sluice/listeners.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/server_config.h"

namespace sluice::cmd {
namespace {

constexpr std::string_view plain = "PLAINTEXT";
constexpr std::string_view protocols[] = {plain, "SSL", "SASL_PLAINTEXT", "SASL_SSL"};

struct Listener {
    std::string name;
    env::Address address;
    std::string text;  // As it was written.
};

std::string capitals(std::string_view text) {
    std::string result(trimmed(text));
    for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return result;
}

// NAME://HOST:PORT; without a name it is `name`.
Result<Listener, std::string> listener_of(std::string_view text, std::string_view name) {
    const auto scheme = text.find("://");
    Listener listener{.name = std::string(name), .address = {}, .text = std::string(text)};
    if (scheme != std::string_view::npos) {
        listener.name = capitals(text.substr(0, scheme));
        text.remove_prefix(scheme + 3);
    }
    TRY(listener.address, parse_address(text));
    return listener;
}

using Protocols = std::map<std::string, std::string>;

Result<Protocols, std::string> protocols_of(const std::string& words) {
    Protocols by_name;
    for (const std::string_view protocol : protocols)
        if (words.empty()) by_name[std::string(protocol)] = protocol;
    for (const std::string_view part : parts_of_list(words)) {
        const auto colon = part.find(':');
        const std::string protocol =
            colon == std::string_view::npos ? "" : capitals(part.substr(colon + 1));
        if (std::ranges::find(protocols, protocol) == std::end(protocols))
            return fmt::format(
                "listener.security.protocol.map: '{}' is not NAME:PROTOCOL with one of {}", part,
                fmt::join(protocols, ", "));
        by_name[capitals(part.substr(0, colon))] = protocol;
    }
    return by_name;
}

std::set<std::string> controllers_of(const ListenerWords& words) {
    std::set<std::string> names;
    for (const std::string_view name : parts_of_list(words.controllers))
        names.insert(capitals(name));
    return names;
}

std::optional<std::string> complaint_about(const Listener& listener, const Protocols& by_name) {
    const auto protocol = by_name.find(listener.name);
    if (protocol == by_name.end())
        return fmt::format(
            "listeners: '{}' has no protocol: listener.security.protocol.map does not name {}",
            listener.text, listener.name);
    if (protocol->second == plain) return std::nullopt;
    return fmt::format(
        "listeners: '{}' asks for {}, which is not served yet: it would be open to everybody. "
        "PLAINTEXT is what there is",
        listener.text, protocol->second);
}

bool is_every_address(std::string_view host) {
    return host.empty() || host == "*" || host == "0.0.0.0" || host == "::";
}

// What --advertise or advertised.listeners says for the listener that is served.
Result<env::Address, std::string> advertised(const ListenerWords& words, const Listener& served,
                                             const std::set<std::string>& controllers) {
    env::Address address;
    bool found = false;
    for (const std::string_view part : parts_of_list(words.advertised)) {
        TRY(const Listener listener, listener_of(part, served.name));
        if (controllers.contains(listener.name)) continue;
        if (listener.name != served.name)
            return fmt::format("advertised.listeners: '{}' is none of listeners", listener.text);
        if (found) return std::string("advertised.listeners: one address can be advertised");
        if (is_every_address(listener.address.host) && !listener.address.host.empty())
            return fmt::format(
                "advertised.listeners cannot use the nonroutable meta-address {}: clients are told "
                "to connect there",
                listener.address.host);
        address = listener.address;
        found = true;
    }
    return address;
}

}  // namespace

std::optional<std::string> protected_listener(const ListenerWords& words) {
    const std::set<std::string> controllers = controllers_of(words);
    const auto by_name = protocols_of(words.security_protocols);
    for (const std::string_view part : parts_of_list(words.listeners)) {
        const auto listener = listener_of(part, plain);
        if (listener.failed() || controllers.contains(listener->name)) continue;
        if (by_name.failed()) return listener->text;
        const auto protocol = by_name->find(listener->name);
        if (protocol == by_name->end() || protocol->second != plain) return listener->text;
    }
    return std::nullopt;
}

std::vector<std::string_view> parts_of_list(std::string_view list) {
    std::vector<std::string_view> parts;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const std::string_view part = trimmed(list.substr(0, comma));
        if (!part.empty()) parts.push_back(part);
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return parts;
}

Result<Listeners, std::string> listeners_of(const ListenerWords& words,
                                            const std::string& host_name) {
    const std::set<std::string> controllers = controllers_of(words);
    TRY(const Protocols by_name, protocols_of(words.security_protocols));
    std::vector<Listener> served;
    Listeners result;
    for (const std::string_view part : parts_of_list(words.listeners)) {
        TRY(Listener listener, listener_of(part, plain));
        if (controllers.contains(listener.name)) {
            result.skipped.push_back(listener.text);
            if (result.controller) continue;
            result.controller = listener.address;
            result.controller_name = listener.name;
            if (is_every_address(listener.address.host)) result.controller->host = "0.0.0.0";
            continue;
        }
        if (const auto complaint = complaint_about(listener, by_name)) return *complaint;
        served.push_back(std::move(listener));
    }
    if (served.empty()) return std::string("listeners: there is none for clients");
    if (served.size() > 1)
        return fmt::format("listeners: one can be served, and there are '{}' and '{}'",
                           served[0].text, served[1].text);
    result.name = served.front().name;
    result.listen = served.front().address;
    TRY(result.advertise, advertised(words, served.front(), controllers));
    if (is_every_address(result.listen.host)) {
        result.listen.host = "0.0.0.0";
        if (words.advertised.empty()) result.advertise.port = result.listen.port;
        if (result.advertise.host.empty()) result.advertise.host = host_name;
    }
    return result;
}

Result<Listeners, std::string> controller_listener_of(const ListenerWords& words) {
    const std::set<std::string> controllers = controllers_of(words);
    TRY(Protocols by_name, protocols_of(words.security_protocols));
    // What nobody names has the name and the protocol of most configurations.
    constexpr std::string_view usual_name = "CONTROLLER";
    by_name.emplace(usual_name, plain);
    Listeners result;
    for (const std::string_view part : parts_of_list(words.listeners)) {
        TRY(const Listener listener, listener_of(part, usual_name));
        if (!controllers.empty() && !controllers.contains(listener.name))
            return fmt::format(
                "listeners: '{}' is for clients, and a controller serves none: "
                "controller.listener.names does not name it",
                listener.text);
        if (!result.name.empty())
            return fmt::format(
                "listeners: one can be served, and there are several for "
                "controllers");
        if (auto complaint = complaint_about(listener, by_name)) return *complaint;
        result.name = listener.name;
        result.listen = listener.address;
    }
    if (result.name.empty()) return std::string("listeners: there is none");
    if (is_every_address(result.listen.host)) result.listen.host = "0.0.0.0";
    return result;
}

}  // namespace sluice::cmd
