#include "cmd/sluice/data_directory.h"

#include <algorithm>

#include "storage/log/checkpoint_files.h"
#include "storage/log/journal_files.h"
#include "storage/log/names.h"
#include "storage/log/summaries_file.h"

namespace sluice::cmd {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
    std::error_code error;
    return fs::exists(path, error);
}

std::string path_text(const fs::path& path) {
    const auto file = MappedFile::open(path.string());
    return file ? std::string(as_text(file->bytes())) : std::string();
}

std::vector<std::string> journals_of(const fs::path& root) {
    std::vector<std::string> paths;
    // They are being removed one by one, and a part of them looks like damage.
    if (is_there(root / storage::journals_replayed_file)) return paths;
    std::error_code error;
    for (fs::directory_iterator at(root, error), end; at != end; at.increment(error))
        if (at->path().filename().native().starts_with(storage::journal_prefix) &&
            at->is_regular_file(error))
            paths.push_back(at->path().string());
    std::ranges::sort(paths);
    return paths;
}

}  // namespace

std::optional<fs::path> DataDirectory::root_of(const fs::path& path) {
    std::error_code error;
    fs::path each = fs::absolute(path, error).lexically_normal();
    if (!each.has_filename()) each = each.parent_path();
    // Itself, that of a log, that of a log's file.
    for (int depth = 0; depth < 3 && each.has_relative_path(); ++depth, each = each.parent_path())
        if (is_there(each / storage::meta_properties_file)) return each;
    return std::nullopt;
}

DataDirectory DataDirectory::around(const fs::path& path) {
    DataDirectory directory;
    const auto root = root_of(path);
    if (!root || is_there(*root / storage::clean_shutdown_file)) return directory;
    const bool is_ours = is_there(*root / storage::summaries_file) || !journals_of(*root).empty();
    directory.ends_cleanly_ = !is_ours;
    if (!is_ours) return directory;
    const auto logs =
        storage::parse_summaries(Bytes::copy_of(path_text(*root / storage::summaries_file)));
    if (logs)
        for (const auto& [log, known] : *logs) directory.proven_[log] = known.synced.end;
    directory.read_journals(*root);
    return directory;
}

void DataDirectory::read_journals(const fs::path& root) {
    std::vector<std::string> lost;
    // A broker that writes from one file to the next while they are read seems to have lost
    // something; what is missing twice is.
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto shelf = JournalShelf::of(journals_of(root));
        if (shelf.failed()) {
            complaints_.push_back(shelf.error());
            return;
        }
        journals_ = std::move(*shelf);
        const std::vector<std::string> before = std::move(lost);
        lost = journals_.lost_records();
        if (attempt > 0)
            std::erase_if(lost, [&](const std::string& each) {
                return std::ranges::find(before, each) == before.end();
            });
        if (lost.empty()) return;
    }
    for (const std::string& each : lost)
        complaints_.push_back(each + " were durable, and are damaged or missing");
}

std::optional<Offset> DataDirectory::proven_end(const std::string& log) const {
    if (ends_cleanly_) return std::nullopt;
    const auto found = proven_.find(log);
    return found == proven_.end() ? Offset(0) : found->second;
}

JournalShelf::Segments DataDirectory::in_journals(const fs::path& directory) const {
    const auto topic =
        storage::parse_partition_metadata(path_text(directory / storage::partition_metadata_file));
    return journals_.segments_of(directory.filename().string(), *topic);
}

}  // namespace sluice::cmd
