#include "cmd/sluice/sim_plants.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/output.h"
#include "core/base/probe.h"

namespace sluice::cmd {
namespace {

struct Found {
    std::uint64_t seeds = 0;  // Run until it was found; 0: it was not.
    std::string signature;
};

// An assertion that a plant trips says that the code is careful, not that the simulator sees.
Found find_first(const SeedRange& seeds, const sim::RunOptions& options,
                 const sim::MakeScenario& make) {
    Found found;
    run_seeds(seeds, options, make, [&](const sim::RunResult& result) {
        if (!result.failure || result.failure->kind == sim::FailureKind::crash) return true;
        found.seeds = result.seed - seeds.first + 1;
        found.signature = fmt::format("{}: {}", result.result(), result.failure->signature);
        return false;
    });
    return found;
}

std::vector<std::string> plant_names() {
    std::vector<std::string> names;
    for (const probe::Report& site : probe::reports())
        if (site.kind == probe::Kind::plant) names.push_back(site.name);
    return names;
}

}  // namespace

int prove_plants(const SeedRange& seeds, const sim::RunOptions& options,
                 const sim::MakeScenario& make) {
    const auto names = plant_names();
    if (names.empty())
        return usage_error("--plants: no bugs are compiled in; build/sim/sluice has them");
    print_out("{:<40} {:>5}  {}\n", "planted bug", "seeds", "found by");
    std::vector<std::uint64_t> needed;
    std::uint64_t last = seeds.first;
    for (const std::string& name : names) {
        probe::set_plant(name, true);
        const Found found = find_first(seeds, options, make);
        probe::set_plant(name, false);
        if (found.seeds == 0) {
            print_out("{:<40} {:>5}  NOT FOUND\n", name, "-");
            continue;
        }
        print_out("{:<40} {:>5}  {}\n", name, found.seeds, found.signature);
        flush_out();
        needed.push_back(found.seeds);
        last = std::max(last, seeds.first + found.seeds - 1);
    }
    SeedRange same = seeds;
    same.last = last;
    const Found clean = find_first(same, options, make);
    std::sort(needed.begin(), needed.end());
    const bool all = needed.size() == names.size();
    print_out("{} of {} found, median {} seeds; without a plant seeds {}..{} {}\n", needed.size(),
              names.size(), needed.empty() ? 0 : needed[needed.size() / 2], same.first, same.last,
              clean.seeds == 0 ? "pass" : "FAIL: " + clean.signature);
    return all && clean.seeds == 0 ? exit_ok : exit_failed;
}

}  // namespace sluice::cmd
