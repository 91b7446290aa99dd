#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/sluice/arguments.h"
#include "core/env/network.h"

namespace sluice::cmd {

// Where the broker listens and what clients are told, in the words of Kafka's configuration.
struct ListenerWords {
    std::string listeners = "PLAINTEXT://127.0.0.1:9092";
    std::string advertised = {};          // advertised.listeners
    std::string security_protocols = {};  // listener.security.protocol.map
    std::string controllers = {};         // controller.listener.names
};

struct Listeners {
    std::string name;  // Of the one that is served.
    env::Address listen;
    env::Address advertise;            // Without a host: as it listens.
    std::vector<std::string> skipped;  // Those of controllers.
    // The first of them, for a node that is one.
    std::optional<env::Address> controller;
    std::string controller_name;
};

// What --listen would open to everybody: the first configured listener for clients that asks for
// TLS or for authentication, as it was written.
std::optional<std::string> protected_listener(const ListenerWords& words);

// The one listener for clients that there is. Nothing but plain text is served: one that asks for
// TLS or for authentication is refused, since it would be open to everybody. `host_name` is what is
// advertised for all addresses of the machine.
Result<Listeners, std::string> listeners_of(const ListenerWords& words,
                                            const std::string& host_name);

// The one listener of a node that is a controller and no broker.
Result<Listeners, std::string> controller_listener_of(const ListenerWords& words);

// The parts of a list with commas, without blanks around them and without empty ones.
std::vector<std::string_view> parts_of_list(std::string_view list);

}  // namespace sluice::cmd
