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

}  // namespace
}  // namespace sluice::storage
