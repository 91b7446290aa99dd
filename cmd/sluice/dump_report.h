#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"

namespace sluice::cmd {

// One thing that is known of what is dumped; bytes that are no text stand in base64.
struct Fact {
    std::string_view name;
    std::variant<std::int64_t, std::string, bool> value;
};
using Facts = std::vector<Fact>;

Fact fact(std::string_view name, std::int64_t value);
Fact fact(std::string_view name, std::string value);
Fact fact(std::string_view name, bool value);
// Null for nothing.
Fact fact(std::string_view name, std::optional<Slice> bytes);

// What a dump says, as text or as JSON: a line for each thing, in the order of the file.
class DumpReport {
public:
    enum class Detail { files, entries, records };
    DumpReport(bool json, Detail detail) : json_(json), detail_(detail) {}

    bool entries() const { return detail_ >= Detail::entries; }
    bool records() const { return detail_ == Detail::records; }

    void begin_file(const std::string& path, std::string_view kind);
    // What stands elsewhere, and is no file of its own.
    void begin_part(const std::string& path, std::string_view kind);
    void line(std::string_view kind, const Facts& facts);
    // Something at `position` that should not be so.
    void damage(std::uint64_t position, const std::string& what);
    // Something that a crash may leave, and the journals make good.
    void unfinished(std::uint64_t position, const std::string& what);
    // Ends the file with what it holds in all.
    void end_file(const Facts& facts);
    void end() const;

    std::int64_t files() const { return files_; }
    std::int64_t damages() const { return damages_; }

private:
    void print(std::string_view kind, const Facts& facts, std::string_view indent) const;

    const bool json_;
    const Detail detail_;
    std::string path_;
    std::string kind_;
    std::int64_t files_ = 0;
    std::int64_t damages_ = 0;
    std::int64_t damages_before_ = 0;
    std::int64_t unfinished_ = 0;
};

}  // namespace sluice::cmd
