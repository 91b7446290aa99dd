#include "sim/disk.h"

#include <algorithm>
#include <set>
#include <span>

namespace sluice::sim {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        if (!part.empty() && part != ".") parts.push_back(part);
        at = end + 1;
    }
    return parts;
}

// One block in so many that could surface in a version that was overwritten is kept for that.
constexpr std::uint64_t keep_between_one_in = 4;
// One read in so many finds that what a failed sync left in the cache was evicted.
constexpr std::uint64_t evict_one_in = 16;

}  // namespace

SimDisk::SimDisk(const Options& options) : options_(options) {
    inodes_[root].is_directory = true;
    inodes_[root].holders = 1;
}

// --- Names ---

Result<std::uint64_t> SimDisk::directory_of(std::span<const std::string_view> parts) const {
    std::uint64_t at = root;
    for (const std::string_view part : parts) {
        const Inode& here = inodes_.at(at);
        const auto found = here.entries.find(part);
        if (found == here.entries.end()) return Error::not_found;
        at = found->second;
        if (!inodes_.at(at).is_directory) return Error::io;
    }
    return at;
}

Result<SimDisk::Place> SimDisk::find(const std::string& path) const {
    const auto parts = parts_of(path);
    if (parts.empty()) return Place{.directory = 0, .name = "", .target = root};
    TRY(const std::uint64_t directory, directory_of(std::span(parts).first(parts.size() - 1)));
    const Inode& here = inodes_.at(directory);
    const auto found = here.entries.find(parts.back());
    const std::uint64_t target = found == here.entries.end() ? 0 : found->second;
    return Place{.directory = directory, .name = std::string(parts.back()), .target = target};
}

std::uint64_t SimDisk::make_inode(bool is_directory) {
    inodes_[++inodes_made_].is_directory = is_directory;
    return inodes_made_;
}

void SimDisk::hold(std::uint64_t inode) {
    if (inode != 0) ++inodes_.at(inode).holders;
}

void SimDisk::let_go(std::uint64_t inode) {
    if (inode == 0) return;
    const auto found = inodes_.find(inode);
    if (--found->second.holders > 0) return;
    used_blocks_ -= found->second.image.allocated_blocks();
    const auto lost = std::move(found->second.durable_entries);
    inodes_.erase(found);
    for (const auto& [name, target] : lost) let_go(target);
    // Nobody can make the names of a directory durable that is gone itself.
    std::vector<std::uint64_t> held;
    std::erase_if(pending_, [&](const Change& change) {
        if (change.directory != inode) return false;
        held.push_back(change.after);
        return true;
    });
    for (const std::uint64_t target : held) let_go(target);
}

std::uint64_t SimDisk::set_entry(const Place& place, std::uint64_t after, std::uint64_t needs) {
    hold(after);
    hold(after);
    pending_.push_back({++changes_, place.directory, place.name, after, needs});
    auto& entries = inodes_.at(place.directory).entries;
    if (after == 0)
        entries.erase(place.name);
    else
        entries[place.name] = after;
    let_go(place.target);
    return changes_;
}

Result<FileId> SimDisk::open(const std::string& path, env::OpenMode mode) {
    TRY(const Place place, find(path));
    std::uint64_t inode = place.target;
    if (inode != 0) {
        if (mode == env::OpenMode::create_new) return Error::exists;
        if (inodes_.at(inode).is_directory) return Error::io;
    } else {
        if (mode == env::OpenMode::read || mode == env::OpenMode::write) return Error::not_found;
        if (!has_room(1)) return Error::no_space;
        inode = make_inode(false);
        set_entry(place, inode);
    }
    hold(inode);
    return FileId(inode);
}

void SimDisk::close(FileId file) {
    let_go(file.value);
}

Result<void> SimDisk::make_directory(const std::string& path) {
    const auto parts = parts_of(path);
    std::uint64_t at = root;
    for (const std::string_view part : parts) {
        auto& entries = inodes_.at(at).entries;
        const auto found = entries.find(part);
        if (found != entries.end()) {
            at = found->second;
            if (!inodes_.at(at).is_directory) return Error::exists;
            continue;
        }
        if (!has_room(1)) return Error::no_space;
        const std::uint64_t made = make_inode(true);
        set_entry({.directory = at, .name = std::string(part), .target = 0}, made);
        at = made;
    }
    return {};
}

Result<void> SimDisk::remove(const std::string& path) {
    TRY(const Place place, find(path));
    if (place.target == 0) return Error::not_found;
    if (place.target == root || !inodes_.at(place.target).entries.empty()) return Error::io;
    set_entry(place, 0);
    return {};
}

