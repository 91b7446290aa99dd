#include <fmt/format.h>

#include "cmd/sluice/commands.h"

namespace sluice::cmd {

const CommandHelp& version_help() {
    static const CommandHelp help{.name = "version",
                                  .summary = "Print the version.",
                                  .options = {{"json", "", "as JSON"}},
                                  .examples = "  sluice version"};
    return help;
}

int run_version(const Arguments& arguments) {
    if (arguments.has("json"))
        fmt::print("{{\"version\":\"{}\",\"protocol\":\"4.3\"}}\n", SLUICE_VERSION);
    else
        fmt::print("sluice {} (speaks Kafka's protocol of 4.3)\n", SLUICE_VERSION);
    return exit_ok;
}

}  // namespace sluice::cmd
