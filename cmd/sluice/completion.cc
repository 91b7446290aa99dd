#include <fmt/format.h>

#include <map>
#include <sstream>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/server_options.h"
#include "core/metadata/config_schema.h"

namespace sluice::cmd {

const CommandHelp& completion_help() {
    static const CommandHelp help{
        .name = "completion",
        .positional = "SHELL",
        .summary = "Print a script that completes commands, options and names; SHELL is bash.",
        .examples =
            "  source <(sluice completion bash)\n"
            "  sluice completion bash > /etc/bash_completion.d/sluice",
        .values = "bash"};
    return help;
}

namespace {

std::string words_of(std::string_view choices) {
    std::string words(choices);
    for (char& c : words)
        if (c == '|') c = ' ';
    return words;
}

// The shell's words for what can stand in a place.
std::string completions_of(std::string_view values) {
    if (values == any_topic) return "_sluice_words $(_sluice_names topic list --internal)";
    if (values == any_group)
        return "_sluice_words $(_sluice_names group list | tail -n +2 | cut -d' ' -f1)";
    if (values == any_file) return "COMPREPLY=($(compgen -f -- \"$word\"))";
    if (values == any_server_config)
        return "_sluice_words $_sluice_server_configs; compopt -o nospace";
    if (values == any_config) return "_sluice_words $_sluice_configs; compopt -o nospace";
    return fmt::format("_sluice_words {}", words_of(values));
}

// `name=` of every configuration of topics, and what may follow where that is one of a few words.
std::string configs() {
    std::string text;
    for (const auto& each : metadata::topic_configs()) {
        text += fmt::format("{}= ", each.name);
        const bool is_switch = each.type == metadata::ConfigType::boolean;
        std::istringstream values(words_of(is_switch ? "true|false" : each.choices));
        for (std::string value; values >> value;)
            if (!metadata::complaint_about_topic_config(each.name, value))
                text += fmt::format("{}={} ", each.name, value);
    }
    return text;
}

std::string server_configs() {
    std::string text;
    for (const std::string& name : option_names()) text += name + "= ";
    return text;
}

// One arm of the shell's `case` for each command: its options, their values, its words.
std::string arm_of(const CommandHelp& help) {
    std::string options = "--help";
    std::string values;
    for (const OptionHelp& option : help.options) {
        options += fmt::format(" --{}", option.name);
        if (option.value.empty()) continue;
        values +=
            fmt::format("            --{}) {}; return ;;\n", option.name,
                        option.values.empty() ? "COMPREPLY=()" : completions_of(option.values));
    }
    return fmt::format(
        "    '{}')\n"
        "        case \"$before\" in\n{}        esac\n"
        "        case \"$word\" in\n"
        "            -*) _sluice_words {} ;;\n"
        "            *) {} ;;\n"
        "        esac ;;\n",
        help.name, values, options,
        help.values.empty() ? fmt::format("_sluice_words {}", options)
                            : completions_of(help.values));
}

std::string script() {
    // Families and what they know, in the order of the commands.
    std::string firsts;
    std::map<std::string, std::string> families;
    std::string arms;
    for (const Command& command : all_commands()) {
        const CommandHelp& help = command.help();
        const auto space = help.name.find(' ');
        const std::string first(help.name.substr(0, space));
        if (firsts.find(" " + first + " ") == std::string::npos) firsts += " " + first + " ";
        if (space != std::string_view::npos)
            families[first] += " " + std::string(help.name.substr(space + 1));
        arms += arm_of(help);
    }
    std::string family_arms;
    for (const auto& [family, members] : families)
        family_arms += fmt::format("        {}) members='{}' ;;\n", family, members.substr(1));
    return fmt::format(R"(# bash completion of sluice; made by 'sluice completion bash'
_sluice_configs='{configs}'
_sluice_server_configs='{server_configs}'
_sluice_words() {{ COMPREPLY=($(compgen -W "$*" -- "$word")); }}
_sluice_names() {{
    local i at=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [ "${{COMP_WORDS[i]}}" = --bootstrap ] || continue
        at=(--bootstrap "${{COMP_WORDS[i + 1]}}${{COMP_WORDS[i + 2]}}${{COMP_WORDS[i + 3]}}")
    done
    timeout 2 "${{COMP_WORDS[0]}}" "$@" "${{at[@]}}" 2>/dev/null
}}
_sluice() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command=${{COMP_WORDS[1]}} members=
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then _sluice_words{firsts} --help --version; return; fi
    case "$command" in
{families}    esac
    if [ -n "$members" ]; then
        if [ "$COMP_CWORD" = 2 ]; then _sluice_words $members --help; return; fi
        command="$command ${{COMP_WORDS[2]}}"
    fi
    case "$command" in
{arms}    esac
}}
complete -F _sluice sluice
)",
                       fmt::arg("configs", configs()), fmt::arg("server_configs", server_configs()),
                       fmt::arg("firsts", firsts), fmt::arg("families", family_arms),
                       fmt::arg("arms", arms));
}

}  // namespace

int run_completion(const Arguments& arguments) {
    const std::string& shell = arguments.positional().front();
    if (shell != "bash")
        return usage_error(fmt::format("no completion for '{}'; bash is what there is", shell));
    print_out("{}", script());
    return exit_ok;
}

}  // namespace sluice::cmd