Result<void> SimDisk::rename(const std::string& from, const std::string& to) {
    TRY(const Place source, find(from));
    if (source.target == 0) return Error::not_found;
    TRY(const Place target, find(to));
    if (source.target == target.target) return {};
    if (source.target == root || target.target == root) return Error::io;
    if (target.target != 0) {
        const Inode& replaced = inodes_.at(target.target);
        if (replaced.is_directory != inodes_.at(source.target).is_directory ||
            !replaced.entries.empty())
            return Error::io;
    }
    const std::uint64_t named = set_entry(target, source.target);
    set_entry(source, 0, named);
    return {};
}

Result<std::vector<env::DirectoryEntry>> SimDisk::list(const std::string& path) const {
    const auto parts = parts_of(path);
    TRY(const std::uint64_t directory, directory_of(parts));
    std::vector<env::DirectoryEntry> found;
    for (const auto& [name, inode] : inodes_.at(directory).entries)
        found.push_back({name, inodes_.at(inode).is_directory});
    return found;
}

Result<SimDisk::DirectoryTicket> SimDisk::begin_sync_directory(const std::string& path) const {
    const auto parts = parts_of(path);
    TRY(const std::uint64_t directory, directory_of(parts));
    return DirectoryTicket{.directory = directory, .change = changes_};
}

void SimDisk::end_sync_directory(const DirectoryTicket& ticket) {
    if (!inodes_.contains(ticket.directory)) return;  // Removed meanwhile.
    std::set<std::uint64_t> chosen;
    for (const Change& change : pending_)
        if (change.directory == ticket.directory && change.number <= ticket.change)
            chosen.insert(change.number);
    // An old name does not go before the new one stands, and that comes after what it replaces.
    for (const Change& change : pending_) {
        if (!chosen.contains(change.number) || change.needs == 0) continue;
        const auto needed = std::ranges::find(pending_, change.needs, &Change::number);
        if (needed == pending_.end()) continue;
        for (const Change& earlier : pending_)
            if (earlier.directory == needed->directory && earlier.name == needed->name &&
                earlier.number <= needed->number)
                chosen.insert(earlier.number);
    }
    apply_pending({chosen.begin(), chosen.end()});
}

void SimDisk::apply_pending(const std::vector<std::uint64_t>& numbers) {
    std::vector<Change> kept;
    std::vector<Change> durable;
    for (Change& change : pending_) {
        auto& list = std::ranges::binary_search(numbers, change.number) ? durable : kept;
        list.push_back(std::move(change));
    }
    pending_ = std::move(kept);
    for (const Change& change : durable) make_durable(change);
}

void SimDisk::make_durable(const Change& change) {
    const auto directory = inodes_.find(change.directory);
    if (directory == inodes_.end()) {
        let_go(change.after);
        return;
    }
    auto& entries = directory->second.durable_entries;
    const auto found = entries.find(change.name);
    const std::uint64_t before = found == entries.end() ? 0 : found->second;
    if (change.after != 0)
        entries[change.name] = change.after;  // Takes over the change's hold.
    else if (before != 0)
        entries.erase(found);
    let_go(before);
}

// --- Contents ---

Result<std::size_t> SimDisk::read(FileId file, std::uint64_t offset, MutableSlice into) {
    FileImage& image = this->image(file);
    if (offset >= image.size()) return std::size_t{0};
    const std::size_t bytes = std::min<std::uint64_t>(into.size(), image.size() - offset);
    if (image.is_unreadable(offset, bytes)) return Error::io;
    if (random_.below(evict_one_in) == 0) image.evict(offset, bytes);
    image.read(offset, into.first(bytes));
    return bytes;
}

Result<std::size_t> SimDisk::write(FileId file, std::uint64_t offset, std::span<const Slice> pieces,
                                   std::size_t bytes_max) {
    FileImage& image = this->image(file);
    const std::uint64_t blocks_before = image.allocated_blocks();
    std::size_t written = 0;
    bool full = false;
    for (Slice piece : pieces) {
        piece = piece.first(std::min(piece.size(), bytes_max - written));
        while (!piece.empty() && !full) {
            const std::size_t in_block = block_bytes - (offset + written) % block_bytes;
            const Slice part = piece.first(std::min(piece.size(), in_block));
            const std::uint64_t grown = image.allocated_blocks() - blocks_before;
            full = !has_room(grown + image.new_blocks(offset + written, part.size()));
            if (full) break;
            image.write(offset + written, part, random_.below(keep_between_one_in) == 0);
            written += part.size();
            piece = piece.subspan(part.size());
        }
    }
    used_blocks_ += image.allocated_blocks() - blocks_before;
    if (full && written == 0) return Error::no_space;
    return written;
}

