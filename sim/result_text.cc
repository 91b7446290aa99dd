#include "sim/result_text.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "sim/plan_text.h"

namespace sluice::sim {
namespace {

constexpr char between = '\x1f';
constexpr char instead_of_newline = '\x1e';
// What became of a mark.
constexpr char fired = '2';
constexpr char reached = '1';
constexpr char unreached = '0';

std::string on_one_line(std::string text) {
    for (char& each : text)
        if (each == '\n') each = instead_of_newline;
    return text;
}

std::string on_its_lines(std::string_view text) {
    std::string lines(text);
    for (char& each : lines)
        if (each == instead_of_newline) each = '\n';
    return lines;
}

// Takes the fields of a line one by one; false when there was something else.
class Fields {
public:
    explicit Fields(std::string_view line) : rest_(line) {}

    std::string_view next() {
        const std::size_t end = std::min(rest_.find(between), rest_.size());
        const std::string_view field = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return field;
    }
    std::uint64_t number() {
        const std::string_view field = next();
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc() || end != field.data() + field.size()) well_ = false;
        return value;
    }
    bool finished_well() const { return well_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool well_ = true;
};

}  // namespace

std::string to_text(const RunResult& result) {
    std::string out;
    const auto add = [&out](const auto& field) {
        fmt::format_to(std::back_inserter(out), "{}{}", field, between);
    };
    add(result.seed);
    add(result.scenario);
    add(result.kind);
    add(result.hash);
    add(result.events);
    add(result.virtual_ms);
    add(result.converged_ms);
    add(result.wall_ms);
    add(result.failure ? static_cast<int>(result.failure->kind) : 0);
    add(result.failure ? on_one_line(result.failure->signature) : "");
    add(result.failure ? on_one_line(result.failure->text) : "");
    add(result.operations.asked);
    add(result.operations.acknowledged);
    add(result.fault_kinds);
    add(result.restarts);
    for (std::size_t i = 0; i < fault_kind_count; ++i)
        add(result.faults.of(static_cast<FaultKind>(i)).bitten);
    add(on_one_line(to_text(result.plan)));
    for (const probe::Report& site : result.probes)
        out += site.fired > 0 ? fired : site.reached > 0 ? reached : unreached;
    return out;
}

Result<RunResult, std::string> parse_result(std::string_view line) {
    Fields fields(line);
    RunResult result;
    result.seed = fields.number();
    result.scenario = fields.next();
    result.kind = fields.next();
    result.hash = fields.number();
    result.events = fields.number();
    result.virtual_ms = fields.number();
    result.converged_ms = fields.number();
    result.wall_ms = fields.number();
    const auto kind = static_cast<FailureKind>(fields.number());
    const std::string signature = on_its_lines(fields.next());
    const std::string text = on_its_lines(fields.next());
    if (kind != FailureKind{}) result.failure = Failure{kind, signature, text};
    result.operations.asked = fields.number();
    result.operations.acknowledged = fields.number();
    result.fault_kinds = fields.number();
    result.restarts = fields.number();
    for (std::size_t i = 0; i < fault_kind_count; ++i)
        for (std::uint64_t times = fields.number(); times > 0; --times)
            result.faults.bit(static_cast<FaultKind>(i));
    auto plan = parse_plan(on_its_lines(fields.next()));
    if (plan.failed()) return plan.error();
    result.plan = std::move(*plan);
    const std::string_view marks = fields.next();
    result.probes = probe::reports();
    if (!fields.finished_well() || marks.size() != result.probes.size())
        return fmt::format("not a result: {}", line.substr(0, 200));
    for (std::size_t i = 0; i < marks.size(); ++i) {
        result.probes[i].reached = marks[i] != unreached;
        result.probes[i].fired = marks[i] == fired;
    }
    return result;
}

}  // namespace sluice::sim
