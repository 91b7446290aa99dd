#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/protocol/encoder.h"
#include "core/protocol/every_message.h"

namespace sluice::protocol {
namespace {

// Compares every description with Kafka's own, when SLUICE_SCHEMAS names a folder that holds its
// schemas (common/message/*.json, unpacked from kafka-clients and kafka-group-coordinator). The
// records of the metadata log are in no library as schemas: golden_test.cc holds those to account.

// A value of JSON. Texts and numbers both keep the text they had.
struct Json {
    std::string text;
    std::map<std::string, Json> members{};
    std::vector<Json> items{};

    bool has(const std::string& name) const { return members.contains(name); }
    std::string get(const std::string& name, const std::string& otherwise = "") const {
        return has(name) ? members.at(name).text : otherwise;
    }
};

// Reads what the schemas are written in: JSON with comments to the end of a line.
class JsonReader {
public:
    explicit JsonReader(std::string text) : text_(std::move(text)) {}

    Json read() {
        skip();
        if (peek() == '{') return read_object();
        if (peek() == '[') return read_array();
        if (peek() == '"') return {.text = read_quoted()};
        Json word;
        while (std::string_view(",]} \t\r\n").find(peek()) == std::string_view::npos)
            word.text += text_[at_++];
        return word;
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '}'; }
    void skip() {
        for (;;) {
            while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])))
                ++at_;
            if (text_.compare(at_, 2, "//") != 0) return;
            at_ = std::min(text_.find('\n', at_), text_.size());
        }
    }
    // Moves behind `c` if it comes next.
    bool take(char c) {
        skip();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::string read_quoted() {
        std::string quoted;
        for (++at_; peek() != '"'; ++at_) quoted += text_[at_];
        ++at_;
        return quoted;
    }
    Json read_object() {
        Json object;
        take('{');
        while (!take('}')) {
            skip();
            const std::string name = read_quoted();
            take(':');
            object.members[name] = read();
            take(',');
        }
        return object;
    }
    Json read_array() {
        Json array;
        take('[');
        while (!take(']')) {
            array.items.push_back(read());
            take(',');
        }
        return array;
    }

    std::string text_;
    std::size_t at_ = 0;
};

// What both sides say of a field, in the same words.
struct Facts {
    std::string name;
    std::string type;
    Versions versions;
    Versions nullable;
    std::string tag;
    bool ignorable = false;
    std::string default_value;
    std::vector<Facts> parts;
};

Versions shared_by(Versions a, Versions b) {
    const Versions both{.first = std::max(a.first, b.first), .last = std::min(a.last, b.last)};
    return both.empty() ? no_versions : both;
}

std::string to_text(const Facts& facts, Versions served) {
    const auto range = [&](Versions v) {
        const Versions both = shared_by(v, served);
        return both.empty() ? std::string("none") : fmt::format("{}-{}", both.first, both.last);
    };
    return fmt::format("{}: {} versions {} nullable {} tag {} ignorable {} default '{}'",
                       facts.name, facts.type, range(facts.versions), range(facts.nullable),
                       facts.tag, facts.ignorable, facts.default_value);
}

// Our side, from fields().

template <class T>
std::string type_name() {
    if constexpr (is_optional<T>)
        return type_name<typename T::value_type>();
    else if constexpr (is_vector<T>)
        return "[]" + type_name<typename T::value_type>();
    else if constexpr (is_strong<T>)
        return type_name<typename T::Integer>();
    else if constexpr (std::is_enum_v<T>)
        return type_name<std::underlying_type_t<T>>();
    else if constexpr (Described<T>)
        return "struct";
    else if constexpr (std::same_as<T, bool>)
        return "bool";
    else if constexpr (std::same_as<T, double>)
        return "float64";
    else if constexpr (std::same_as<T, std::string>)
        return "string";
    else if constexpr (std::same_as<T, Bytes>)
        return "bytes";
    else if constexpr (std::same_as<T, Uuid>)
        return "uuid";
    else
        return fmt::format("{}int{}", std::is_signed_v<T> ? "" : "u", 8 * sizeof(T));
}

