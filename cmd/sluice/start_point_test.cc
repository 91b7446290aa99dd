#include "cmd/sluice/start_point.h"

#include <gtest/gtest.h>

namespace sluice::cmd {
namespace {

std::optional<Timestamp> time_of(std::string_view text) {
    const auto point = StartPoint::parse("from", text);
    return point ? point->time() : std::nullopt;
}

TEST(StartPoint, TakesATimeInUtcOrWithItsZone) {
    EXPECT_EQ(time_of("@1700000000000"), Timestamp(1'700'000'000'000));
    EXPECT_EQ(time_of("@2023-11-14T22:13:20"), Timestamp(1'700'000'000'000));
    EXPECT_EQ(time_of("@2023-11-14T22:13:20Z"), Timestamp(1'700'000'000'000));
    EXPECT_EQ(time_of("@2023-11-15T00:13:20+02:00"), Timestamp(1'700'000'000'000));
    EXPECT_EQ(time_of("@2023-11-14T18:43:20-0330"), Timestamp(1'700'000'000'000));
    EXPECT_EQ(time_of("@2023-11-14"), Timestamp(1'699'920'000'000));
}

TEST(StartPoint, RefusesWhatIsNoTime) {
    for (const auto* text : {"@", "@yesterday", "@2023-11-14T22:13:20+2",
                             "@2023-11-14T22:13:20+02:75", "@2023-11-14T22:13:20 CET"})
        EXPECT_TRUE(StartPoint::parse("from", text).failed()) << text;
}

}  // namespace
}  // namespace sluice::cmd
