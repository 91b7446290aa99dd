#pragma once

#include <optional>
#include <string>

namespace sluice::sim {

// How a run went wrong. The numbers are exit codes of `sluice sim`.
enum class FailureKind {
    safety = 2,          // An oracle saw what must never be.
    liveness = 3,        // Something owed did not happen in bounded virtual time.
    nondeterminism = 4,  // Two runs of one seed differed.
    crash = 5,           // An assertion, or the process died.
};

struct Failure {
    FailureKind kind = FailureKind::safety;
    // What went wrong in a few stable words: two runs with the same signature show the same bug.
    std::string signature;
    std::string text;
};

}  // namespace sluice::sim
