#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sim/disk.h"

// What a power cut may leave on a simulated disk, against a twin that remembers every state.

namespace sluice::sim {
namespace {

struct Step {
    enum class Kind { write, truncate, sync, begin_sync, end_sync } kind = Kind::write;
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
    std::uint8_t fill = 0;
};

Step arbitrary_step() {
    return {.kind = static_cast<Step::Kind>(*rc::gen::inRange(0, 5)),
            .offset = *rc::gen::inRange<std::uint64_t>(0, 30'000),
            .bytes = *rc::gen::inRange<std::size_t>(1, 9'000),
            .fill = *rc::gen::inRange<std::uint8_t>(1, 255)};
}

// One file, and every content it had since the last one that is durable.
class Twin {
public:
    void apply(const Step& step, SimDisk& disk, FileId file) {
        switch (step.kind) {
            case Step::Kind::write: {
                const std::string text(step.bytes, static_cast<char>(step.fill));
                const Slice piece = as_slice(text);
                RC_ASSERT(*disk.write(file, step.offset, {&piece, 1}) == text.size());
                std::string next = states_.back();
                next.resize(std::max(next.size(), step.offset + text.size()));
                next.replace(step.offset, text.size(), text);
                states_.push_back(next);
                return;
            }
            case Step::Kind::truncate: {
                RC_ASSERT(!disk.truncate(file, step.offset).failed());
                // The truncation may have happened to any of them: sizes are journaled, and data
                // written before may still be lost.
                for (std::size_t i = 0, count = states_.size(); i < count; ++i) {
                    states_.push_back(states_[i]);
                    states_.back().resize(step.offset);
                }
                return;
            }
            case Step::Kind::sync:
                disk.end_sync(file, disk.begin_sync(file));
                forget_before(states_.size() - 1);
                return;
            case Step::Kind::begin_sync:
                ticket_ = disk.begin_sync(file);
                ticket_state_ = states_.size() - 1;
                return;
            case Step::Kind::end_sync:
                if (!ticket_) return;
                disk.end_sync(file, *ticket_);
                ticket_.reset();
                forget_before(ticket_state_);
                return;
        }
    }

    const std::string& durable() const { return states_.front(); }
    const std::string& current() const { return states_.back(); }

    void check(const std::string& after) const {
        std::size_t least = SIZE_MAX;
        std::size_t most = 0;
        for (const std::string& state : states_) {
            least = std::min(least, state.size());
            most = std::max(most, state.size());
        }
        RC_ASSERT(after.size() >= least);
        RC_ASSERT(after.size() <= most);
        for (std::size_t at = 0; at < after.size(); at += sector_bytes) {
            const std::string sector = after.substr(at, sector_bytes);
            bool known = false;
            for (const std::string& state : states_) {
                std::string then = at < state.size() ? state.substr(at, sector.size()) : "";
                then.resize(sector.size());
                known = known || then == sector;
            }
            RC_ASSERT(known);
        }
    }

private:
    void forget_before(std::size_t state) {
        states_.erase(states_.begin(), states_.begin() + static_cast<std::ptrdiff_t>(state));
        if (ticket_) ticket_state_ -= std::min(ticket_state_, state);
    }

    std::vector<std::string> states_{""};
    std::optional<SimDisk::SyncTicket> ticket_;
    std::size_t ticket_state_ = 0;
};

std::string content(SimDisk& disk, const std::string& path) {
    const auto file = disk.find_file(path);
    if (!file) return "(none)";
    std::string text(disk.size(*file), '\0');
    RC_ASSERT(
        !disk.read(*file, 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}).failed());
    return text;
}

RC_GTEST_PROP(SimDisk, LeavesOfEachSectorSomethingThatItHeldSinceTheLastSync, ()) {
    SimDisk disk;
    disk.set_random(Random(*rc::gen::arbitrary<std::uint64_t>()));
    const FileId file = *disk.open("f", env::OpenMode::create);
    disk.end_sync_directory(*disk.begin_sync_directory(""));
    Twin twin;
    const int steps = *rc::gen::inRange(1, 25);
    for (int i = 0; i < steps; ++i) {
        twin.apply(arbitrary_step(), disk, file);
        RC_ASSERT(content(disk, "f") == twin.current());
    }
    SimDisk none = disk.crash_clone({.keep_unsynced_percent = 0, .random = Random(1)});
    RC_ASSERT(content(none, "f") == twin.durable());
    SimDisk all = disk.crash_clone({.keep_unsynced_percent = 100, .random = Random(1)});
    RC_ASSERT(content(all, "f") == twin.current());
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        SimDisk some = disk.crash_clone({.keep_unsynced_percent = 50, .random = Random(seed)});
        const std::string after = content(some, "f");
        twin.check(after);
        // What stands after a power cut stands for good.
        SimDisk again = some.crash_clone({.keep_unsynced_percent = 50, .random = Random(seed)});
        RC_ASSERT(content(again, "f") == after);
    }
}

RC_GTEST_PROP(SimDisk, KeepsADurableWriteWhateverElseIsLost, ()) {
    SimDisk disk;
    disk.set_random(Random(*rc::gen::arbitrary<std::uint64_t>()));
    const FileId file = *disk.open("f", env::OpenMode::create);
    disk.end_sync_directory(*disk.begin_sync_directory(""));
    Twin twin;
    for (int i = 0, steps = *rc::gen::inRange(0, 10); i < steps; ++i)
        twin.apply(arbitrary_step(), disk, file);
    const Step last = arbitrary_step();
    twin.apply({.offset = last.offset, .bytes = last.bytes, .fill = last.fill}, disk, file);
    disk.end_sync(file, disk.image(file).begin_sync(last.offset, last.bytes));
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        SimDisk some = disk.crash_clone({.keep_unsynced_percent = 30, .random = Random(seed)});
        RC_ASSERT(content(some, "f").substr(last.offset, last.bytes) ==
                  std::string(last.bytes, static_cast<char>(last.fill)));
    }
}

RC_GTEST_PROP(SimDisk, LeavesOfEachNameSomethingThatItMeantSinceTheLastSync, ()) {
    SimDisk disk;
    const std::vector<std::string> directories{"", "d/", "e/"};
    RC_ASSERT(!disk.make_directory("d").failed());
    RC_ASSERT(!disk.make_directory("e").failed());
    disk.end_sync_directory(*disk.begin_sync_directory(""));
    // What each name meant since its directory was last synced: the number written into the file.
    std::map<std::string, std::vector<std::string>> meant;
    const auto name = [&] {
        return directories[*rc::gen::inRange<std::size_t>(0, 3)] +
               std::string(1, static_cast<char>('p' + *rc::gen::inRange(0, 3)));
    };
    const auto now = [&](const std::string& path) {
        auto& list = meant[path];
        if (list.empty()) list.push_back("(none)");
        if (list.back() != content(disk, path)) list.push_back(content(disk, path));
    };
    const int steps = *rc::gen::inRange(1, 40);
    for (int i = 0; i < steps; ++i) {
        const std::string path = name();
        const std::string other = name();
        now(path);
        now(other);
        switch (*rc::gen::inRange(0, 4)) {
            case 0: {
                const auto file = disk.open(path, env::OpenMode::create_new);
                if (!file) break;
                const std::string text = std::to_string(i);
                const Slice piece = as_slice(text);
                RC_ASSERT(!disk.write(*file, 0, {&piece, 1}).failed());
                disk.end_sync(*file, disk.begin_sync(*file));
                disk.close(*file);
                break;
            }
            case 1:
                static_cast<void>(disk.remove(path).failed());
                break;
            case 2:
                static_cast<void>(disk.rename(path, other).failed());
                break;
            default: {
                const std::string directory = path.substr(0, path.find('/') + 1);
                disk.end_sync_directory(*disk.begin_sync_directory(directory));
                for (auto& [each, list] : meant)
                    if (each.substr(0, each.find('/') + 1) == directory)
                        list = {content(disk, each)};
                break;
            }
        }
        now(path);
        now(other);
    }
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        SimDisk after = disk.crash_clone({.keep_unsynced_percent = 50, .random = Random(seed)});
        for (const auto& [path, list] : meant)
            RC_ASSERT(std::ranges::find(list, content(after, path)) != list.end());
    }
    SimDisk all = disk.crash_clone({.keep_unsynced_percent = 100, .random = Random(1)});
    RC_ASSERT(all.files() == disk.files());
}

}  // namespace
}  // namespace sluice::sim
