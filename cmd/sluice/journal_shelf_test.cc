#include "cmd/sluice/journal_shelf.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/crc32c.h"
#include "storage/log/pages.h"

namespace sluice::cmd {
namespace {

const TopicId topic = [] {
    TopicId id;
    id.bytes[0] = 1;
    return id;
}();

// A record of a journal that has `payload` for offset `number` of words-0.
std::string record(std::uint64_t number, std::uint64_t oldest_needed, std::string_view payload) {
    storage::JournalHead head;
    head.sequence = number;
    head.oldest_needed = oldest_needed;
    head.record_bytes = storage::page_bytes;
    storage::JournalEntry entry;
    entry.topic = topic;
    entry.segment = Offset(0);
    entry.position = number * 100;
    entry.next = Offset(static_cast<std::int64_t>(number) + 1);
    entry.size = static_cast<std::uint32_t>(payload.size());
    entry.at = 1024;
    entry.crc = crc32c(as_slice(payload));
    entry.log = "words-0";
    head.entries.push_back(entry);
    std::string bytes(storage::page_bytes, '\0');
    storage::encode_journal_head(
        head, MutableSlice(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()));
    bytes.replace(entry.at, payload.size(), payload);
    return bytes;
}

class Shelf : public testing::Test {
protected:
    Shelf() {
        directory_ = std::filesystem::temp_directory_path() / fmt::format("shelf-{}", getpid());
        std::filesystem::create_directory(directory_);
    }
    ~Shelf() override { std::filesystem::remove_all(directory_); }

    JournalShelf shelf(const std::vector<std::string>& files) {
        std::vector<std::string> paths;
        for (const std::string& bytes : files) {
            paths.push_back(directory_ / std::to_string(paths.size()));
            std::ofstream(paths.back()) << bytes;
        }
        auto made = JournalShelf::of(paths);
        EXPECT_TRUE(made);
        return std::move(*made);
    }
    static std::string payloads(const JournalShelf& of) {
        std::string text;
        for (const auto& [base, pieces] : of.segments_of("words-0", topic))
            for (const auto& piece : pieces) text += as_text(piece.bytes);
        return text;
    }

private:
    std::filesystem::path directory_;
};

TEST_F(Shelf, HasWhatIsNeededInTheOrderOfTheSegment) {
    const JournalShelf made = shelf({record(3, 2, "c"), record(1, 1, "a") + record(2, 1, "b")});
    EXPECT_EQ(payloads(made), "bc");
    EXPECT_TRUE(made.lost_records().empty());
}

TEST_F(Shelf, DoesNotTakeATornEndForLoss) {
    std::string torn = record(3, 1, "c");
    torn[1024] = 'x';
    const JournalShelf made = shelf({record(1, 1, "a") + record(2, 1, "b") + torn});
    EXPECT_EQ(payloads(made), "ab");
    EXPECT_TRUE(made.lost_records().empty());
}

TEST_F(Shelf, MissesARecordThatTheNextOneProves) {
    std::string rotten = record(2, 1, "b");
    rotten[1024] = 'x';
    const JournalShelf made = shelf({record(1, 1, "a") + rotten + record(3, 1, "c")});
    ASSERT_EQ(made.lost_records().size(), 1u);
    EXPECT_EQ(made.lost_records().front().substr(0, 14), "records 2 to 2");
}

}  // namespace
}  // namespace sluice::cmd
