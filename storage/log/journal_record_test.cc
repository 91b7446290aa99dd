#include "storage/log/journal_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/crc32c.h"
#include "storage/log/journal_scan.h"
#include "storage/log/pages.h"
#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

JournalHead example() {
    const TopicId topic{{1, 2, 3}};
    const Uuid journal{{0xAA, 0xBB}};
    return {.journal = journal,
            .sequence = 7,
            .oldest_needed = 5,
            .record_bytes = 4096,
            .entries = {{.topic = topic,
                         .segment = Offset(100),
                         .position = 4000,
                         .next = Offset(142),
                         .size = 5,
                         .at = 117,
                         .crc = crc32c(as_slice("hello")),
                         .log = "words-0"}}};
}

// A record of the example's entry that stands alone in its file.
std::vector<std::uint8_t> example_record() {
    std::vector<std::uint8_t> record(4096, 0);
    const std::size_t head = encode_journal_head(example(), record);
    std::ranges::copy(as_slice("hello"), record.begin() + static_cast<std::ptrdiff_t>(head));
    return record;
}

std::string hex(Slice bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

class JournalScanTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    // Positions of the sound records in such a file.
    std::vector<std::uint64_t> positions(const std::vector<std::uint8_t>& content) {
        std::vector<std::uint64_t> heads;
        std::vector<std::uint64_t> found;
        disk.put("journal", content);
        in_fiber([&] {
            auto file = disk.open("journal", env::OpenMode::read);
            ASSERT_TRUE(file);
            JournalScan scan(**file, content.size(), 4096);
            for (;;) {
                const auto record = scan.next();
                ASSERT_TRUE(record);
                if (!*record) break;
                heads.push_back((*record)->position);
            }
            for (const std::uint64_t position : heads) {
                const auto record = scan.read(position);
                ASSERT_TRUE(record);
                if (!*record) continue;
                EXPECT_EQ((*record)->head.journal, example().journal);
                found.push_back(position);
            }
        });
        return found;
    }
};

TEST(JournalRecord, HasTheBytesThatTheFormatSays) {
    const auto record = example_record();
    EXPECT_EQ(hex(Slice(record).first(56)),
              "736c756963654a31"                  // magic
              "aabb0000000000000000000000000000"  // journal
              "0000000000000007"                  // sequence
              "0000000000000005"                  // oldest needed
              "00001000"                          // record bytes
              "00000075"                          // head bytes
              "00000001"                          // entries
              "4ac4518c");                        // checksum of the head
    EXPECT_EQ(hex(Slice(record).subspan(56, 66)),
              "01020300000000000000000000000000"  // topic
              "0000000000000064"                  // segment
              "0000000000000fa0"                  // position
              "000000000000008e"                  // next
              "00000005"                          // size
              "00000075"                          // at
              "9a71bb4c"                          // checksum of the bytes
              "0007"
              "776f7264732d30"  // words-0
              "68656c6c6f");    // hello
}

TEST(JournalRecord, ComesBackAsItWasEncoded) {
    EXPECT_EQ(parse_journal_head(example_record()), example());
}

TEST(JournalRecord, IsRefusedWithAnyBitOfItsHeadFlipped) {
    const auto record = example_record();
    const std::size_t head_bytes = *journal_head_bytes(record);
    for (std::size_t bit = 0; bit < head_bytes * 8; ++bit) {
        auto damaged = record;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
        EXPECT_FALSE(parse_journal_head(damaged)) << bit;
    }
}

TEST_F(JournalScanTest, FindsRecordsBehindDamage) {
    std::vector<std::uint8_t> file;
    for (int i = 0; i < 4; ++i) {
        const auto record = example_record();
        file.insert(file.end(), record.begin(), record.end());
    }
    file[4096 + 60] ^= 1;   // In the head of the second,
    file[8192 + 118] ^= 1;  // and in the bytes of the third.
    EXPECT_THAT(positions(file), ::testing::ElementsAre(0, 3 * 4096));
}

// A record of several pages, torn at every sector: the old lap shows through.
TEST_F(JournalScanTest, TakesNoTornRecord) {
    std::vector<std::uint8_t> whole(4 * page_bytes, 0);
    JournalHead head = example();
    head.record_bytes = static_cast<std::uint32_t>(whole.size());
    head.entries[0].at = 117;
    head.entries[0].size = static_cast<std::uint32_t>(whole.size()) - 117;
    std::fill(whole.begin() + 117, whole.end(), std::uint8_t{0x55});
    head.entries[0].crc = crc32c(Slice(whole).subspan(117));
    encode_journal_head(head, whole);
    for (std::size_t at = 512; at < whole.size(); at += 512) {
        auto torn = whole;
        std::fill(torn.begin() + static_cast<std::ptrdiff_t>(at), torn.end(), std::uint8_t{0x77});
        EXPECT_TRUE(positions(torn).empty()) << at;
    }
}

}  // namespace
}  // namespace sluice::storage