template <class T>
std::string default_text(const T& value) {
    if constexpr (is_optional<T>)
        return value ? default_text(*value) : "null";
    else if constexpr (is_strong<T>)
        return std::to_string(value.value);
    else if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<std::underlying_type_t<T>>(value));
    else if constexpr (std::same_as<T, bool>)
        return value ? "true" : "false";
    else if constexpr (std::is_arithmetic_v<T>)
        return std::to_string(value);
    else if constexpr (std::same_as<T, std::string>)
        return value;
    else
        return value == T{} ? "" : "something";
}

template <class T>
struct Innermost {
    using type = T;
};
template <class T>
struct Innermost<std::optional<T>> : Innermost<T> {};
template <class T>
struct Innermost<std::vector<T>> : Innermost<T> {};

template <Described M>
std::vector<Facts> facts_of() {
    std::vector<Facts> all;
    M::fields([&](const Field& f, auto member) {
        using Member = std::remove_cvref_t<decltype(std::declval<M>().*member)>;
        using Part = typename Innermost<Member>::type;
        Facts facts{.name = std::string(f.name),
                    .type = type_name<Member>(),
                    .versions = f.versions,
                    .nullable = f.nullable_versions,
                    .tag = f.tag ? std::to_string(*f.tag) : "",
                    .ignorable = f.is_ignorable,
                    .default_value = default_text(default_of<M>().*member),
                    .parts = {}};
        if constexpr (Described<Part>) facts.parts = facts_of<Part>();
        all.push_back(std::move(facts));
    });
    return all;
}

// Kafka's side, from its schema.

// "PartitionIndex" to "partition_index", "KRaftVersion" to "k_raft_version".
std::string snake_case(const std::string& name) {
    const auto is_upper = [&](std::size_t i) {
        return i < name.size() && std::isupper(static_cast<unsigned char>(name[i])) != 0;
    };
    std::string snake;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool begins_word =
            is_upper(i) && (!is_upper(i - 1) || (i + 1 < name.size() && !is_upper(i + 1)));
        if (i > 0 && begins_word) snake += '_';
        snake += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
    return snake;
}

Versions parse_versions(const std::string& text) {
    if (text.empty() || text == "none") return no_versions;
    const auto number = [](const std::string& digits) {
        return static_cast<std::int16_t>(std::stoi(digits));
    };
    if (text.back() == '+') return since(number(text.substr(0, text.size() - 1)));
    const std::size_t dash = text.find('-');
    if (dash == std::string::npos) return between(number(text), number(text));
    return between(number(text.substr(0, dash)), number(text.substr(dash + 1)));
}

std::string default_of_schema(const Json& field, const std::string& type) {
    const bool array = type.starts_with("[]");
    // Kafka's records are null until they are set, whatever the schema says; ours, where null can
    // be sent.
    if (field.get("type") == "records") return field.has("nullableVersions") ? "null" : "";
    if (field.has("default")) {
        const std::string text = field.get("default");
        return text.starts_with("0x") ? std::to_string(std::stoll(text, nullptr, 16)) : text;
    }
    if (array) return "";
    if (type == "bool") return "false";
    if (type.find("int") != std::string::npos || type == "float64") return "0";
    return "";
}

bool is_primitive(const std::string& type) {
    for (const char* known : {"bool", "int8", "int16", "int32", "int64", "uint16", "uint32",
                              "float64", "string", "bytes", "uuid"})
        if (type == known) return true;
    return false;
}

