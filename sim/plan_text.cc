#include "sim/plan_text.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <map>
#include <optional>

namespace sluice::sim {
namespace {

std::string_view name_of(PickMode pick) {
    switch (pick) {
        case PickMode::fifo:
            return "fifo";
        case PickMode::random:
            return "random";
        case PickMode::priority:
            return "priority";
    }
    return "?";
}

// The words of a line: first those without '=', then those with.
struct Words {
    std::vector<std::string_view> plain;
    std::map<std::string_view, std::string_view> named;
};

Words words_of(std::string_view line) {
    Words words;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        const std::string_view word = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        if (word.empty()) continue;
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos)
            words.plain.push_back(word);
        else
            words.named[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return words;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::uint64_t number_named(const Words& words, std::string_view name) {
    const auto found = words.named.find(name);
    return found == words.named.end() ? 0 : number_in(found->second).value_or(0);
}

Duration duration_named(const Words& words, std::string_view name) {
    return Duration(static_cast<std::int64_t>(number_named(words, name)));
}

Result<void, std::string> take_head(const Words& words, Plan& plan) {
    plan.horizon = duration_named(words, "horizon_us");
    plan.restart_delay = duration_named(words, "restart_delay_us");
    const auto heal = words.named.find("heal");
    for (const Heal each : {Heal::restart_all, Heal::no_restart, Heal::core})
        if (heal != words.named.end() && heal->second == name_of(each)) plan.heal = each;
    plan.buggify = number_named(words, "buggify") != 0;
    const auto pick = words.named.find("pick");
    for (const PickMode each : {PickMode::fifo, PickMode::random, PickMode::priority})
        if (pick != words.named.end() && pick->second == name_of(each)) plan.pick = each;
    const auto core = words.named.find("core");
    if (core == words.named.end()) return {};
    for (std::string_view rest = core->second; !rest.empty();) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const auto server = number_in(rest.substr(0, end));
        if (!server) return fmt::format("not a list of servers: {}", core->second);
        plan.core.push_back(static_cast<std::uint32_t>(*server));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

Result<Fault, std::string> fault_of(const Words& words) {
    Fault fault;
    bool known = false;
    for (std::size_t i = 0; i < fault_kind_count && words.plain.size() == 2; ++i) {
        if (name_of(static_cast<FaultKind>(i)) != words.plain[1]) continue;
        fault.kind = static_cast<FaultKind>(i);
        known = true;
    }
    if (!known) return std::string("no such kind of fault");
    fault.at = duration_named(words, "at_us");
    fault.length = duration_named(words, "length_us");
    fault.node = static_cast<std::uint32_t>(number_named(words, "node"));
    fault.other = static_cast<std::uint32_t>(number_named(words, "other"));
    fault.amount = number_named(words, "amount");
    return fault;
}

}  // namespace

std::string to_text(const Plan& plan) {
    std::string out =
        fmt::format("plan horizon_us={} heal={} restart_delay_us={} core={} buggify={}{}\n",
                    plan.horizon.count(), name_of(plan.heal), plan.restart_delay.count(),
                    fmt::join(plan.core, ","), plan.buggify ? 1 : 0,
                    plan.pick ? fmt::format(" pick={}", name_of(*plan.pick)) : "");
    for (const Fault& fault : plan.faults)
        fmt::format_to(std::back_inserter(out),
                       "fault {} at_us={} length_us={} node={} other={} amount={}\n",
                       name_of(fault.kind), fault.at.count(), fault.length.count(), fault.node,
                       fault.other, fault.amount);
    return out;
}

Result<Plan, std::string> parse_plan(std::string_view text) {
    Plan plan;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const Words words = words_of(line);
        if (words.plain.empty() || words.plain[0].starts_with('#')) continue;
        if (words.plain[0] == "plan") {
            CHECK_OK(take_head(words, plan));
        } else if (words.plain[0] == "fault") {
            auto fault = fault_of(words);
            if (fault.failed()) return fmt::format("{}: {}", fault.error(), line);
            plan.faults.push_back(*fault);
        } else {
            return fmt::format("not a line of a plan: {}", line);
        }
    }
    return plan;
}

}  // namespace sluice::sim
