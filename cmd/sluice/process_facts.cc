#include "cmd/sluice/process_facts.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace sluice::cmd {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::int64_t number_of(const std::string& word) {
    std::int64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
}

// The number behind `key` in lines of the form "key: number".
std::optional<std::int64_t> value_of(const std::string& text, const std::string& key) {
    const auto at = text.find(key);
    if (at == std::string::npos) return std::nullopt;
    const auto words = words_of(text.substr(at + key.size(), 64));
    return words.empty() ? std::nullopt : std::optional(number_of(words.front()));
}

// The schedulers' own count is in nanoseconds; user and system time are in ticks of 10 ms.
double seconds_on_cpu(std::int64_t pid) {
    double seconds = 0;
    std::error_code error;
    for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
        const auto words = words_of(text_of(task.path().string() + "/schedstat"));
        if (!words.empty()) seconds += static_cast<double>(number_of(words.front())) / 1e9;
    }
    return seconds;
}

// The inode of the socket that listens on `port`, from a table of /proc/net.
std::string listening_inode(const std::string& table, std::uint16_t port) {
    std::istringstream lines(text_of(table));
    const std::string wanted = fmt::format(":{:04X}", port);
    for (std::string line; std::getline(lines, line);) {
        const auto words = words_of(line);
        constexpr std::size_t address = 1;
        constexpr std::size_t state = 3;
        constexpr std::size_t inode = 9;
        if (words.size() > inode && words[state] == "0A" && words[address].ends_with(wanted))
            return words[inode];
    }
    return {};
}

bool has_socket(const fs::path& process, const std::string& inode) {
    std::error_code error;
    const std::string wanted = fmt::format("socket:[{}]", inode);
    for (const auto& file : fs::directory_iterator(process / "fd", error))
        if (fs::read_symlink(file.path(), error) == wanted) return true;
    return false;
}

}  // namespace

std::optional<ProcessFacts> ProcessFacts::of(std::int64_t pid) {
    const std::string folder = fmt::format("/proc/{}/", pid);
    const std::string stat = text_of(folder + "stat");
    // The name of the program, in brackets, may hold anything.
    const auto words = words_of(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
    constexpr std::size_t user = 11;
    constexpr std::size_t system = 12;
    if (words.size() <= system) return std::nullopt;
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    ProcessFacts facts;
    facts.cpu_seconds = seconds_on_cpu(pid);
    facts.user_seconds = static_cast<double>(number_of(words[user])) / tick;
    facts.system_seconds = static_cast<double>(number_of(words[system])) / tick;
    const std::string status = text_of(folder + "status");
    facts.memory_bytes = value_of(status, "VmRSS:").value_or(0) * 1024;
    facts.memory_peak_bytes = value_of(status, "VmHWM:").value_or(0) * 1024;
    facts.threads = value_of(status, "Threads:").value_or(0);
    facts.written_bytes = value_of(text_of(folder + "io"), "\nwrite_bytes:");
    return facts;
}

std::optional<std::int64_t> pid_listening_on(std::uint16_t port) {
    std::string inode = listening_inode("/proc/net/tcp", port);
    if (inode.empty()) inode = listening_inode("/proc/net/tcp6", port);
    if (inode.empty()) return std::nullopt;
    std::error_code error;
    for (const auto& process : fs::directory_iterator("/proc", error)) {
        const std::string name = process.path().filename().string();
        const std::int64_t pid = number_of(name);
        if (pid > 0 && has_socket(process.path(), inode)) return pid;
    }
    return std::nullopt;
}

std::optional<std::int64_t> device_flushes(const std::string& path) {
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) return std::nullopt;
    std::istringstream lines(text_of("/proc/diskstats"));
    for (std::string line; std::getline(lines, line);) {
        const auto words = words_of(line);
        constexpr std::size_t flushes = 18;
        if (words.size() > flushes && number_of(words[0]) == major(facts.st_dev) &&
            number_of(words[1]) == minor(facts.st_dev))
            return number_of(words[flushes]);
    }
    return std::nullopt;
}

}  // namespace sluice::cmd
