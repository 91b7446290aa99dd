#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "cmd/sluice/cluster_nodes.h"
#include "core/base/result.h"

namespace sluice::cmd {

// The process of one node, a child of this one: what it says on standard error goes to the end of
// the node's log. It is asked to end when this process dies, and it has a process group of its own,
// so that what is typed in a terminal reaches this process alone.
class NodeProcess {
public:
    // Every signal is delivered to it, whatever this process blocks. The message says why there is
    // none.
    static Result<NodeProcess, std::string> start(const ClusterNode& node);

    pid_t pid() const { return pid_; }
    bool runs() const { return runs_; }
    // The lines it wrote have this event.
    bool has_said(std::string_view event) const;
    // What it wrote last.
    std::string last_line() const;

    // A child of this process has ended; its status if it was this one.
    void ended(int status);
    int exit_status() const { return status_; }
    // How it ended, in words.
    std::string ending() const;

    void signal(int number) const;

private:
    NodeProcess(std::string log, std::uint64_t log_begin, pid_t pid)
        : log_(std::move(log)), log_begin_(log_begin), pid_(pid) {}
    std::string written() const;

    std::string log_;
    std::uint64_t log_begin_;  // What earlier processes wrote ends there.
    pid_t pid_;
    bool runs_ = true;
    int status_ = 0;
};

// The process that serves the node though this one did not start it: somebody typed its command.
std::optional<pid_t> process_serving(const ClusterNode& node);
// The process is still that.
bool serves(pid_t process, const ClusterNode& node);

// Why nobody can listen at the address now, in the system's words; nothing when one can.
std::optional<std::string> why_not_free(const env::Address& address);

}  // namespace sluice::cmd
