#include "cmd/sluice/sim_workers.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "sim/result_text.h"

namespace sluice::cmd {
namespace {

// Marks a line as a result: what else a worker writes is what it says when it dies.
constexpr char result_mark = '\x01';

// A process that runs every n-th seed.
struct Worker {
    pid_t pid = -1;
    int pipe = -1;
    std::uint64_t next = 0;  // The seed it runs now.
    std::string unread;
    std::string last_words;
};

class Workers {
public:
    Workers(const SeedRange& seeds, const sim::RunOptions& options, const sim::MakeScenario& make,
            const std::function<bool(const sim::RunResult&)>& take)
        : seeds_(seeds),
          options_(options),
          make_(make),
          take_(take),
          wanted_(seeds.next_wanted(seeds.first, 1)) {}
    ~Workers() {
        for (Worker& worker : workers_) end(worker, true);
    }

    void run() {
        for (std::uint64_t i = 0; i < seeds_.at_once; ++i) {
            const auto first = seeds_.next_wanted(seeds_.first + i, seeds_.at_once);
            if (first > seeds_.last) continue;
            workers_.emplace_back().next = first;
            begin(workers_.back());
        }
        while (!stopped_ && wanted_ <= seeds_.last) {
            std::vector<pollfd> waits;
            for (const Worker& worker : workers_) waits.push_back({worker.pipe, POLLIN, 0});
            if (poll(waits.data(), waits.size(), -1) < 0) continue;
            for (std::size_t i = 0; i < waits.size(); ++i)
                if (waits[i].fd >= 0 && waits[i].revents != 0) hear(workers_[i]);
        }
    }

private:
    void begin(Worker& worker) {
        int ends[2];
        std::fflush(nullptr);
        ASSERT(::pipe(ends) == 0);
        worker.pid = fork();
        ASSERT(worker.pid >= 0);
        if (worker.pid == 0) {
            close(ends[0]);
            dup2(ends[1], STDERR_FILENO);
            work(worker.next, ends[1]);
        }
        close(ends[1]);
        worker.pipe = ends[0];
        worker.unread.clear();
        worker.last_words.clear();
    }

    [[noreturn]] void work(std::uint64_t first, int pipe) {
        for (std::uint64_t seed = first; seed <= seeds_.last; seed = next_after(seed)) {
            sim::RunOptions options = options_;
            options.seed = seed;
            const sim::RunResult result =
                seeds_.twice ? sim::run_twice(options, make_) : sim::run_seed(options, make_);
            const std::string line = result_mark + sim::to_text(result) + '\n';
            for (std::size_t at = 0; at < line.size();) {
                const auto count = write(pipe, line.data() + at, line.size() - at);
                if (count < 0) _exit(1);
                at += static_cast<std::size_t>(count);
            }
        }
        _exit(0);
    }

    void hear(Worker& worker) {
        char bytes[65'536];
        const auto count = read(worker.pipe, bytes, sizeof bytes);
        if (count > 0) {
            worker.unread.append(bytes, static_cast<std::size_t>(count));
            take_lines(worker);
            return;
        }
        const int status = end(worker, false);
        if (worker.next > seeds_.last) return;
        // It died of a seed; another goes on behind that.
        sim::RunResult died;
        died.seed = worker.next;
        died.scenario = options_.scenario;
        died.probes = probe::reports();
        died.plan.horizon = options_.horizon.value_or(Duration(0));
        const std::string why = worker.last_words.empty()
                                    ? fmt::format("the process died, status {}", status)
                                    : worker.last_words;
        died.failure = sim::Failure{sim::FailureKind::crash, why, ""};
        advance(worker, std::move(died));
        if (worker.next <= seeds_.last) begin(worker);
    }

    void take_lines(Worker& worker) {
        for (;;) {
            const std::size_t end = worker.unread.find('\n');
            if (end == std::string::npos) return;
            const std::string line = worker.unread.substr(0, end);
            worker.unread.erase(0, end + 1);
            if (line.empty() || line.front() != result_mark) {
                worker.last_words = line;
                continue;
            }
            auto result = sim::parse_result(std::string_view(line).substr(1));
            ASSERT(!result.failed());
            advance(worker, std::move(*result));
        }
    }

    void advance(Worker& worker, sim::RunResult result) {
        early_.emplace(worker.next, std::move(result));
        worker.next = next_after(worker.next);
        while (!stopped_) {
            const auto next = early_.find(wanted_);
            if (next == early_.end()) return;
            stopped_ = !take_(next->second);
            early_.erase(next);
            wanted_ = seeds_.next_wanted(wanted_ + 1, 1);
        }
    }

    // Of the same worker.
    std::uint64_t next_after(std::uint64_t seed) const {
        return seeds_.next_wanted(seed + seeds_.at_once, seeds_.at_once);
    }

    static int end(Worker& worker, bool by_force) {
        if (worker.pid < 0) return 0;
        if (by_force) kill(worker.pid, SIGKILL);
        int status = 0;
        waitpid(worker.pid, &status, 0);
        close(worker.pipe);
        worker.pid = worker.pipe = -1;
        return status;
    }

    const SeedRange& seeds_;
    const sim::RunOptions& options_;
    const sim::MakeScenario& make_;
    const std::function<bool(const sim::RunResult&)>& take_;
    std::uint64_t wanted_;
    std::vector<Worker> workers_;
    std::map<std::uint64_t, sim::RunResult> early_;  // Results whose turn has not come.
    bool stopped_ = false;
};

}  // namespace

void run_seeds(const SeedRange& seeds, const sim::RunOptions& options,
               const sim::MakeScenario& make,
               const std::function<bool(const sim::RunResult&)>& take) {
    Workers(seeds, options, make, take).run();
}

}  // namespace sluice::cmd
