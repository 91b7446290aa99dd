#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::cmd {

// What Linux says of another process: what it has used since it began.
struct ProcessFacts {
    double cpu_seconds = 0;
    double user_seconds = 0;
    double system_seconds = 0;
    std::int64_t memory_bytes = 0;       // Resident now,
    std::int64_t memory_peak_bytes = 0;  // and at most.
    std::int64_t threads = 0;
    // Nothing where /proc/PID/io may not be read.
    std::optional<std::int64_t> written_bytes = {};

    // Nothing when there is no such process.
    static std::optional<ProcessFacts> of(std::int64_t pid);
};

// The process that listens on a TCP port of this machine, if this user may know.
std::optional<std::int64_t> pid_listening_on(std::uint16_t port);

// How often the device that holds `path` was told to flush its cache, by anybody; nothing where
// Linux does not count that.
std::optional<std::int64_t> device_flushes(const std::string& path);

}  // namespace sluice::cmd
