#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace sluice::cmd {

// One option of a subcommand, as its help shows it.
struct OptionHelp {
    std::string_view name;        // Without the dashes.
    std::string_view value = {};  // What stands for its value in the help; empty for a flag.
    std::string_view text = {};
    bool repeated = false;
};

// What a subcommand is called and takes.
struct CommandHelp {
    std::string_view name;
    std::string_view positional = {};  // As in "NAME"; empty for none.
    std::string_view summary = {};
    std::vector<OptionHelp> options = {};
    std::string_view examples = {};
};

// The words of a command line, taken apart and checked against what the command takes.
class Arguments {
public:
    // The message names the nearest option when one is unknown.
    static Result<Arguments, std::string> parse(const CommandHelp& help, int count, char** words);

    bool has(std::string_view option) const { return values_.contains(option); }
    std::optional<std::string> get(std::string_view option) const;
    std::vector<std::string> all(std::string_view option) const;
    const std::vector<std::string>& positional() const { return positional_; }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::vector<std::string> positional_;
};

std::string help_text(const CommandHelp& help);

// The word of `known` nearest to `word`, if one is near enough to have been meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// Exit codes scripts can rely on.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;  // It was tried and did not work.
inline constexpr int exit_usage = 2;   // The command line makes no sense.

int usage_error(std::string_view message);

}  // namespace sluice::cmd
