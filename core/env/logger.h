#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "core/env/clock.h"

namespace sluice::env {

enum class Level { debug, info, warn, error };

struct LogField {
    std::string_view key;
    std::string value;
};

// What happened, for an operator: one line an event, `time level event key=value ...`.
// Each event name has a budget of lines, so that no client and no disk can flood the log: what was
// left out is counted and said with the next line that fits.
class Logger {
public:
    struct Options {
        Level least = Level::info;
        std::uint32_t burst = 20;       // Lines of one event at once,
        std::uint32_t per_minute = 60;  // and then as many a minute.
    };

    Logger(const Clock& clock, Options options) : clock_(clock), options_(options) {}
    virtual ~Logger() = default;
    Logger(const Logger&) = delete;
    Logger& operator=(const Logger&) = delete;

    using Fields = std::initializer_list<LogField>;
    void debug(std::string_view event, Fields fields) { log(Level::debug, event, fields); }
    void info(std::string_view event, Fields fields) { log(Level::info, event, fields); }
    void warn(std::string_view event, Fields fields) { log(Level::warn, event, fields); }
    void error(std::string_view event, Fields fields) { log(Level::error, event, fields); }

protected:
    // Takes one finished line without its newline; must not wait.
    virtual void write_line(std::string_view line) = 0;

private:
    struct Budget {
        double lines = 0;
        Time refilled{};
        std::uint64_t left_out = 0;
    };

    void log(Level level, std::string_view event, Fields fields);
    bool spend(Budget& budget);

    const Clock& clock_;
    const Options options_;
    std::map<std::string, Budget, std::less<>> budgets_;
};

}  // namespace sluice::env
