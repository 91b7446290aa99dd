#include "sim/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

using env::OpenMode;
using testing::ElementsAre;

class SimDiskTest : public testing::Test {
protected:
    FileId open(const std::string& path, OpenMode mode = OpenMode::create) {
        auto file = disk.open(path, mode);
        EXPECT_TRUE(file);
        return *file;
    }
    void write(FileId file, std::uint64_t offset, std::string_view text) {
        const Slice piece = as_slice(text);
        const auto written = disk.write(file, offset, {&piece, 1});
        ASSERT_TRUE(written);
        EXPECT_EQ(*written, text.size());
    }
    void sync(FileId file) { disk.end_sync(file, disk.begin_sync(file)); }
    void sync_directory(const std::string& path) {
        const auto ticket = disk.begin_sync_directory(path);
        ASSERT_TRUE(ticket);
        disk.end_sync_directory(*ticket);
    }
    static std::string content(SimDisk& of, const std::string& path) {
        auto file = of.open(path, OpenMode::read);
        if (!file) return "(none)";
        std::string text(of.size(*file), '\0');
        EXPECT_TRUE(of.read(*file, 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
        of.close(*file);
        return text;
    }
    SimDisk after_cut(std::uint32_t percent, std::uint64_t seed = 1) {
        return disk.crash_clone({.keep_unsynced_percent = percent, .random = Random(seed)});
    }

    SimDisk disk;
};

TEST_F(SimDiskTest, ReadsBackWhatWasWrittenAndZerosInGaps) {
    const FileId file = open("a");
    write(file, 5, "hello");
    EXPECT_EQ(content(disk, "a"), std::string("\0\0\0\0\0hello", 10));
    write(file, 10'000, "far");
    EXPECT_EQ(disk.size(file), 10'003u);
    EXPECT_EQ(content(disk, "a").substr(9'999), std::string("\0far", 4));
}

TEST_F(SimDiskTest, KeepsWhatWasSyncedAndNothingElseWhenNothingUnsyncedSurvives) {
    disk.make_directory("d").failed();
    const FileId file = open("d/a");
    write(file, 0, "synced");
    sync(file);
    sync_directory("d");
    sync_directory("");
    write(file, 6, " and not");
    open("d/b");
    SimDisk after = after_cut(0);
    EXPECT_EQ(content(after, "d/a"), "synced");
    EXPECT_THAT(after.files(), ElementsAre("d/a"));
    SimDisk all = after_cut(100);
    EXPECT_EQ(content(all, "d/a"), "synced and not");
    EXPECT_THAT(all.files(), ElementsAre("d/a", "d/b"));
}

TEST_F(SimDiskTest, CoversOnlyWhatWasWrittenBeforeTheSyncBegan) {
    const FileId file = open("a");
    sync_directory("");
    write(file, 0, "before");
    const auto ticket = disk.begin_sync(file);
    write(file, 0, "BEFORE and later");
    disk.end_sync(file, ticket);
    SimDisk after = after_cut(0);
    EXPECT_EQ(content(after, "a"), "before");
    sync(file);
    SimDisk later = after_cut(0);
    EXPECT_EQ(content(later, "a"), "BEFORE and later");
}

TEST_F(SimDiskTest, KeepsTheBlocksOfADurableWriteAndNoOthers) {
    const FileId file = open("a");
    sync_directory("");
    write(file, 0, std::string(3 * block_bytes, 'x'));
    disk.end_sync(file, disk.image(file).begin_sync(block_bytes, block_bytes));
    SimDisk after = after_cut(0);
    EXPECT_EQ(content(after, "a"), std::string(block_bytes, '\0') + std::string(block_bytes, 'x') +
                                       std::string(block_bytes, '\0'));
}

TEST_F(SimDiskTest, IsNotTakenBackByAnOlderSyncThatEndsLater) {
    const FileId file = open("a");
    sync_directory("");
    write(file, 0, "one");
    const auto older = disk.begin_sync(file);
    write(file, 0, "two more");
    sync(file);
    disk.end_sync(file, older);
    SimDisk after = after_cut(0);
    EXPECT_EQ(content(after, "a"), "two more");
}

TEST_F(SimDiskTest, LosesTheNameOfASyncedFileWhoseDirectoryWasNotSynced) {
    const FileId file = open("a");
    write(file, 0, "x");
    sync(file);
    SimDisk after = after_cut(0);
    EXPECT_THAT(after.files(), ElementsAre());
}

TEST_F(SimDiskTest, TearsUnsyncedBlocksInEveryWayOverManySeeds) {
    const FileId file = open("a");
    sync_directory("");
    write(file, 0, std::string(3 * block_bytes, 'o'));
    sync(file);
    write(file, 0, std::string(3 * block_bytes, 'n'));
    bool is_old = false;
    bool is_new = false;
    bool is_torn = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SimDisk after = after_cut(50, seed);
        const std::string text = content(after, "a");
        ASSERT_EQ(text.size(), 3 * block_bytes);
        for (std::size_t block = 0; block < 3; ++block) {
            const std::string here = text.substr(block * block_bytes, block_bytes);
            ASSERT_EQ(here.find_first_not_of("on"), std::string::npos);
            const bool any_old = here.find('o') != std::string::npos;
            const bool any_new = here.find('n') != std::string::npos;
            is_old |= any_old && !any_new;
            is_new |= any_new && !any_old;
            is_torn |= any_old && any_new;
            for (std::size_t at = 0; at < block_bytes; at += sector_bytes)
                ASSERT_EQ(here.substr(at, sector_bytes).find_first_not_of(here[at]),
                          std::string::npos);
        }
    }
    EXPECT_TRUE(is_old && is_new && is_torn);
}

TEST_F(SimDiskTest, NeverLosesSyncedBytesOfABlockThatWasAppendedTo) {
    const FileId file = open("a");
    sync_directory("");
    write(file, 0, std::string(700, 's'));
    sync(file);
    write(file, 700, std::string(6'000, 'u'));
    bool zeros = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SimDisk after = after_cut(50, seed);
        const std::string text = content(after, "a");
        ASSERT_GE(text.size(), 700u);
        ASSERT_EQ(text.substr(0, 700), std::string(700, 's'));
        zeros |= text.find('\0') != std::string::npos;
    }
    EXPECT_TRUE(zeros) << "a size that grew before its data was never seen";
}

TEST_F(SimDiskTest, TruncatesDurablyOnlyWithASyncAndNeverHalf) {
    const FileId file = open("a");
    sync_directory("");
    write(file, 0, std::string(20'000, 'o'));
    sync(file);
    ASSERT_TRUE(disk.truncate(file, 5'000));
    write(file, 5'000, std::string(5'000, 'n'));
    bool back = false;
    bool cut = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SimDisk after = after_cut(50, seed);
        const std::string text = content(after, "a");
        ASSERT_EQ(text.substr(0, 4096), std::string(4096, 'o'));
        if (text.size() == 20'000) {
            back = true;
            ASSERT_EQ(text, std::string(20'000, 'o'));
        } else {
            cut = true;
            ASSERT_LE(text.size(), 10'000u);
            ASSERT_EQ(text.find('o', 5'000), std::string::npos);
        }
    }
    EXPECT_TRUE(back && cut);
}

TEST_F(SimDiskTest, ShowsARenameAsOldOrNewAndNeverAsNone) {
    const FileId old_file = open("target");
    write(old_file, 0, "old");
    sync(old_file);
    sync_directory("");
    const FileId file = open("temporary");
    write(file, 0, "new");
    sync(file);
    ASSERT_TRUE(disk.rename("temporary", "target"));
    EXPECT_EQ(content(disk, "target"), "new");
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SimDisk after = after_cut(50, seed);
        const bool still_there = content(after, "temporary") != "(none)";
        seen.insert(content(after, "target") + (still_there ? "+" : ""));
    }
    EXPECT_THAT(seen, ElementsAre("new", "new+", "old", "old+"));
    sync_directory("");
    SimDisk after = after_cut(0);
    EXPECT_EQ(content(after, "target"), "new");
    EXPECT_THAT(after.files(), ElementsAre("target"));
}

TEST_F(SimDiskTest, NeverLosesARenamedFileWhoseOldDirectoryAloneWasSynced) {
    ASSERT_TRUE(disk.make_directory("from"));
    ASSERT_TRUE(disk.make_directory("to"));
    const FileId file = open("from/a");
    write(file, 0, "x");
    sync(file);
    sync_directory("");
    sync_directory("from");
    ASSERT_TRUE(disk.rename("from/a", "to/b"));
    sync_directory("from");
    SimDisk after = after_cut(0);
    EXPECT_THAT(after.files(), ElementsAre("to/b"));
    EXPECT_EQ(content(after, "to/b"), "x");
}

TEST_F(SimDiskTest, BringsARemovedFileBackUntilItsDirectoryIsSynced) {
    const FileId file = open("a");
    write(file, 0, "x");
    sync(file);
    disk.close(file);
    sync_directory("");
    ASSERT_TRUE(disk.remove("a"));
    EXPECT_EQ(content(disk, "a"), "(none)");
    SimDisk back = after_cut(0);
    EXPECT_EQ(content(back, "a"), "x");
    EXPECT_GT(disk.used_bytes(), 0u);
    sync_directory("");
    SimDisk gone = after_cut(0);
    EXPECT_THAT(gone.files(), ElementsAre());
    EXPECT_EQ(disk.used_bytes(), 0u);
}

TEST_F(SimDiskTest, ForgetsOrDropsThePagesOfAFailedSync) {
    const FileId file = open("a");
    sync_directory("");
    for (const bool drops : {false, true}) {
        write(file, 0, std::string(40 * block_bytes, 'o'));
        sync(file);
        write(file, 0, std::string(40 * block_bytes, 'n'));
        disk.fail_sync(file, disk.begin_sync(file), drops);
        const std::string cached = content(disk, "a");
        EXPECT_EQ(cached.find('o') != std::string::npos, drops);
        sync(file);  // Succeeds, and covers nothing.
        SimDisk after = after_cut(100);
        EXPECT_NE(content(after, "a").find('o'), std::string::npos);
    }
}

TEST_F(SimDiskTest, SaysThatItIsFullAndFreesWhatWasRemoved) {
    disk.set_capacity(10 * block_bytes);
    const FileId file = open("a");
    const std::string text(20 * block_bytes, 'x');
    const Slice piece = as_slice(text);
    auto written = disk.write(file, 0, {&piece, 1});
    ASSERT_TRUE(written);
    EXPECT_EQ(*written, 10 * block_bytes);
    EXPECT_EQ(disk.write(file, 10 * block_bytes, {&piece, 1}).error(), Error::no_space);
    EXPECT_EQ(disk.open("b", OpenMode::create).error(), Error::no_space);
    EXPECT_EQ(disk.space().usable_bytes, 0u);
    ASSERT_TRUE(disk.truncate(file, 0));
    EXPECT_EQ(disk.space().usable_bytes, 10 * block_bytes);
}

TEST_F(SimDiskTest, AnswersWithTheErrorsOfTheDoor) {
    EXPECT_EQ(disk.open("a", OpenMode::read).error(), Error::not_found);
    EXPECT_EQ(disk.open("no/a", OpenMode::create).error(), Error::not_found);
    open("a", OpenMode::create_new);
    EXPECT_EQ(disk.open("a", OpenMode::create_new).error(), Error::exists);
    EXPECT_EQ(disk.remove("b").error(), Error::not_found);
    EXPECT_EQ(disk.rename("b", "c").error(), Error::not_found);
    EXPECT_EQ(disk.list("d").error(), Error::not_found);
    EXPECT_TRUE(disk.lock("lock", 7));
    EXPECT_EQ(disk.lock("lock", 8).error(), Error::exists);
    disk.unlock_all(7);
    EXPECT_TRUE(disk.lock("lock", 8));
}

TEST_F(SimDiskTest, CopiesAsAValue) {
    const FileId file = open("a");
    write(file, 0, "one");
    SimDisk copy = disk;
    write(file, 0, "two");
    EXPECT_EQ(content(copy, "a"), "one");
    EXPECT_EQ(content(disk, "a"), "two");
}

}  // namespace
}  // namespace sluice::sim
