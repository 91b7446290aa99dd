#include "cmd/sluice/dump_report.h"

#include <fmt/format.h>

#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"

namespace sluice::cmd {

Fact fact(std::string_view name, std::int64_t value) {
    return {name, value};
}
Fact fact(std::string_view name, std::string value) {
    return {name, std::move(value)};
}
Fact fact(std::string_view name, bool value) {
    return {name, value};
}
Fact fact(std::string_view name, std::optional<Slice> bytes) {
    if (!bytes) return {name, std::string("null")};
    if (is_utf8(as_text(*bytes))) return {name, std::string(as_text(*bytes))};
    return {name, "base64:" + base64(*bytes)};
}

void DumpReport::begin_file(const std::string& path, std::string_view kind) {
    ++files_;
    begin_part(path, kind);
}

void DumpReport::begin_part(const std::string& path, std::string_view kind) {
    path_ = path;
    kind_ = kind;
    damages_before_ = damages_;
    if (!json_ && entries()) print_out("{}  ({})\n", path, kind);
}

void DumpReport::line(std::string_view kind, const Facts& facts) {
    print(kind, facts, "  ");
}

void DumpReport::damage(std::uint64_t position, const std::string& what) {
    ++damages_;
    if (!json_ && !entries() && damages_ == damages_before_ + 1) print_out("{}\n", path_);
    print("DAMAGE", {fact("position", static_cast<std::int64_t>(position)), fact("what", what)},
          "  ");
}

void DumpReport::unfinished(std::uint64_t position, const std::string& what) {
    ++unfinished_;
    if (entries())
        print("unfinished",
              {fact("position", static_cast<std::int64_t>(position)), fact("what", what)}, "  ");
}

void DumpReport::end_file(const Facts& facts) {
    Facts all = facts;
    if (damages_ > damages_before_) all.push_back(fact("damages", damages_ - damages_before_));
    if (json_ || entries()) {
        print(json_ ? "file" : "in all", all, "  ");
        return;
    }
    std::string line = fmt::format("{}  ({})", path_, kind_);
    for (const Fact& each : all)
        std::visit([&](const auto& value) { line += fmt::format("  {} {}", each.name, value); },
                   each.value);
    print_out("{}\n", line);
}

void DumpReport::end() const {
    const Facts facts = {fact("files", files_), fact("damages", damages_)};
    if (!json_) {
        print_out("{}, {}{}\n", counted(files_, "file"),
                  damages_ == 0 ? "nothing damaged" : counted(damages_, "DAMAGED place"),
                  unfinished_ == 0 ? "" : "; what is unfinished is in the journals");
        return;
    }
    print_out("{}\n", JsonWriter()
                          .begin_object()
                          .name("kind")
                          .value("end")
                          .name("files")
                          .value(files_)
                          .name("damages")
                          .value(damages_)
                          .name("unfinished")
                          .value(unfinished_)
                          .end_object()
                          .text());
}

void DumpReport::print(std::string_view kind, const Facts& facts, std::string_view indent) const {
    if (!json_) {
        std::string line = fmt::format("{}{}", indent, kind);
        for (const Fact& each : facts)
            std::visit(
                [&](const auto& value) { line += fmt::format("  {}: {}", each.name, value); },
                each.value);
        print_out("{}\n", line);
        return;
    }
    JsonWriter json;
    json.begin_object().name("file").value(path_).name("kind").value(kind == "DAMAGE" ? "damage"
                                                                                      : kind);
    if (kind == "file") json.name("type").value(kind_);
    for (const Fact& each : facts) {
        json.name(each.name);
        std::visit([&](const auto& value) { json.value(value); }, each.value);
    }
    print_out("{}\n", json.end_object().text());
}

}  // namespace sluice::cmd
