#pragma once

// Golden traces, for tests: `command key=value ...`, then `----`, then what it printed. Lines that
// begin with # tell the story. REWRITE=1 accepts new output: read the diff before it is committed.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"

namespace sluice::golden {

// Two digits a byte.
inline Bytes from_hex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    return Bytes::copy_of(out);
}

struct Command {
    std::string name;
    std::map<std::string, std::string> args;

    bool has(const std::string& key) const { return args.contains(key); }
    std::string text(const std::string& key, const std::string& otherwise = {}) const {
        const auto found = args.find(key);
        return found == args.end() ? otherwise : found->second;
    }
    std::int64_t number(const std::string& key, std::int64_t otherwise = 0) const {
        return has(key) ? std::stoll(args.at(key)) : otherwise;
    }
};

// The parts of an argument that is a list.
inline std::vector<std::string> split(const std::string& text, char by) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, by);) parts.push_back(part);
    return parts;
}

// "1,2" -> brokers 1 and 2, and back as "[1,2]".
inline std::vector<BrokerId> brokers_of(const std::string& text) {
    std::vector<BrokerId> brokers;
    for (const std::string& id : split(text, ',')) brokers.emplace_back(std::stoi(id));
    return brokers;
}

inline std::string text_of(const std::vector<BrokerId>& brokers) {
    std::string text;
    for (const BrokerId broker : brokers)
        text += (text.empty() ? "" : ",") + std::to_string(broker.value);
    return "[" + text + "]";
}

inline Command parse(const std::string& line) {
    std::istringstream words(line);
    Command command;
    words >> command.name;
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        command.args[word.substr(0, equals)] =
            equals == std::string::npos ? std::string() : word.substr(equals + 1);
    }
    return command;
}

inline void run(const std::string& path,
                const std::function<std::string(const Command&)>& execute) {
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::string expected;
    std::string actual;
    bool in_output = false;
    for (std::string line; std::getline(file, line);) {
        expected += line + '\n';
        if (in_output) {
            in_output = !line.empty();
            if (!in_output) actual += '\n';
        } else if (line == "----") {
            in_output = true;
        } else {
            actual += line + '\n';
            if (!line.empty() && line[0] != '#') actual += "----\n" + execute(parse(line));
        }
    }
    if (std::getenv("REWRITE") != nullptr)
        std::ofstream(path) << actual;
    else
        EXPECT_EQ(actual, expected) << "in " << path << " (REWRITE=1 accepts the new output)";
}

}  // namespace sluice::golden
