#include "core/broker/topic_settings.h"

#include <gtest/gtest.h>

#include "core/metadata/topic_name.h"

namespace sluice::broker {
namespace {

class TopicSettingsTest : public ::testing::Test {
protected:
    void set(const std::string& name, const std::string& value) {
        image.configs[{metadata::ResourceType::topic, "t"}][name] = value;
    }
    TopicSettings settings(const std::string& topic = "t") const {
        return topic_settings(image, {given, BrokerId(1)}, topic);
    }

    metadata::MetadataImage image;
    metadata::ConfigValues given;
};

TEST_F(TopicSettingsTest, ATopicIsDurableByDefault) {
    EXPECT_EQ(settings().log.flush_messages, 1);
    EXPECT_EQ(settings().log.flush_interval, Duration::max());
    set("flush.messages", "9223372036854775807");
    EXPECT_EQ(settings().log.flush_messages, INT64_MAX);
}

TEST_F(TopicSettingsTest, TheNearestValueHolds) {
    given["log.retention.bytes"] = "1000";
    EXPECT_EQ(settings().log.retention_bytes, 1000);
    image.configs[{metadata::ResourceType::broker, ""}]["log.retention.bytes"] = "2000";
    EXPECT_EQ(settings().log.retention_bytes, 2000);
    set("retention.bytes", "3000");
    EXPECT_EQ(settings().log.retention_bytes, 3000);
    EXPECT_EQ(settings("other").log.retention_bytes, 2000);
}

TEST_F(TopicSettingsTest, MoreMillisecondsThanAClockHasAreForEver) {
    set("retention.ms", "9223372036854775807");
    EXPECT_EQ(settings().log.retention_age, Duration::max());
    set("retention.ms", "-1");
    EXPECT_LT(settings().log.retention_age, Duration(0));
}

TEST_F(TopicSettingsTest, TheProducersCodecIsKeptUnlessATopicHasItsOwn) {
    EXPECT_FALSE(settings().compression);
    set("compression.type", "uncompressed");
    EXPECT_EQ(settings().compression, protocol::CompressionType::none);
    set("compression.type", "zstd");
    EXPECT_EQ(settings().compression, protocol::CompressionType::zstd);
}

TEST_F(TopicSettingsTest, RetentionNeverCutsWhatCoordinatorsNeed) {
    given["log.retention.ms"] = "1000";
    given["log.retention.bytes"] = "1000";
    const TopicSettings internal = settings(std::string(metadata::consumer_offsets_topic));
    EXPECT_LT(internal.log.retention_age, Duration(0));
    EXPECT_EQ(internal.log.retention_bytes, -1);
}

}  // namespace
}  // namespace sluice::broker
