#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/cluster.h"
#include "core/client/refusal.h"

namespace sluice::cmd {

// Whose configuration is meant.
struct ConfigTarget {
    enum class Kind { topic, broker };
    Kind kind = Kind::topic;
    std::string name;  // A topic's; a broker's id, or empty for all brokers.

    std::int8_t type() const { return kind == Kind::topic ? 2 : 4; }
    std::string text() const;
};

// Without a value, what was set is taken back.
struct ConfigChange {
    std::string name;
    std::optional<std::string> value;
};

// From words of the form NAME=VALUE. The message names the nearest configuration when one is
// unknown.
Result<std::vector<ConfigChange>, std::string> changes_of(const std::vector<std::string>& words,
                                                          ConfigTarget::Kind kind);
// Why there is no such configuration; nothing when there is.
std::optional<std::string> unknown_config(const std::string& name, ConfigTarget::Kind kind);

Result<void, client::Refusal> change_configs(client::Cluster& cluster, const ConfigTarget& target,
                                             const std::vector<ConfigChange>& changes);

}  // namespace sluice::cmd
