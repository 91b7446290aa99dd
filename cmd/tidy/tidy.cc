// The house style as a test: who may include whom, banned words with what to use instead, the
// length of lines, functions and files. A file that was too long before may stay as long; none may
// grow.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Source {
    std::string path;  // From the project's root.
    std::vector<std::string> lines;
};

struct Report {
    int complaints = 0;
    void say(const Source& source, std::size_t line, const std::string& what) {
        std::printf("%s:%zu: %s\n", source.path.c_str(), line, what.c_str());
        ++complaints;
    }
};

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
    return std::ranges::any_of(prefixes, [&](auto prefix) { return text.starts_with(prefix); });
}

// What each folder may include of ours, the longest matching folder first.
struct Layer {
    std::string_view folder;
    std::vector<std::string_view> may_include;
};
const Layer layers[] = {
    {"core/base/", {"core/base/"}},
    {"core/env/", {"core/base/", "core/env/"}},
    {"core/protocol/", {"core/base/", "core/protocol/"}},
    // The one rule both replicated kinds of log share.
    {"core/raft/",
     {"core/base/", "core/protocol/", "core/raft/", "core/replication/leader_epochs.h"}},
    {"core/replication/", {"core/base/", "core/protocol/", "core/replication/"}},
    {"core/group/", {"core/base/", "core/protocol/", "core/group/"}},
    {"core/transaction/", {"core/base/", "core/protocol/", "core/transaction/"}},
    {"core/metadata/", {"core/base/", "core/protocol/", "core/metadata/"}},
    {"core/broker/",
     {"core/base/", "core/env/", "core/protocol/", "core/replication/", "core/group/",
      "core/transaction/", "core/metadata/", "core/raft/", "core/broker/"}},
    // Pure rules, as those of the broker.
    {"core/client/assign/",
     {"core/base/", "core/protocol/", "core/client/assign/", "core/client/topic_partition.h"}},
    {"core/client/", {"core/base/", "core/env/", "core/protocol/", "core/client/"}},
    {"core/posix/", {"core/base/", "core/env/", "core/posix/", "net/posix/", "storage/posix/"}},
    {"net/posix/", {"core/base/", "core/env/", "core/posix/", "net/posix/"}},
    {"storage/posix/", {"core/base/", "core/env/", "core/posix/", "storage/posix/"}},
    {"net/kafka/", {"core/", "net/kafka/"}},
    {"storage/log/", {"core/", "storage/log/"}},
    // Of histories alone: it also judges those of real processes.
    {"sim/checker/", {"core/base/", "sim/checker/"}},
    {"sim/", {"core/", "storage/log/", "net/kafka/", "sim/"}},
};

void check_includes(const Source& source, Report& report) {
    const auto layer = std::ranges::find_if(
        layers, [&](const Layer& each) { return source.path.starts_with(each.folder); });
    static const std::regex include(R"(^#include ([<"])([^>"]+)[>"])");
    const bool near_the_system = source.path.find("/posix/") != std::string::npos ||
                                 source.path.starts_with("cmd/") ||
                                 source.path.starts_with("tests/");
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        std::smatch match;
        if (!std::regex_search(source.lines[i], match, include)) continue;
        const std::string name = match[2];
        static const std::vector<std::string_view> system = {"sys/",     "netinet/", "arpa/",
                                                             "unistd.h", "fcntl.h",  "liburing.h",
                                                             "poll.h",   "pthread.h"};
        if (match[1] == "<" && !near_the_system && starts_with_any(name, system))
            report.say(source, i + 1, "system headers belong in */posix/ and cmd/ only: " + name);
        if (match[1] != "\"" || layer == std::end(layers)) continue;
        const bool posix = name.find("/posix/") != std::string::npos;
        const bool allowed = starts_with_any(name, layer->may_include) &&
                             (!posix || layer->folder.find("posix") != std::string_view::npos);
        if (!allowed)
            report.say(source, i + 1, std::string(layer->folder) + " may not include " + name);
    }
}

struct Banned {
    std::string_view word;
    std::string_view instead;
    std::vector<std::string_view> but_in;  // Folders or files where it may stand.
};
const Banned banned[] = {
    {"steady_clock", "core/env/clock.h", {"tests/bench/", "sim/run"}},
    {"system_clock", "core/env/clock.h", {}},
    {"clock_gettime", "core/env/clock.h", {"core/posix/", "sim/run", "cmd/"}},
    {"random_device", "core/base/random.h", {}},
    {"std::mt19937", "core/base/random.h", {}},
    {"_distribution<", "core/base/random.h: those of std differ between libraries", {}},
    {"std::shuffle", "core/base/random.h: it differs between libraries", {}},
    {"std::thread", "fibers (core/env/scheduler.h)", {"core/posix/", "cmd/", "tests/"}},
    {"sleep_for(std", "env::sleep_for", {}},
    {"usleep", "env::sleep_for", {}},
    {"shared_ptr", "values, unique_ptr, or Shared (core/base/shared.h)", {}},
    {"thread_local", "state of the shard: fibers move between none, but tests do", {}},
    {"unordered_", "std::map: what anybody iterates must have an order", {"tests/"}},
    {"catch (...)", "a Result: nothing of ours throws", {"tests/"}},
    {"throw ", "a Result: nothing of ours throws", {"tests/"}},
    {"FIXME", "a fix", {}},
    {"XXX", "words", {}},
    {"TODO", "an issue", {}},
};

