#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/run.h"

namespace sluice::sim {

// What many runs say together: which points of the code and kinds of faults were never seen, what
// failed, and the medians.
class Sweep {
public:
    // Of runs of one program: every one lists the same probes.
    void add(const RunResult& result);

    std::uint64_t runs() const { return runs_; }
    std::uint64_t failures() const;
    // 0, or the worst exit code of a run.
    int exit_code() const { return exit_code_; }
    // SOMETIMES that were never true, in code that was linked in; a name each.
    std::vector<std::string> never_reached() const;
    // Kinds of faults that bit in less than `percent` of the runs.
    std::vector<std::string> rare_faults(std::uint64_t percent) const;

    // What a sweep of the default scenario must have seen and has not, a sentence each: the medians
    // once there are some runs, every mark and every kind of fault once there are many.
    std::vector<std::string> complaints() const;
    static constexpr std::uint64_t runs_for_medians = 50;
    static constexpr std::uint64_t runs_for_coverage = 300;

    // A few lines for people.
    std::string summary() const;

private:
    struct Floor {
        std::string_view what;
        std::uint64_t least;
        const std::vector<std::uint64_t>& seen;
    };
    static std::uint64_t median(std::vector<std::uint64_t> numbers);

    std::uint64_t runs_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t virtual_ms_ = 0;
    std::uint64_t wall_ms_ = 0;
    std::uint64_t worst_converged_ms_ = 0;
    int exit_code_ = 0;
    struct Signature {
        std::uint64_t times = 0;
        std::uint64_t first_seed = 0;
    };
    std::map<std::string, Signature> signatures_;
    std::map<std::string, std::uint64_t> reached_;  // SOMETIMES and BUGGIFY sites: runs that did.
    PerFault<std::uint64_t> fault_runs_;
    std::vector<std::uint64_t> horizons_;  // In virtual milliseconds.
    std::vector<std::uint64_t> acked_;
    std::vector<std::uint64_t> fault_kinds_;
    std::vector<std::uint64_t> restarts_;
};

}  // namespace sluice::sim
