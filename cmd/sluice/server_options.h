#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/sluice/server_config.h"

namespace sluice::cmd {

// What is wrong with a value, or with a name; nothing when all is well.
using Complaint = std::optional<std::string>;

// Sets what a configuration file or --set names. For an unknown name the complaint has the nearest
// known one.
Complaint set_option(ServerConfig& config, std::string_view name, std::string_view value);

// What DescribeConfigs says of the broker besides the defaults of topics.
void show_options(ServerConfig& config);

// Every name that is served.
std::vector<std::string> option_names();

// All of `text` as a whole number.
std::optional<std::int64_t> number(std::string_view text);

}  // namespace sluice::cmd
