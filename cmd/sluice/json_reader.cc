#include "cmd/sluice/json_reader.h"

#include <algorithm>
#include <charconv>

namespace sluice::cmd {

// The next character that is no blank; 0 at the end, and after a failure.
char JsonReader::next() {
    constexpr std::string_view blanks = " \t\r\n";
    while (at_ < text_.size() && blanks.find(text_[at_]) != std::string_view::npos) ++at_;
    return failed_ || at_ == text_.size() ? '\0' : text_[at_];
}

bool JsonReader::take(char wanted) {
    if (next() != wanted) return false;
    ++at_;
    return true;
}

void JsonReader::expect(char wanted) {
    if (!take(wanted)) failed_ = true;
}

void JsonReader::object(const std::function<void(const std::string& key)>& each) {
    expect('{');
    if (failed_ || take('}')) return;
    do {
        const std::string key = string();
        expect(':');
        if (!failed_) each(key);
    } while (take(','));
    expect('}');
}

void JsonReader::array(const std::function<void()>& each) {
    expect('[');
    if (failed_ || take(']')) return;
    do {
        each();
    } while (take(','));
    expect(']');
}

// What topics and directories are called is plain text: other letters are kept as they stand.
std::string JsonReader::string() {
    expect('"');
    std::string text;
    while (!failed_) {
        if (at_ == text_.size()) {
            failed_ = true;
            break;
        }
        const char c = text_[at_++];
        if (c == '"') return text;
        text += c == '\\' ? escaped() : c;
    }
    return {};
}

char JsonReader::escaped() {
    constexpr std::string_view marks = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    const auto found = at_ < text_.size() ? marks.find(text_[at_]) : std::string_view::npos;
    if (found == std::string_view::npos) {
        failed_ = true;
        return '\0';
    }
    ++at_;
    return meant[found];
}

std::int64_t JsonReader::integer() {
    static_cast<void>(next());
    std::int64_t value = 0;
    const char* end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, value);
    const bool goes_on = stop != end && (*stop == '.' || *stop == 'e' || *stop == 'E');
    if (failed_ || error != std::errc{} || goes_on) {
        failed_ = true;
        return 0;
    }
    at_ = static_cast<std::size_t>(stop - text_.data());
    return value;
}

void JsonReader::skip() {
    if (++depth_ > depth_max) failed_ = true;
    const char first = next();
    if (first == '{') {
        object([this](const std::string&) { skip(); });
    } else if (first == '[') {
        array([this] { skip(); });
    } else if (first == '"') {
        static_cast<void>(string());
    } else {
        const auto end = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
        if (end == at_) failed_ = true;
        at_ = end;
    }
    --depth_;
}

bool JsonReader::finished_well() {
    return next() == '\0' && !failed_;
}

std::int64_t JsonReader::line() const {
    return 1 + std::ranges::count(text_.substr(0, at_), '\n');
}

}  // namespace sluice::cmd
