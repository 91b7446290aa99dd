#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmd/sluice/journal_shelf.h"
#include "core/base/strong.h"

namespace sluice::cmd {

// What is known of a data directory beside what a file of it says: how far each log is proven to be
// on disk, and what the journals have.
class DataDirectory {
public:
    // The one that `path` is, or is in; one of which nothing is known when there is none.
    static DataDirectory around(const std::filesystem::path& path);
    static std::optional<std::filesystem::path> root_of(const std::filesystem::path& path);

    // From there on a segment of the log need not be whole: a broker runs on it, or has crashed,
    // and the journals have what was acknowledged. Nothing when all must be whole: after a clean
    // stop, and in a directory of Kafka's.
    std::optional<Offset> proven_end(const std::string& log) const;
    // What the journals have of the log in that directory.
    JournalShelf::Segments in_journals(const std::filesystem::path& directory) const;
    // Why the journals cannot be trusted; empty when they can.
    const std::vector<std::string>& complaints() const { return complaints_; }

private:
    void read_journals(const std::filesystem::path& root);

    bool ends_cleanly_ = true;
    std::map<std::string, Offset> proven_;
    JournalShelf journals_;
    std::vector<std::string> complaints_;
};

}  // namespace sluice::cmd
