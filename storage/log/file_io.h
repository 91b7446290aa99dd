#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/env/disk.h"

namespace sluice::storage {

// Reads until `into` is full or the file ends, and says how much that was.
Result<std::size_t> read_fully(env::File& file, std::uint64_t offset, MutableSlice into);

// Writes everything, however often the disk takes only a part. `written` counts what it took, also
// when it fails later.
Result<void> write_fully(env::File& file, std::uint64_t offset, std::span<const Slice> pieces,
                         std::uint64_t& written);
Result<void> write_fully(env::File& file, std::uint64_t offset, Slice bytes);
// All of it is durable on return, and what `written` counts in any case.
Result<void> write_durably(env::File& file, std::uint64_t offset, std::span<const Slice> pieces,
                           std::uint64_t& written);
// The same in up to three parts, so that all whole pages can go by direct I/O: pieces between the
// first and the last begin and end at pages, in memory as in the file.
Result<void> write_pages(env::File& file, std::uint64_t offset, std::span<const Slice> pieces);

// The whole file. Error::limit when it is larger than `size_max`.
Result<Buffer> read_file(env::Disk& disk, const std::string& path, std::size_t size_max);

// Makes `bytes` the content of directory/name: after a crash it is the old or the new one, after
// returning the new one.
Result<void> replace_file(env::Disk& disk, const std::string& directory, std::string_view name,
                          Slice bytes);

// Removing what is not there is no failure.
Result<void> remove_if_present(env::Disk& disk, const std::string& path);

}  // namespace sluice::storage
