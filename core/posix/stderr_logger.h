#pragma once

#include <unistd.h>

#include <string>

#include "core/env/logger.h"

namespace sluice::posix {

// One write(2) a line, so that lines of several shards never mix.
class StderrLogger final : public env::Logger {
public:
    using Logger::Logger;

private:
    void write_line(std::string_view line) override {
        const std::string whole = std::string(line) + '\n';
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
    }
};

}  // namespace sluice::posix
