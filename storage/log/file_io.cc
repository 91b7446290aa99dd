#include "storage/log/file_io.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/probe.h"
#include "storage/log/names.h"
#include "storage/log/pages.h"

namespace sluice::storage {
namespace {

// Calls `write` with what is left until nothing is.
template <class Write>
Result<void> write_rest(std::span<const Slice> pieces, std::uint64_t& written, Write write) {
    std::vector<Slice> rest(pieces.begin(), pieces.end());
    std::size_t first = 0;
    while (first < rest.size()) {
        TRY(std::size_t count, write(std::span<const Slice>(rest).subspan(first)));
        // A disk that takes nothing and gives no reason would keep us here for ever.
        if (count == 0) return Error::io;
        written += count;
        while (first < rest.size() && count >= rest[first].size()) count -= rest[first++].size();
        if (first < rest.size()) rest[first] = rest[first].subspan(count);
        SOMETIMES("log.short_write", first < rest.size());
        if (first < rest.size() && PLANT("log.short_write_taken_as_whole")) return {};
    }
    return {};
}

}  // namespace

Result<std::size_t> read_fully(env::File& file, std::uint64_t offset, MutableSlice into) {
    std::size_t done = 0;
    while (done < into.size()) {
        TRY(const std::size_t count, file.read(offset + done, into.subspan(done)));
        if (count == 0) break;
        done += count;
    }
    return done;
}

Result<void> write_fully(env::File& file, std::uint64_t offset, std::span<const Slice> pieces,
                         std::uint64_t& written) {
    return write_rest(pieces, written, [&](std::span<const Slice> rest) {
        return file.write(offset + written, rest);
    });
}

Result<void> write_durably(env::File& file, std::uint64_t offset, std::span<const Slice> pieces,
                           std::uint64_t& written) {
    return write_rest(pieces, written, [&](std::span<const Slice> rest) {
        return file.write_durable(offset + written, rest);
    });
}

Result<void> write_fully(env::File& file, std::uint64_t offset, Slice bytes) {
    if (bytes.empty()) return {};
    std::uint64_t written = 0;
    return write_fully(file, offset, std::array{bytes}, written);
}

Result<void> write_pages(env::File& file, std::uint64_t offset, std::span<const Slice> pieces) {
    std::vector<Slice> whole(pieces.begin(), pieces.end());
    if (const std::uint64_t begin = page_ceil(offset); begin > offset && !whole.empty()) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(begin - offset, whole.front().size()));
        CHECK_OK(write_fully(file, offset, whole.front().first(size)));
        whole.front() = whole.front().subspan(size);
        offset += size;
    }
    std::uint64_t end = offset;
    for (const Slice piece : whole) end += piece.size();
    Slice rest;
    if (!whole.empty()) {
        const auto size = static_cast<std::size_t>(
            std::min(end - page_floor(end), std::uint64_t{whole.back().size()}));
        rest = whole.back().last(size);
        whole.back() = whole.back().first(whole.back().size() - size);
    }
    std::erase_if(whole, [](Slice piece) { return piece.empty(); });
    std::uint64_t written = 0;
    CHECK_OK(write_fully(file, offset, whole, written));
    return write_fully(file, end - rest.size(), rest);
}

Result<Buffer> read_file(env::Disk& disk, const std::string& path, std::size_t size_max) {
    TRY(const auto file, disk.open(path, env::OpenMode::read));
    TRY(const std::uint64_t size, file->size());
    if (size > size_max) return Error::limit;
    Buffer content = Buffer::allocate(size);
    TRY(const std::size_t count, read_fully(*file, 0, content.all()));
    if (count != size) return Error::corrupt;
    return content;
}

Result<void> replace_file(env::Disk& disk, const std::string& directory, std::string_view name,
                          Slice bytes) {
    const std::string path = join(directory, name);
    const std::string temporary = path + std::string(temporary_suffix);
    {
        TRY(const auto file, disk.open(temporary, env::OpenMode::create));
        CHECK_OK(file->truncate(0));
        CHECK_OK(write_fully(*file, 0, bytes));
        if (!PLANT("log.checkpoint_not_synced")) CHECK_OK(file->sync());
    }
    CHECK_OK(disk.rename(temporary, path));
    if (PLANT("log.checkpoint_not_synced")) return {};
    return disk.sync_directory(directory);
}

Result<void> remove_if_present(env::Disk& disk, const std::string& path) {
    auto removed = disk.remove(path);
    if (removed.failed() && removed.error() == Error::not_found) return {};
    return removed;
}

}  // namespace sluice::storage
