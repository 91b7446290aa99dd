#include "cmd/sluice/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <utility>

#include "cmd/sluice/output.h"

namespace sluice::cmd {
namespace {

char small(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// How many letters must be added, left out, changed or swapped with their neighbour; capitals are
// as good as small ones.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> last, row(b.size() + 1), next(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = small(a[i - 1]) == small(b[j - 1]);
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && small(a[i - 1]) == small(b[j - 2]) &&
                                 small(a[i - 2]) == small(b[j - 1]);
            if (swapped) next[j] = std::min(next[j], last[j - 2] + 1);
        }
        last = std::exchange(row, next);
    }
    return row.back();
}

// Farther words are others: most of the letters must be right.
std::size_t distance_max(std::string_view word) {
    if (word.size() < 2) return 0;
    if (word.size() < 4) return 1;
    return std::max<std::size_t>(2, word.size() / 3);
}

// The options that a letter stands for elsewhere, as -b does for the brokers.
std::string meant_by_letter(const std::vector<std::string>& known, char letter) {
    std::vector<std::string> meant;
    for (const std::string& each : known)
        if (each.front() == letter) meant.push_back("--" + each);
    return fmt::format("{}", fmt::join(meant, " or "));
}

// `word` as it was typed, without a value.
std::string unknown_option(const CommandHelp& help, std::string_view word) {
    std::vector<std::string> known;
    for (const OptionHelp& option : help.options) known.emplace_back(option.name);
    const bool is_letter = word.size() == 2;
    const auto near = nearest(word.substr(word.find_first_not_of('-')), known);
    const std::string meant = is_letter ? meant_by_letter(known, word[1])
                              : near    ? "--" + *near
                                        : "";
    return fmt::format("unknown option {} for 'sluice {}'{}; 'sluice {} --help' lists them", word,
                       help.name, meant.empty() ? "" : fmt::format(": did you mean {}?", meant),
                       help.name);
}

// How much longer one word is when it is the other one and more: `bootstrap-server` is nearer to
// `bootstrap` than its letters say.
std::optional<std::size_t> extension(std::string_view a, std::string_view b) {
    constexpr std::size_t telling = 3;
    if (std::min(a.size(), b.size()) < telling) return std::nullopt;
    if (a.starts_with(b)) return a.size() - b.size();
    if (b.starts_with(a)) return b.size() - a.size();
    return std::nullopt;
}

std::vector<std::string> parted(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// Why `value` is none of the words that an option can have.
std::optional<std::string> not_a_choice(const OptionHelp& option, std::string_view value) {
    if (option.values.empty() || option.values.starts_with('@')) return std::nullopt;
    const std::vector<std::string> choices = parted(option.values, '|');
    if (std::ranges::find(choices, value) != choices.end()) return std::nullopt;
    const auto meant = nearest(value, choices);
    return fmt::format("--{} {}: {}", option.name, value,
                       meant ? fmt::format("did you mean {}?", *meant)
                             : fmt::format("one of {}", fmt::join(choices, ", ")));
}

// Why these are not the words a command takes.
std::optional<std::string> wrong_words(const CommandHelp& help, std::size_t given) {
    std::size_t least = 0;
    std::size_t most = 0;
    for (const std::string& word : parted(help.positional, ' ')) {
        least += word.starts_with('[') ? 0 : 1;
        most = word.find("...") != std::string::npos ? SIZE_MAX : most + 1;
    }
    if (given >= least && given <= most) return std::nullopt;
    return fmt::format("'sluice {}' takes {}; 'sluice {} --help' shows how", help.name,
                       help.positional, help.name);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::optional<std::pair<std::string, std::string>> name_and_value(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    const std::string* best = nullptr;
    std::size_t best_distance = distance_max(word) + 1;
    for (const std::string& candidate : known) {
        const std::size_t far = distance(word, candidate);
        if (far < best_distance) {
            best = &candidate;
            best_distance = far;
        }
    }
    if (best != nullptr) return *best;
    std::size_t shortest = SIZE_MAX;
    for (const std::string& candidate : known)
        if (const auto more = extension(word, candidate); more && *more < shortest) {
            best = &candidate;
            shortest = *more;
        }
    if (best == nullptr) return std::nullopt;
    return *best;
}

Result<Arguments, std::string> Arguments::parse(const CommandHelp& help,
                                                std::span<char* const> words) {
    Arguments parsed;
    bool options_ended = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view word = words[i];
        if (word == "-h") word = "--help";
        const bool is_option = !options_ended && word.size() > 1 && word.front() == '-';
        if (!is_option) {
            if (help.positional.empty() && !options_ended)
                return fmt::format(
                    "'sluice {}' takes no '{}'; 'sluice {} --help' shows what it takes", help.name,
                    word, help.name);
            parsed.positional_.emplace_back(word);
            continue;
        }
        if (word == "--") {
            options_ended = true;
            continue;
        }
        const auto equals = word.find('=');
        if (!word.starts_with("--")) return unknown_option(help, word.substr(0, equals));
        const std::string name(word.substr(2, equals - 2));
        if (name == "help") {
            parsed.values_["help"];
            continue;
        }
        const auto option = std::ranges::find(help.options, name, &OptionHelp::name);
        if (option == help.options.end()) return unknown_option(help, "--" + name);
        std::string value;
        if (equals != std::string_view::npos)
            value = word.substr(equals + 1);
        else if (!option->value.empty()) {
            if (++i == words.size())
                return fmt::format("--{} needs a value: --{} {}", name, name, option->value);
            value = words[i];
        }
        if (const auto complaint = not_a_choice(*option, value)) return *complaint;
        auto& values = parsed.values_[name];
        if (!values.empty() && !option->repeated) return fmt::format("--{} is given twice", name);
        values.push_back(std::move(value));
    }
    if (!parsed.has("help"))
        if (const auto complaint = wrong_words(help, parsed.positional_.size())) return *complaint;
    return parsed;
}

std::optional<std::string> Arguments::get(std::string_view option) const {
    const auto found = values_.find(option);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view option) const {
    const auto found = values_.find(option);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string help_text(const CommandHelp& help) {
    std::string text =
        fmt::format("usage: sluice {}{}{} [options]\n\n{}\n", help.name,
                    help.positional.empty() ? "" : " ", help.positional, help.summary);
    if (!help.options.empty()) text += "\noptions:\n";
    for (const OptionHelp& option : help.options) {
        const std::string left = fmt::format("--{} {}", option.name, option.value);
        text += fmt::format("  {:<30} {}\n", left, option.text);
    }
    if (!help.examples.empty()) text += fmt::format("\nexamples:\n{}\n", help.examples);
    return text;
}

int usage_error(std::string_view message) {
    print_error("sluice: {}\n", message);
    return exit_usage;
}

}  // namespace sluice::cmd
