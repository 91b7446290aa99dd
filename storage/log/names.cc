#include "storage/log/names.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::storage {
namespace {

constexpr std::size_t digits = 20;
constexpr std::size_t epoch_digits = 10;

template <class Int>
bool parse_digits(std::string_view text, Int& value) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    return parsed.ec == std::errc() && parsed.ptr == end && value >= 0;
}

}  // namespace

std::string offset_file(Offset offset, std::string_view suffix) {
    return fmt::format("{:020d}{}", offset.value, suffix);
}

std::optional<OffsetFile> parse_offset_file(std::string_view name) {
    if (name.size() <= digits || name[digits] != '.') return std::nullopt;
    OffsetFile file;
    if (!parse_digits(name.substr(0, digits), file.offset.value)) return std::nullopt;
    file.suffix = name.substr(digits);
    return file;
}

std::string metadata_snapshot_file(Offset end, LeaderEpoch epoch) {
    return fmt::format("{:020d}-{:010d}{}", end.value, epoch.value, metadata_snapshot_suffix);
}

std::optional<MetadataSnapshotFile> parse_metadata_snapshot_file(std::string_view name) {
    if (name.size() != digits + 1 + epoch_digits + metadata_snapshot_suffix.size() ||
        name[digits] != '-' || !name.ends_with(metadata_snapshot_suffix))
        return std::nullopt;
    MetadataSnapshotFile file;
    if (!parse_digits(name.substr(0, digits), file.end.value)) return std::nullopt;
    if (!parse_digits(name.substr(digits + 1, epoch_digits), file.epoch.value)) return std::nullopt;
    return file;
}

}  // namespace sluice::storage
