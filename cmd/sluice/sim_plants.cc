#include "cmd/sluice/sim_plants.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/output.h"
#include "core/base/probe.h"
#include "sim/scenarios.h"

namespace sluice::cmd {
namespace {

constexpr std::uint64_t clean_seeds_at_once = 50;
// A scenario that does not come to a plant's place in so many seeds is not where it is looked for.
constexpr std::uint64_t seeds_to_reach = 200;

struct Found {
    std::uint64_t seeds = 0;  // Run until it was found; 0: it was not.
    std::string signature;
};

std::string signature_of(const sim::RunResult& result) {
    return fmt::format("{}: {}", result.result(), result.failure->signature);
}

// The seeds without a plant: they must pass, and tell which plants would change them. Where a run
// comes to none of a plant's places, it is the same with the plant.
class CleanRuns {
public:
    CleanRuns(const SeedRange& seeds, const sim::RunOptions& options, const std::string& scenario)
        : seeds_(seeds),
          options_(options),
          make_(sim::find_scenario(scenario)),
          next_(seeds.first) {
        options_.scenario = scenario;
    }

    // Runs more of them, as far as `last`.
    void run_to(std::uint64_t last) {
        if (last < next_) return;
        SeedRange more = seeds_;
        more.first = next_;
        more.last = last;
        run_seeds(more, options_, make_, [this](const sim::RunResult& result) {
            if (result.failure && failure_.empty())
                failure_ = fmt::format("seed {}: {}", result.seed, signature_of(result));
            for (const probe::Report& site : result.probes)
                if (site.kind == probe::Kind::plant && site.reached > 0)
                    reached_.emplace(result.seed, site.name);
            return true;
        });
        next_ = last + 1;
    }
    bool reaches(std::uint64_t seed, const std::string& plant) const {
        return reached_.contains({seed, plant});
    }
    bool ever_reaches(const std::string& plant) {
        run_to(std::min(seeds_.last, seeds_.first + seeds_to_reach - 1));
        return std::ranges::any_of(reached_,
                                   [&](const auto& each) { return each.second == plant; });
    }
    const sim::RunOptions& options() const { return options_; }
    const sim::MakeScenario& make() const { return make_; }
    std::uint64_t last() const { return next_ - 1; }
    const std::string& failure() const { return failure_; }

private:
    const SeedRange& seeds_;
    sim::RunOptions options_;
    const sim::MakeScenario make_;
    std::uint64_t next_;
    std::set<std::pair<std::uint64_t, std::string>> reached_;
    std::string failure_;  // Of the first that failed.
};

// An assertion that a plant trips says that the code is careful, not that the simulator sees.
Found find_first(const std::string& plant, const SeedRange& seeds, CleanRuns& clean) {
    Found found;
    if (!clean.ever_reaches(plant)) return found;
    SeedRange some = seeds;
    some.wanted = [&](std::uint64_t seed) { return clean.reaches(seed, plant); };
    for (; some.first <= seeds.last && found.seeds == 0; some.first = some.last + 1) {
        some.last = std::min(seeds.last, some.first + clean_seeds_at_once - 1);
        clean.run_to(some.last);
        probe::set_plant(plant, true);
        run_seeds(some, clean.options(), clean.make(), [&](const sim::RunResult& result) {
            if (!result.failure || result.failure->kind == sim::FailureKind::crash) return true;
            found = {result.seed - seeds.first + 1, signature_of(result)};
            return false;
        });
        probe::set_plant(plant, false);
    }
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
                 const std::vector<std::string>& scenarios, std::vector<std::string> names) {
    if (names.empty()) names = plant_names();
    if (names.empty())
        return usage_error("--plants: no bugs are compiled in; build/sim/sluice has them");
    std::vector<CleanRuns> clean;
    for (const std::string& scenario : scenarios) clean.emplace_back(seeds, options, scenario);
    print_out("{:<40} {:>5}  {}\n", "planted bug", "seeds", "found by");
    std::vector<std::uint64_t> needed;
    for (const std::string& name : names) {
        Found found;
        for (CleanRuns& runs : clean)
            if (found.seeds == 0) found = find_first(name, seeds, runs);
        if (found.seeds == 0) {
            print_out("{:<40} {:>5}  NOT FOUND\n", name, "-");
        } else {
            print_out("{:<40} {:>5}  {}\n", name, found.seeds, found.signature);
            needed.push_back(found.seeds);
        }
        flush_out();
    }
    std::sort(needed.begin(), needed.end());
    print_out("{} of {} found, median {} seeds, most {}\n", needed.size(), names.size(),
              needed.empty() ? 0 : needed[needed.size() / 2], needed.empty() ? 0 : needed.back());
    bool sound = true;
    for (const CleanRuns& runs : clean) {
        if (runs.last() < seeds.first) continue;
        print_out("without a plant seeds {}..{} of {} {}\n", seeds.first, runs.last(),
                  runs.options().scenario,
                  runs.failure().empty() ? "pass" : "FAIL: " + runs.failure());
        sound = sound && runs.failure().empty();
    }
    return needed.size() == names.size() && sound ? exit_ok : exit_failed;
}

}  // namespace sluice::cmd
