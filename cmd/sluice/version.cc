#include <fmt/format.h>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/output.h"

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
        print_out("{{\"version\":\"{}\",\"protocol\":\"4.3\"}}\n", SLUICE_VERSION);
    else
        print_out("sluice {} (speaks Kafka's protocol of 4.3)\n", SLUICE_VERSION);
    return exit_ok;
}

}  // namespace sluice::cmd
