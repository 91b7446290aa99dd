#include "cmd/sluice/record_format.h"

#include <fmt/format.h>

#include <charconv>

#include "cmd/sluice/json.h"

namespace sluice::cmd {
namespace {

constexpr std::string_view marks = "svkSKoptTh";

// Takes an escape's letters from the beginning of `text`, which stands behind the backslash.
char take_escape(std::string_view& text) {
    const char letter = text.front();
    text.remove_prefix(1);
    switch (letter) {
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'r':
            return '\r';
        case '0':
            return '\0';
        case 'x': {
            unsigned value = 0;
            const std::string_view digits = text.substr(0, 2);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
            if (error != std::errc{}) return letter;
            text.remove_prefix(static_cast<std::size_t>(end - digits.data()));
            return static_cast<char>(value);
        }
        default:
            return letter;
    }
}

std::string_view text_of(const std::optional<Bytes>& bytes) {
    return bytes ? bytes->text() : std::string_view{};
}

std::int64_t length_of(const std::optional<Bytes>& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

void put_bytes(JsonWriter& json, std::string_view name, const std::optional<Bytes>& bytes) {
    if (!bytes) {
        json.name(name).null();
        return;
    }
    if (is_utf8(bytes->text()))
        json.name(name).value(bytes->text());
    else
        json.name(fmt::format("{}_base64", name)).value(base64(bytes->view()));
}

}  // namespace

Result<RecordFormat, std::string> RecordFormat::parse(std::string_view text) {
    RecordFormat format;
    std::string plain;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '\\' && !text.empty()) {
            plain += take_escape(text);
            continue;
        }
        if (c != '%') {
            plain += c;
            continue;
        }
        const char mark = text.empty() ? '\0' : text.front();
        if (!text.empty()) text.remove_prefix(1);
        if (mark == '%') {
            plain += '%';
            continue;
        }
        if (mark == '\0' || marks.find(mark) == std::string_view::npos)
            return fmt::format("--format: %{} means nothing; 'sluice consume --help' lists marks",
                               mark == '\0' ? "" : std::string(1, mark));
        format.pieces_.push_back({std::move(plain), mark});
        plain.clear();
    }
    format.pieces_.push_back({std::move(plain), 0});
    return format;
}

void RecordFormat::append(std::string& out, const client::ReadRecord& record) const {
    for (const Piece& piece : pieces_) {
        out += piece.text;
        switch (piece.mark) {
            case 's':
            case 'v':
                out += text_of(record.value);
                break;
            case 'k':
                out += text_of(record.key);
                break;
            case 'S':
                out += std::to_string(length_of(record.value));
                break;
            case 'K':
                out += std::to_string(length_of(record.key));
                break;
            case 'o':
                out += std::to_string(record.offset.value);
                break;
            case 'p':
                out += std::to_string(record.partition.partition.value);
                break;
            case 't':
                out += record.partition.topic;
                break;
            case 'T':
                out += std::to_string(record.timestamp.value);
                break;
            case 'h':
                for (std::size_t i = 0; i < record.headers.size(); ++i)
                    out += fmt::format("{}{}={}", i == 0 ? "" : ",", record.headers[i].first,
                                       text_of(record.headers[i].second));
                break;
            default:
                break;
        }
    }
}

std::string json_of(const client::ReadRecord& record) {
    JsonWriter json;
    json.begin_object().name("topic").value(record.partition.topic);
    json.name("partition").value(std::int64_t{record.partition.partition.value});
    json.name("offset").value(record.offset.value).name("timestamp").value(record.timestamp.value);
    put_bytes(json, "key", record.key);
    put_bytes(json, "value", record.value);
    json.name("headers").begin_array();
    for (const auto& [name, value] : record.headers) {
        json.begin_object().name("name").value(name);
        put_bytes(json, "value", value);
        json.end_object();
    }
    return json.end_array().end_object().text();
}

}  // namespace sluice::cmd
