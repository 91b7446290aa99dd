#include "sim/trace.h"

#include <fmt/format.h>

#include <iterator>

namespace sluice::sim {
namespace {

double seconds_of(Time time) {
    return static_cast<double>(time.since_start.count()) / 1e6;
}

}  // namespace

std::string_view name_of(EventKind kind) {
    switch (kind) {
        case EventKind::fiber:
            return "fiber";
        case EventKind::timer:
            return "timer";
        case EventKind::letter:
            return "letter";
        case EventKind::disk:
            return "disk";
        case EventKind::connect:
            return "connect";
        case EventKind::data:
            return "data";
        case EventKind::window:
            return "window";
        case EventKind::end_of_stream:
            return "end";
        case EventKind::process:
            return "process";
        case EventKind::fault:
            return "fault";
        case EventKind::note:
            return "note";
    }
    return "?";
}

std::string text_line(const TraceEvent& event) {
    return fmt::format(
        "{:>9} {:>13.6f} {:>12}/{} {:<8} {:<24} {}", event.sequence, seconds_of(event.time),
        event.node_name, event.shard, name_of(event.kind),
        event.fiber == 0 ? std::string() : fmt::format("{}#{}", event.fiber_name, event.fiber),
        event.detail);
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < ' ')
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    out += '"';
}

std::string json_line(const TraceEvent& event) {
    std::string out = fmt::format("{{\"seq\":{},\"us\":{},\"node\":", event.sequence,
                                  event.time.since_start.count());
    append_json_string(out, event.node_name);
    fmt::format_to(std::back_inserter(out), ",\"shard\":{},\"fiber\":{},\"name\":", event.shard,
                   event.fiber);
    append_json_string(out, event.fiber_name);
    fmt::format_to(std::back_inserter(out),
                   ",\"kind\":\"{}\",\"digest\":\"{:016x}\",\"detail\":", name_of(event.kind),
                   event.digest);
    append_json_string(out, event.detail);
    out += '}';
    return out;
}

void TraceWriter::event(const TraceEvent& event) {
    take_(context_, form_ == Form::text ? text_line(event) : json_line(event));
}

void TraceWriter::log(Time time, std::string_view node, std::string_view line) {
    if (form_ == Form::text) {
        take_(context_, fmt::format("{:>9} {:>13.6f} {:>12}   log      {}", "", seconds_of(time),
                                    node, line));
        return;
    }
    std::string out = fmt::format("{{\"us\":{},\"node\":", time.since_start.count());
    append_json_string(out, node);
    out += ",\"kind\":\"log\",\"detail\":";
    append_json_string(out, line);
    out += '}';
    take_(context_, out);
}

}  // namespace sluice::sim
