#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"

// Marks that production code carries for the simulator. Outside it each costs a relaxed load of one
// flag and a branch that is never taken. This is the one process-wide state of the program, the
// exception to "no globals": what a mark records belongs to no object, and a rule has no door.
//
//     SOMETIMES("log.rolled_while_reading", readers > 0);  A sweep fails when it was never true.
//     if (BUGGIFY("log.tiny_segment")) size = 1;           Makes a rare path common. Not in rules.
//     if (PLANT("ack_before_sync")) return;                A known bug, in the simulation build.
//
// `sim --plants` shows that a sweep finds each of those bugs (docs/simulation.md).
// Names are literals, one meaning each; `condition` must have no effect, for it is not evaluated
// outside the simulator. Each run of a seed draws which BUGGIFY sites are on, one simulation at a
// time in a process.

namespace sluice::probe {

enum class Kind { sometimes, buggify, plant };

// A literal as a template argument, so that each name makes a site of its own at start-up, also in
// code that never runs: a sweep can tell what it never reached.
template <std::size_t size>
struct Name {
    char text[size];
    constexpr Name(const char (&literal)[size]) : text() {  // NOLINT(google-explicit-constructor)
        std::copy(literal, literal + size, text);
    }
    constexpr std::string_view view() const { return {text, size - 1}; }
};

// Where a mark stands (std::source_location, which clang 14 does not have).
struct Where {
    const char* file = "";
    int line = 0;

    static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

class Site {
public:
    Site(Kind kind, std::string_view name);
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    void sometimes(bool condition, Where where);
    bool buggify(Where where);
    bool planted(Where where);

private:
    friend class Registry;

    Kind kind_;
    std::string_view name_;
    Where where_;
    std::uint64_t reached_ = 0;  // In this run.
    std::uint64_t fired_ = 0;
    bool on_ = false;
    std::optional<Random> draws_;
    Site* next_ = nullptr;
};

template <Kind kind, Name name>
inline Site site{kind, name.view()};

inline std::atomic<bool> enabled_flag{false};
inline bool enabled() {
    return enabled_flag.load(std::memory_order_relaxed);
}

// How often BUGGIFY sites are on in a run, and then fire.
struct Odds {
    double on = 0.25;
    double fires = 0.25;
};

// From here to end_run() marks are recorded and BUGGIFY fires as drawn from `random`: what one site
// draws changes nothing for the others.
void begin_run(const Random& random, Odds odds = {});
void end_run();

// What a site has seen since begin_run(). `where` is empty until it was reached.
struct Report {
    Kind kind = Kind::sometimes;
    std::string name;
    std::string where;
    std::uint64_t reached = 0;
    std::uint64_t fired = 0;  // The condition held, BUGGIFY said yes, the plant was used.
};

// Every site compiled in, sorted by kind and name.
std::vector<Report> reports();

// Switches a planted bug on or off for the runs to come; false when no such plant is compiled in.
bool set_plant(std::string_view name, bool on);

}  // namespace sluice::probe

#define SOMETIMES(name, condition)                                                   \
    do {                                                                             \
        if (::sluice::probe::enabled()) [[unlikely]]                                 \
            ::sluice::probe::site<::sluice::probe::Kind::sometimes, name>.sometimes( \
                static_cast<bool>(condition), ::sluice::probe::Where::here());       \
    } while (false)

#define BUGGIFY(name)                                                     \
    (::sluice::probe::enabled() &&                                        \
     ::sluice::probe::site<::sluice::probe::Kind::buggify, name>.buggify( \
         ::sluice::probe::Where::here()))

#if defined(SLUICE_PLANTS)
#define PLANT(name)                                                     \
    (::sluice::probe::enabled() &&                                      \
     ::sluice::probe::site<::sluice::probe::Kind::plant, name>.planted( \
         ::sluice::probe::Where::here()))
#else
#define PLANT(name) false
#endif