// Comments and the words of others may say anything.
std::string code_of(const std::string& line) {
    return line.substr(0, line.find("//"));
}

void check_words(const Source& source, Report& report) {
    for (std::size_t i = 0; i < source.lines.size(); ++i)
        for (const Banned& each : banned) {
            const bool note = each.word == "FIXME" || each.word == "XXX" || each.word == "TODO";
            const std::string text = note ? source.lines[i] : code_of(source.lines[i]);
            if (text.find(each.word) == std::string::npos) continue;
            if (starts_with_any(source.path, each.but_in)) continue;
            report.say(source, i + 1,
                       std::string(each.word) + " is banned; use " + std::string(each.instead));
        }
}

constexpr std::size_t columns_max = 100;
constexpr std::size_t function_lines_max = 70;
constexpr std::size_t file_lines_max = 800;

// Tables that are functions because C++ has no better form for them.
const std::map<std::string, std::size_t> longer_functions = {
    {"core/protocol/error_code.cc", 280},
    {"core/protocol/api.cc", 200},
};

// Functions begin at a line that ends in '{' at the outermost level or within a class, and end at
// the closing brace of the same indentation. Layout is clang-format's, so that is enough. A
// signature may go over several lines: where does it begin?
std::size_t first_line_of_statement(const Source& source, std::size_t line) {
    while (line > 0) {
        const std::string& before = source.lines[line - 1];
        if (before.empty() ||
            std::string_view(";{}:").find(before.back()) != std::string_view::npos ||
            before.find("//") != std::string::npos || before.starts_with("#"))
            break;
        --line;
    }
    return line;
}

void check_sizes(const Source& source, Report& report) {
    if (source.lines.size() > file_lines_max)
        report.say(source, 1, "more than 800 lines: split it");
    static const std::regex opening(
        R"(^((?:    ){0,2})[^ #/}:].*\)( const| override| noexcept| final)*( ->.*)? \{$)");
    static const std::regex control(
        R"(^ *(if|for|while|switch|else|do|namespace|struct|class|enum)\b)");
    bool is_table = false;  // Laid out by hand.
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        const std::string& line = source.lines[i];
        if (line.find("// clang-format ") != std::string::npos)
            is_table = line.ends_with("off");
        std::size_t columns = 0;
        for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        if (columns > columns_max && !is_table && line.find("#include") == std::string::npos)
            report.say(source, i + 1, "more than 100 columns");
        std::smatch match;
        if (!std::regex_search(line, match, opening) || std::regex_search(line, control)) continue;
        const std::size_t first = first_line_of_statement(source, i);
        const std::size_t indent = source.lines[first].find_first_not_of(' ');
        const std::string end = std::string(indent, ' ') + "}";
        std::size_t last = i + 1;
        while (last < source.lines.size() && !source.lines[last].starts_with(end)) ++last;
        const auto excused = longer_functions.find(source.path);
        if (last - i > (excused == longer_functions.end() ? function_lines_max : excused->second))
            report.say(source, i + 1, "a function of more than 70 lines");
    }
}

std::vector<Source> sources_below(const fs::path& root) {
    std::vector<Source> sources;
    for (const char* top : {"core", "sim", "net", "storage", "cmd", "tests"}) {
        if (!fs::exists(root / top)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            const auto extension = entry.path().extension();
            if (extension != ".h" && extension != ".cc") continue;
            Source source{fs::relative(entry.path(), root).string(), {}};
            if (source.path.starts_with("cmd/tidy/")) continue;
            std::ifstream file(entry.path());
            for (std::string line; std::getline(file, line);) source.lines.push_back(line);
            sources.push_back(std::move(source));
        }
    }
    std::ranges::sort(sources, {}, &Source::path);
    return sources;
}

void check_test_data(const fs::path& root, const std::vector<Source>& sources, Report& report) {
    for (const char* top : {"core", "sim", "net", "storage"})
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            if (entry.path().parent_path().filename() != "testdata") continue;
            const std::string stem = entry.path().stem().string();
            const bool used = std::ranges::any_of(sources, [&](const Source& source) {
                return std::ranges::any_of(source.lines, [&](const auto& line) {
                    return line.find(stem) != std::string::npos;
                });
            });
            if (!used)
                report.say({fs::relative(entry.path(), root).string(), {}}, 1, "no test uses it");
        }
}

}  // namespace

int main(int count, char** words) {
    const fs::path root = count > 1 ? words[1] : ".";
    const std::vector<Source> sources = sources_below(root);
    Report report;
    for (const Source& source : sources) {
        check_includes(source, report);
        check_words(source, report);
        check_sizes(source, report);
    }
    check_test_data(root, sources, report);
    std::printf("tidy: %zu files, %d complaints\n", sources.size(), report.complaints);
    return report.complaints == 0 ? 0 : 1;
}
