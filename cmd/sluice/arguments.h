#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace sluice::cmd {

// What an option's value, or a word of a command, can be: `a|b|c` for one of these words, or
// something a shell can complete but the command line cannot check.
inline constexpr std::string_view any_topic = "@topic";
inline constexpr std::string_view any_group = "@group";
inline constexpr std::string_view any_file = "@file";
inline constexpr std::string_view any_config = "@config";
inline constexpr std::string_view any_server_config = "@server-config";

// One option of a command, as its help shows it.
struct OptionHelp {
    std::string_view name;        // Without the dashes.
    std::string_view value = {};  // What stands for its value in the help; empty for a flag.
    std::string_view text = {};
    bool repeated = false;
    std::string_view values = {};
};

// What a command is called and takes; help, checks and completion all come from here.
struct CommandHelp {
    std::string_view name;             // `topic create`: a family and what is done, or one word.
    std::string_view positional = {};  // `NAME`, `[NAME]`, `NAME...`; empty for none.
    std::string_view summary = {};
    std::vector<OptionHelp> options = {};
    std::string_view examples = {};
    std::string_view values = {};  // Of its words.
};

// The words of a command line, taken apart and checked against what the command takes.
class Arguments {
public:
    // The message names the nearest option when one is unknown.
    static Result<Arguments, std::string> parse(const CommandHelp& help,
                                                std::span<char* const> words);

    bool has(std::string_view option) const { return values_.contains(option); }
    std::optional<std::string> get(std::string_view option) const;
    std::vector<std::string> all(std::string_view option) const;
    const std::vector<std::string>& positional() const { return positional_; }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::vector<std::string> positional_;
};

// Without the blanks around it.
std::string_view trimmed(std::string_view text);

// A whole number that is not negative, and nothing else.
std::optional<std::int64_t> whole_number(std::string_view text);

// `NAME=VALUE`, parted at the first '='; nothing without one, or without a name.
std::optional<std::pair<std::string, std::string>> name_and_value(std::string_view text);

std::string help_text(const CommandHelp& help);

// The word of `known` nearest to `word`, if one is near enough to have been meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// Exit codes scripts can rely on.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;       // It was tried and did not work.
inline constexpr int exit_usage = 2;        // The command line makes no sense.
inline constexpr int exit_unreachable = 3;  // No broker answered.
inline constexpr int exit_damaged = 4;      // What was read is not whole.
inline constexpr int exit_unsound = 12;     // A history shows what must never be.

int usage_error(std::string_view message);

}  // namespace sluice::cmd
