#include "storage/log/names.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::storage {
namespace {

constexpr std::size_t digits = 20;

}  // namespace

std::string offset_file(Offset offset, std::string_view suffix) {
    return fmt::format("{:020d}{}", offset.value, suffix);
}

std::optional<OffsetFile> parse_offset_file(std::string_view name) {
    if (name.size() <= digits || name[digits] != '.') return std::nullopt;
    OffsetFile file;
    const char* const end = name.data() + digits;
    const auto parsed = std::from_chars(name.data(), end, file.offset.value);
    if (parsed.ec != std::errc() || parsed.ptr != end || file.offset < Offset(0))
        return std::nullopt;
    file.suffix = name.substr(digits);
    return file;
}

}  // namespace sluice::storage
