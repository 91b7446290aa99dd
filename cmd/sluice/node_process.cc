#include "cmd/sluice/node_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "cmd/sluice/process_facts.h"

namespace sluice::cmd {
namespace {

constexpr int cannot_run = 127;  // As shells say it.

// In the child: becomes the program, or ends.
[[noreturn]] void become(const std::vector<char*>& words, int log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(cannot_run);
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(words.front(), words.data());
    dprintf(STDERR_FILENO, "sluice: cannot run %s: %s\n", words.front(), std::strerror(errno));
    _exit(cannot_run);
}

}  // namespace

Result<NodeProcess, std::string> NodeProcess::start(const ClusterNode& node) {
    const int log = open(node.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) return fmt::format("cannot write {}: {}", node.log, std::strerror(errno));
    const off_t begin = lseek(log, 0, SEEK_END);
    std::vector<std::string> copies = node.command;
    std::vector<char*> words;
    for (std::string& word : copies) words.push_back(word.data());
    words.push_back(nullptr);
    std::fflush(nullptr);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) become(words, log, parent);
    const int why = errno;
    close(log);
    if (pid < 0) return fmt::format("cannot start a process: {}", std::strerror(why));
    return NodeProcess(node.log, static_cast<std::uint64_t>(begin), pid);
}

std::string NodeProcess::written() const {
    std::ifstream file(log_, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(log_begin_));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool NodeProcess::has_said(std::string_view event) const {
    return written().find(fmt::format(" {} ", event)) != std::string::npos;
}

std::string NodeProcess::last_line() const {
    std::string text = written();
    while (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

void NodeProcess::ended(int status) {
    runs_ = false;
    status_ = status;
}

std::string NodeProcess::ending() const {
    if (WIFSIGNALED(status_)) return fmt::format("was killed by signal {}", WTERMSIG(status_));
    return fmt::format("ended with exit code {}", WEXITSTATUS(status_));
}

void NodeProcess::signal(int number) const {
    if (runs_) kill(pid_, number);
}

std::optional<pid_t> process_serving(const ClusterNode& node) {
    const auto pid = pid_listening_on(node.address.port);
    if (!pid || !serves(static_cast<pid_t>(*pid), node)) return std::nullopt;
    return static_cast<pid_t>(*pid);
}

// The words of a process that has ended, and that nobody has asked for, are none.
bool serves(pid_t process, const ClusterNode& node) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", process), std::ios::binary);
    for (std::string word; std::getline(file, word, '\0');)
        if (word == node.data) return true;
    return false;
}

std::optional<std::string> why_not_free(const env::Address& address) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return std::strerror(errno);
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &there.sin_addr);
    std::optional<std::string> why;
    const auto* as_any = reinterpret_cast<const sockaddr*>(&there);
    if (bind(fd, as_any, sizeof there) != 0 || listen(fd, 1) != 0) why = std::strerror(errno);
    close(fd);
    return why;
}

}  // namespace sluice::cmd
