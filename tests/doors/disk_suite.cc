#include <algorithm>

#include "core/env/event.h"
#include "tests/doors/doors_under_test.h"

namespace sluice::doors {
namespace {

using env::OpenMode;

// Whole writes and reads, however little a call takes.
void write_all(env::File& file, std::uint64_t offset, std::string_view text) {
    for (Slice rest = as_slice(text); !rest.empty();) {
        const auto written = file.write(offset, {&rest, 1});
        ASSERT_TRUE(written);
        ASSERT_GT(*written, 0u);
        ASSERT_LE(*written, rest.size());
        offset += *written;
        rest = rest.subspan(*written);
    }
}

std::string read_all(env::File& file, std::uint64_t offset = 0) {
    std::string text;
    for (;;) {
        std::uint8_t bytes[700];
        const auto count = file.read(offset + text.size(), bytes);
        if (!count) return "(" + std::string(name_of(count.error())) + ")";
        if (*count == 0) return text;
        text += as_text({bytes, *count});
    }
}

std::string content(env::Env& env, const std::string& path) {
    auto file = env.disk.open(path, OpenMode::read);
    return file ? read_all(**file) : "(" + std::string(name_of(file.error())) + ")";
}

// Behind the page that `at` stands in.
std::size_t page_end(std::size_t at, std::size_t page) {
    return (at / page + 1) * page;
}

void make_file(env::Env& env, const std::string& path, std::string_view text) {
    auto file = env.disk.open(path, OpenMode::create);
    ASSERT_TRUE(file) << path;
    write_all(**file, 0, text);
}

TEST_P(DiskDoorTest, ReadsBackWhatWasWrittenInPieces) {
    on_one_shard([](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        const Slice pieces[] = {as_slice("one "), as_slice(""), as_slice("two "), as_slice("six")};
        const auto written = (*file)->write(0, pieces);
        ASSERT_TRUE(written);
        write_all(**file, *written, std::string_view("one two six").substr(*written));
        EXPECT_EQ(read_all(**file), "one two six");
        EXPECT_EQ(read_all(**file, 4), "two six");
        write_all(**file, 4, "TWO");
        EXPECT_EQ(content(env, "f"), "one TWO six");
    });
}

// Aligned in every respect, which may take another way than the rest.
TEST_P(DiskDoorTest, MixesAlignedAndOtherAccess) {
    on_one_shard([](env::Env& env) {
        constexpr std::size_t page = 4096;
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        Buffer pages = Buffer::allocate(3 * page, page);
        const auto fill = [&](char first) {
            for (std::size_t i = 0; i < pages.size(); ++i)
                pages.data()[i] = static_cast<std::uint8_t>(first + static_cast<char>(i / page));
        };
        const auto write_pages = [&](std::uint64_t offset) {
            for (std::size_t done = 0; done < pages.size();) {
                const Slice rest[] = {Slice(pages.all()).subspan(done, page - done % page),
                                      Slice(pages.all()).subspan(page_end(done, page))};
                const auto written = (*file)->write(offset + done, rest);
                ASSERT_TRUE(written);
                ASSERT_GT(*written, 0u);
                done += *written;
            }
        };
        std::string expected;
        fill('a');
        write_pages(0);
        expected = std::string(page, 'a') + std::string(page, 'b') + std::string(page, 'c');
        write_all(**file, page - 2, "1234");
        expected.replace(page - 2, 4, "1234");
        EXPECT_EQ(content(env, "f"), expected);
        fill('p');
        write_pages(page);
        expected.resize(page);
        expected += std::string(page, 'p') + std::string(page, 'q') + std::string(page, 'r');
        write_all(**file, 4 * page, "end");
        expected += "end";
        EXPECT_EQ(content(env, "f"), expected);
        ASSERT_TRUE((*file)->sync());
        Buffer back = Buffer::allocate(8 * page, page);
        std::size_t count = 0;
        for (;;) {
            const auto some = (*file)->read(count, back.all().subspan(count));
            ASSERT_TRUE(some);
            if (*some == 0) break;
            count += *some;
        }
        EXPECT_EQ(as_text(Slice(back.all()).first(count)), expected);
    });
}

TEST_P(DiskDoorTest, GoesOnWithAlignedAccessUnderAnotherName) {
    on_one_shard([](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        ASSERT_TRUE(env.disk.rename("f", "g"));
        Buffer page = Buffer::allocate(4096, 4096);
        std::ranges::fill(page.all(), std::uint8_t{'x'});
        std::size_t done = 0;
        while (done < page.size()) {
            const Slice rest = Slice(page.all()).subspan(done);
            const auto written = (*file)->write(done, {&rest, 1});
            ASSERT_TRUE(written);
            done += *written;
        }
        EXPECT_EQ(content(env, "g"), std::string(4096, 'x'));
    });
}

TEST_P(DiskDoorTest, ReadsNothingBehindTheEnd) {
    on_one_shard([](env::Env& env) {
        make_file(env, "f", "12345");
        auto file = env.disk.open("f", OpenMode::read);
        ASSERT_TRUE(file);
        std::uint8_t bytes[100];
        const auto some = (*file)->read(3, bytes);
        ASSERT_TRUE(some);
        EXPECT_GE(*some, 1u);
        EXPECT_LE(*some, 2u);
        for (const std::uint64_t offset : {5u, 6u, 1'000'000u}) {
            const auto none = (*file)->read(offset, bytes);
            ASSERT_TRUE(none);
            EXPECT_EQ(*none, 0u);
        }
    });
}

TEST_P(DiskDoorTest, FillsGapsWithZeros) {
    on_one_shard([](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        write_all(**file, 10'000, "x");
        EXPECT_EQ(read_all(**file), std::string(10'000, '\0') + "x");
        EXPECT_EQ(*(*file)->size(), 10'001u);
    });
}

TEST_P(DiskDoorTest, TruncatesAndGrowsWithZeros) {
    on_one_shard([](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        write_all(**file, 0, std::string(9'000, 'x'));
        ASSERT_TRUE((*file)->truncate(5'000));
        EXPECT_EQ(*(*file)->size(), 5'000u);
        ASSERT_TRUE((*file)->truncate(6'000));
        EXPECT_EQ(read_all(**file), std::string(5'000, 'x') + std::string(1'000, '\0'));
        ASSERT_TRUE((*file)->truncate(0));
        EXPECT_EQ(read_all(**file), "");
    });
}

TEST_P(DiskDoorTest, OpensAsTheModeSays) {
    on_one_shard([](env::Env& env) {
        EXPECT_EQ(env.disk.open("f", OpenMode::read).error(), Error::not_found);
        EXPECT_EQ(env.disk.open("f", OpenMode::write).error(), Error::not_found);
        EXPECT_EQ(env.disk.open("no/f", OpenMode::create).error(), Error::not_found);
        EXPECT_TRUE(env.disk.open("f", OpenMode::create_new));
        EXPECT_EQ(env.disk.open("f", OpenMode::create_new).error(), Error::exists);
        make_file(env, "f", "kept");
        EXPECT_TRUE(env.disk.open("f", OpenMode::create));
        EXPECT_TRUE(env.disk.open("f", OpenMode::write));
        EXPECT_EQ(content(env, "f"), "kept");
    });
}

TEST_P(DiskDoorTest, MakesDirectoriesAndListsThemSorted) {
    on_one_shard([](env::Env& env) {
        ASSERT_TRUE(env.disk.make_directory("a/b/c"));
        ASSERT_TRUE(env.disk.make_directory("a/b/c"));
        for (const char* name : {"a/z", "a/B", "a/10", "a/9"}) make_file(env, name, "");
        const auto list = env.disk.list("a");
        ASSERT_TRUE(list);
        const std::vector<env::DirectoryEntry> expected{
            {"10", false}, {"9", false}, {"B", false}, {"b", true}, {"z", false}};
        EXPECT_EQ(*list, expected);
        EXPECT_EQ(env.disk.list("a/b/c")->size(), 0u);
        EXPECT_EQ(env.disk.list("missing").error(), Error::not_found);
        EXPECT_FALSE(env.disk.list("a/z"));
    });
}

TEST_P(DiskDoorTest, RemovesFilesAndEmptyDirectories) {
    on_one_shard([](env::Env& env) {
        ASSERT_TRUE(env.disk.make_directory("a/b"));
        make_file(env, "a/f", "x");
        EXPECT_FALSE(env.disk.remove("a"));
        EXPECT_TRUE(env.disk.remove("a/b"));
        EXPECT_TRUE(env.disk.remove("a/f"));
        EXPECT_TRUE(env.disk.remove("a"));
        EXPECT_EQ(env.disk.remove("a").error(), Error::not_found);
    });
}

TEST_P(DiskDoorTest, RenamesOverWhatIsThere) {
    on_one_shard([](env::Env& env) {
        make_file(env, "old", "old");
        make_file(env, "new", "new");
        ASSERT_TRUE(env.disk.rename("new", "old"));
        EXPECT_EQ(content(env, "old"), "new");
        EXPECT_EQ(content(env, "new"), "(not found)");
        EXPECT_EQ(env.disk.rename("new", "x").error(), Error::not_found);
        ASSERT_TRUE(env.disk.make_directory("d"));
        make_file(env, "d/f", "inside");
        ASSERT_TRUE(env.disk.rename("d", "e"));
        EXPECT_EQ(content(env, "e/f"), "inside");
    });
}

TEST_P(DiskDoorTest, KeepsAnOpenFileThatWasRenamedOrRemoved) {
    on_one_shard([](env::Env& env) {
        make_file(env, "f", "bytes");
        auto file = env.disk.open("f", OpenMode::write);
        ASSERT_TRUE(file);
        ASSERT_TRUE(env.disk.rename("f", "g"));
        write_all(**file, 5, "!");
        EXPECT_EQ(content(env, "g"), "bytes!");
        ASSERT_TRUE(env.disk.remove("g"));
        EXPECT_EQ(read_all(**file), "bytes!");
        EXPECT_TRUE((*file)->sync());
    });
}

TEST_P(DiskDoorTest, SyncsFilesAndDirectories) {
    on_one_shard([](env::Env& env) {
        ASSERT_TRUE(env.disk.make_directory("d"));
        auto file = env.disk.open("d/f", OpenMode::create);
        ASSERT_TRUE(file);
        EXPECT_TRUE((*file)->sync());
        write_all(**file, 0, std::string(100'000, 'x'));
        EXPECT_TRUE((*file)->sync());
        EXPECT_TRUE(env.disk.sync_directory("d"));
        EXPECT_TRUE(env.disk.sync_directory(""));
        EXPECT_EQ(env.disk.sync_directory("missing").error(), Error::not_found);
    });
    on_one_shard([](env::Env& env) { EXPECT_EQ(content(env, "d/f"), std::string(100'000, 'x')); });
}

// Small and large, by either way into a file, over what is there and behind its end.
TEST_P(DiskDoorTest, WritesDurablyWhatItSaysItTook) {
    constexpr std::size_t page = 4096;
    const auto write_durably = [](env::File& file, std::uint64_t offset, Slice bytes) {
        while (!bytes.empty()) {
            const auto taken = file.write_durable(offset, {&bytes, 1});
            ASSERT_TRUE(taken);
            ASSERT_GT(*taken, 0u);
            ASSERT_LE(*taken, bytes.size());
            offset += *taken;
            bytes = bytes.subspan(*taken);
        }
    };
    on_one_shard([&](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        Buffer pages = Buffer::allocate(40 * page, page);
        std::ranges::fill(pages.all(), std::uint8_t{'x'});
        write_durably(**file, 0, pages.all().first(2 * page));
        write_durably(**file, page, pages.all().first(2 * page));
        write_durably(**file, 2 * page, pages.all());
        write_durably(**file, 10, as_slice("in between"));
        EXPECT_EQ((*file)->size().value(), 42 * page);
    });
    std::string expected(42 * page, 'x');
    expected.replace(10, 10, "in between");
    on_one_shard([&](env::Env& env) { EXPECT_EQ(content(env, "f"), expected); });
}

TEST_P(DiskDoorTest, LetsOperationsOfOneFileOverlap) {
    on_one_shard([](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        env::FiberGroup group(env.scheduler);
        for (std::uint64_t i = 0; i < 20; ++i)
            EXPECT_TRUE(group.spawn("writer", [&, i] {
                write_all(**file, i * 5'000, std::string(5'000, static_cast<char>('a' + i)));
                EXPECT_TRUE((*file)->sync());
            }));
        group.join();
        const std::string text = read_all(**file);
        ASSERT_EQ(text.size(), 100'000u);
        for (std::size_t i = 0; i < 20; ++i)
            EXPECT_EQ(text.substr(i * 5'000, 5'000),
                      std::string(5'000, static_cast<char>('a' + i)));
    });
}

TEST_P(DiskDoorTest, LocksOnceUntilItIsLetGo) {
    on_one_shard([](env::Env& env) {
        {
            const auto lock = env.disk.lock("lock");
            ASSERT_TRUE(lock);
            EXPECT_EQ(env.disk.lock("lock").error(), Error::exists);
            EXPECT_TRUE(env.disk.lock("another"));
        }
        EXPECT_TRUE(env.disk.lock("lock"));
    });
    on_one_shard([](env::Env& env) { EXPECT_TRUE(env.disk.lock("lock")); });
}

TEST_P(DiskDoorTest, SaysHowMuchSpaceThereIs) {
    on_one_shard([](env::Env& env) {
        const auto space = env.disk.space("");
        ASSERT_TRUE(space);
        EXPECT_GT(space->total_bytes, 0u);
        EXPECT_LE(space->usable_bytes, space->total_bytes);
    });
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DiskDoorTest);

}  // namespace sluice::doors
