#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/log/checkpoint_files.h"
#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

// What we write, read by Apache Kafka's own tool. Needs java, and Kafka's jars in
// SLUICE_KAFKA_LIBS.

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class KafkaFormatTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override {
        libs = std::getenv("SLUICE_KAFKA_LIBS") ? std::getenv("SLUICE_KAFKA_LIBS") : "";
        if (libs.empty()) GTEST_SKIP() << "SLUICE_KAFKA_LIBS is not set";
        config.segment_bytes = 20'000;
        config.index_interval_bytes = 500;
        ASSERT_TRUE(open());
    }
    void TearDown() override { fs::remove_all(directory); }

    void export_files() {
        for (const auto& [path, inode] : disk.names()) {
            if (!inode) continue;
            const fs::path to = directory / path;
            fs::create_directories(to.parent_path());
            std::ofstream out(to, std::ios::binary);
            out.write(reinterpret_cast<const char*>(inode->now.data()),
                      static_cast<std::streamsize>(inode->now.size()));
        }
    }
    std::string dump(const std::string& name) {
        const fs::path out = directory / "out.txt";
        const std::string command =
            "java -Xmx256M -cp '" + libs +
            "/*' org.apache.kafka.tools.DumpLogSegments --deep-iteration --files " +
            (directory / name).string() + " >" + out.string() + " 2>&1";
        const int status = std::system(command.c_str());
        std::ifstream in(out);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(status, 0) << text;
        return text;
    }

    // The tool complains that a segment does not begin at 0.
    static std::string without(const std::string& text, const std::string& word) {
        const std::size_t at = text.find(word);
        return at == std::string::npos ? text : text.substr(0, at) + text.substr(at + word.size());
    }

    std::string libs;
    fs::path directory = fs::temp_directory_path() / "sluice-kafka-format-test";
};

TEST_F(KafkaFormatTest, KafkaReadsOurSegmentsIndexesAndSnapshots) {
    for (int i = 0; i < 300; ++i)
        append_batch({.values = {"value" + std::to_string(i), std::string(100, 'x')},
                      .timestamp = Timestamp(1'700'000'000'000 + i * 10),
                      .producer = ProducerId(7),
                      .producer_epoch = ProducerEpoch(1),
                      .sequence = Sequence(2 * i)});
    in_fiber([&] { ASSERT_TRUE(store->close(*log)); });
    export_files();
    std::int64_t records = 0;
    for (const auto& [path, inode] : disk.names()) {
        if (path.ends_with(".log")) {
            const std::string text = dump(path);
            EXPECT_THAT(text, HasSubstr("isvalid: true"));
            EXPECT_THAT(text, Not(HasSubstr("isvalid: false")));
            EXPECT_THAT(without(text, "-1 is followed by"), Not(HasSubstr("is followed by")));
            for (std::size_t at = 0; (at = text.find("| offset:", at)) != std::string::npos; ++at)
                ++records;
        }
        if (path.ends_with("index")) {
            const std::string text = dump(path);
            EXPECT_THAT(text, Not(HasSubstr("mismatch"))) << path;
            EXPECT_THAT(text, Not(HasSubstr("Mismatches"))) << path;
            EXPECT_THAT(text, Not(HasSubstr("not found"))) << path;
            EXPECT_THAT(text, Not(HasSubstr("out of order"))) << path;
        }
        if (path.ends_with(".snapshot")) {
            const std::string text = dump(path);
            EXPECT_THAT(text, Not(HasSubstr("xception"))) << path;
            if (path.find("00000000000.snapshot") == std::string::npos) {
                EXPECT_THAT(text, HasSubstr("producerId: 7 producerEpoch: 1")) << path;
            }
        }
    }
    EXPECT_EQ(records, 600);
}

// A directory that Apache Kafka wrote, with topics of 20,000 records each, in three states: copied
// while it ran, after kill -9, after a clean stop. SLUICE_KAFKA_DATA says where.
class KafkaDataTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override {
        if (!std::getenv("SLUICE_KAFKA_DATA")) GTEST_SKIP() << "SLUICE_KAFKA_DATA is not set";
        data = std::getenv("SLUICE_KAFKA_DATA");
    }
    static std::vector<std::uint8_t> bytes_of(const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // Makes the log "topic-0" a copy of one that Kafka wrote.
    void import(const fs::path& state, const std::string& name) {
        for (const auto& entry : fs::directory_iterator(state / name))
            disk.put("data/topic-0/" + entry.path().filename().string(), bytes_of(entry.path()));
        const auto metadata = bytes_of(state / name / partition_metadata_file);
        topic = parse_partition_metadata(as_text(metadata)).value();
        const auto points = bytes_of(state / recovery_points_file);
        const auto offsets = parse_offsets(as_text(points));
        ASSERT_TRUE(offsets);
        if (offsets->contains(name)) recovery_point = offsets->at(name);
        in_fiber([&] {
            ASSERT_TRUE(disk.make_directory("data"));
            ASSERT_TRUE(disk.make_directory("data/topic-0"));
            ASSERT_TRUE(disk.sync_directory("data"));
        });
    }
    std::int64_t count_records() {
        std::int64_t records = 0;
        in_fiber([&] {
            Offset at(0);
            while (at < log->offsets().end) {
                const auto read = log->read({.from = at, .before = log->offsets().end});
                ASSERT_TRUE(read) << name_of(read.error()) << " at " << at.value;
                protocol::BatchSplitter splitter(read->pieces.at(0).view());
                while (const auto batch = splitter.next()) {
                    records += batch->record_count();
                    at = batch->next_offset();
                }
            }
        });
        return records;
    }

    fs::path data;
};

TEST_F(KafkaDataTest, ServesWhatKafkaWrote) {
    for (const std::string state : {"clean", "killed", "live"})
        for (const std::string name : {"plain-0", "zipped-0"}) {
            SCOPED_TRACE(state + "/" + name);
            crash();
            import(data / state, name);
            ASSERT_TRUE(open({.clean = state == "clean", .recovery_point = recovery_point}));
            EXPECT_EQ(end(), 20'000);
            EXPECT_EQ(count_records(), 20'000);
            EXPECT_EQ(log->producers().size(), 1u);
            // Kafka notes a new leader's epoch even before it has written anything.
            ASSERT_FALSE(log->epochs().entries().empty());
            EXPECT_EQ(log->epochs().entries().front().start, Offset(0));
            in_fiber([&] {
                const auto latest = log->find_timestamp(std::nullopt, Offset(20'000));
                ASSERT_TRUE(latest && *latest);
                const auto found = log->find_timestamp((*latest)->timestamp, Offset(20'000));
                ASSERT_TRUE(found && *found);
                EXPECT_EQ((*found)->offset, (*latest)->offset);
            });
            EXPECT_EQ(append("ours"), 20'000);
            restart();
            EXPECT_EQ(count_records(), 20'001);
            power_cut();
            EXPECT_EQ(count_records(), 20'001);
            disk.forget_all();
        }
}

}  // namespace
}  // namespace sluice::storage