std::vector<Facts> facts_of(const Json& fields, const Json& message) {
    std::vector<Facts> all;
    for (const Json& field : fields.items) {
        const std::string written = field.get("type") == "records" ? "bytes" : field.get("type");
        const bool array = written.starts_with("[]");
        const std::string item = array ? written.substr(2) : written;
        const std::string type =
            (array ? "[]" : "") + (is_primitive(item) ? item : std::string("struct"));
        Facts facts{.name = snake_case(field.get("name")),
                    .type = type,
                    .versions = parse_versions(field.get("versions")),
                    .nullable = parse_versions(field.get("nullableVersions")),
                    .tag = field.get("tag"),
                    .ignorable = field.get("ignorable") == "true",
                    .default_value = default_of_schema(field, type),
                    .parts = {}};
        if (field.has("fields"))
            facts.parts = facts_of(field.members.at("fields"), message);
        else if (!is_primitive(item) && message.has("commonStructs"))
            for (const Json& common : message.members.at("commonStructs").items)
                if (common.get("name") == item)
                    facts.parts = facts_of(common.members.at("fields"), message);
        all.push_back(std::move(facts));
    }
    return all;
}

// Only what the served versions have, tagged fields behind the others in the order of their tags:
// the order in which they are written.
void arrange(std::vector<Facts>& all, Versions served) {
    std::erase_if(all, [&](const Facts& f) { return shared_by(f.versions, served).empty(); });
    std::ranges::stable_sort(all, {},
                             [](const Facts& f) { return f.tag.empty() ? -1 : std::stoi(f.tag); });
    for (Facts& f : all) arrange(f.parts, served);
}

void expect_same(const std::vector<Facts>& ours, const std::vector<Facts>& theirs, Versions served,
                 const std::string& where) {
    EXPECT_EQ(ours.size(), theirs.size()) << where;
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
        EXPECT_EQ(to_text(ours[i], served), to_text(theirs[i], served)) << where;
        expect_same(ours[i].parts, theirs[i].parts, served, where + '.' + ours[i].name);
    }
}

std::map<std::string, std::filesystem::path> find_schemas(const char* folder) {
    std::map<std::string, std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().extension() == ".json") paths[entry.path().stem()] = entry.path();
    return paths;
}

Json read_schema(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return JsonReader(text.str()).read();
}

// Whether Kafka does not advertise its own latest version. Requests say so, for their responses
// too.
bool latest_is_unstable(const std::map<std::string, std::filesystem::path>& paths,
                        const std::string& name) {
    std::string request = name;
    if (const auto at = request.rfind("Response"); at != std::string::npos)
        request.replace(at, std::string::npos, "Request");
    const auto found = paths.find(request);
    return found != paths.end() &&
           read_schema(found->second).get("latestVersionUnstable") == "true";
}

bool has_no_published_schema(const std::string& name) {
    return name.ends_with("Record") && name != "KRaftVersionRecord" && name != "VotersRecord" &&
           !name.starts_with("Snapshot");
}

TEST(Schemas, SayWhatOurDescriptionsSay) {
    const char* const folder = std::getenv("SLUICE_SCHEMAS");
    if (!folder) GTEST_SKIP() << "SLUICE_SCHEMAS names no folder with Kafka's message schemas";
    const auto paths = find_schemas(folder);
    int compared = 0;
    each_message([&](const std::string& name, auto identity) {
        using M = typename decltype(identity)::type;
        const auto found = paths.find(name);
        if (found == paths.end()) {
            EXPECT_TRUE(has_no_published_schema(name)) << name << " is not in " << folder;
            return;
        }
        const Json schema = read_schema(found->second);
        auto ours = facts_of<M>();
        auto theirs = facts_of(schema.members.at("fields"), schema);
        arrange(theirs, M::versions);
        // Ours are in order already, and hold nothing that no served version has.
        expect_same(ours, theirs, M::versions, name);

        Versions valid = parse_versions(schema.get("validVersions"));
        if (latest_is_unstable(paths, name)) --valid.last;
        EXPECT_EQ(M::versions, valid) << name;
        const Versions flexible = parse_versions(schema.get("flexibleVersions"));
        EXPECT_EQ(shared_by(M::flexible, valid), shared_by(flexible, valid)) << name;
        ++compared;
    });
    RecordProperty("compared", compared);
    EXPECT_GT(compared, 70);
}

}  // namespace
}  // namespace sluice::protocol
