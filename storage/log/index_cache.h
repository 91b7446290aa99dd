#pragma once

#include <map>
#include <memory>
#include <string>

#include "storage/log/segment_index.h"

namespace sluice::storage {

// Index files of a shard's logs as far as they were read lately, by the path of their segment's
// log file. What it holds is valid until the next call that may add something.
class IndexCache {
public:
    explicit IndexCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    const SegmentIndex* find(const std::string& path);
    const SegmentIndex& add(const std::string& path, SegmentIndex index);
    void forget(const std::string& path);

private:
    struct Entry {
        SegmentIndex index;
        std::uint64_t used = 0;
    };

    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::uint64_t uses_ = 0;
    std::map<std::string, Entry> entries_;
    std::map<std::uint64_t, std::string> by_use_;
};

}  // namespace sluice::storage