Result<void> SimDisk::truncate(FileId file, std::uint64_t size) {
    FileImage& image = this->image(file);
    const std::uint64_t blocks_before = image.allocated_blocks();
    image.truncate(size);
    used_blocks_ -= blocks_before - image.allocated_blocks();
    return {};
}

env::DiskSpace SimDisk::space() const {
    const std::uint64_t used = used_bytes();
    return {.total_bytes = options_.capacity_bytes,
            .usable_bytes = options_.capacity_bytes - std::min(used, options_.capacity_bytes)};
}

Result<void> SimDisk::lock(const std::string& path, std::uint64_t holder) {
    if (locks_.contains(path)) return Error::exists;
    TRY(const FileId file, open(path, env::OpenMode::create));
    close(file);
    locks_[path] = holder;
    return {};
}

void SimDisk::unlock_all(std::uint64_t holder) {
    std::erase_if(locks_, [holder](const auto& lock) { return lock.second == holder; });
}

// --- Power cuts ---

SimDisk SimDisk::crash_clone(PowerCut cut) const {
    SimDisk after(options_);
    after.inodes_made_ = inodes_made_;
    after.changes_ = changes_;
    after.random_ = cut.random.stream("after");
    for (const auto& [id, inode] : inodes_) {
        Inode& kept = after.inodes_[id];
        kept.is_directory = inode.is_directory;
        kept.image = inode.image.after_power_cut(cut);
        kept.durable_entries = inode.durable_entries;
    }
    keep_some_names(after, cut);
    after.drop_unreachable();
    return after;
}

void SimDisk::keep_some_names(SimDisk& after, PowerCut& cut) const {
    constexpr std::uint64_t both_names_percent = 15;
    const std::uint32_t keep = cut.keep_unsynced_percent;
    std::set<std::uint64_t> lost;                                // Changes,
    std::set<std::pair<std::uint64_t, std::string>> lost_names;  // and what came after them.
    for (const Change& change : pending_) {
        const std::pair key(change.directory, change.name);
        bool kept = keep > 0 && (keep >= 100 || cut.random.below(100) < keep);
        if (change.needs != 0) {
            kept = keep > 0 && !lost.contains(change.needs);
            if (keep < 100 && cut.random.below(100) < both_names_percent) kept = false;
        }
        if (!kept || lost_names.contains(key)) {
            lost.insert(change.number);
            lost_names.insert(key);
            continue;
        }
        auto& entries = after.inodes_.at(change.directory).durable_entries;
        if (change.after == 0)
            entries.erase(change.name);
        else
            entries[change.name] = change.after;
    }
}

void SimDisk::drop_unreachable() {
    std::map<std::uint64_t, std::uint32_t> names{{root, 1}};
    std::vector<std::uint64_t> to_visit{root};
    while (!to_visit.empty()) {
        Inode& directory = inodes_.at(to_visit.back());
        to_visit.pop_back();
        directory.entries = directory.durable_entries;
        for (const auto& [name, inode] : directory.entries)
            if (names[inode]++ == 0 && inodes_.at(inode).is_directory) to_visit.push_back(inode);
    }
    std::erase_if(inodes_, [&](const auto& entry) { return !names.contains(entry.first); });
    used_blocks_ = 0;
    for (auto& [id, inode] : inodes_) {
        // Each name holds it twice: as processes see it, and as a power cut does.
        inode.holders = 2 * names.at(id);
        used_blocks_ += inode.image.allocated_blocks();
    }
}

// --- For damage and oracles ---

std::vector<std::string> SimDisk::files() const {
    std::vector<std::string> found;
    collect_files(root, "", found);
    return found;
}

void SimDisk::collect_files(std::uint64_t directory, const std::string& prefix,
                            std::vector<std::string>& found) const {
    for (const auto& [name, inode] : inodes_.at(directory).entries) {
        if (inodes_.at(inode).is_directory)
            collect_files(inode, prefix + name + "/", found);
        else
            found.push_back(prefix + name);
    }
}

Result<FileId> SimDisk::find_file(const std::string& path) const {
    TRY(const Place place, find(path));
    if (place.target == 0 || inodes_.at(place.target).is_directory) return Error::not_found;
    return FileId(place.target);
}

std::string SimDisk::path_of(FileId file) const {
    for (const std::string& path : files()) {
        const auto found = find_file(path);
        if (found && *found == file) return path;
    }
    return "(removed)";
}

}  // namespace sluice::sim
