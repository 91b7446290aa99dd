#include "cmd/sluice/listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cmd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string listener_refusal(const ListenerWords& words) {
    const auto made = listeners_of(words, "box");
    return made ? "" : made.error();
}

TEST(Listeners, TakesAnAddressAlone) {
    const auto made = listeners_of({.listeners = "127.0.0.1:9092"}, "box");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->listen.text(), "127.0.0.1:9092");
    EXPECT_EQ(made->advertise.host, "");
}

TEST(Listeners, ShowsAnIpv6AddressAsItIsWritten) {
    const auto made = listeners_of({.listeners = "[::1]:9092"}, "box");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->listen.host, "::1");
    EXPECT_EQ(made->listen.text(), "[::1]:9092");
}

TEST(Listeners, RefusesWhatWouldNotBePlainText) {
    for (const std::string scheme : {"SSL", "SASL_PLAINTEXT", "SASL_SSL", "ssl"})
        EXPECT_THAT(listener_refusal({.listeners = scheme + "://127.0.0.1:9092"}),
                    HasSubstr("not served yet"));
    EXPECT_THAT(listener_refusal({.listeners = "INSIDE://:9092"}),
                HasSubstr("does not name INSIDE"));
    EXPECT_THAT(
        listener_refusal({.listeners = "INSIDE://:9092", .security_protocols = "INSIDE:SASL_SSL"}),
        HasSubstr("asks for SASL_SSL"));
    EXPECT_THAT(listener_refusal({.security_protocols = "INSIDE:TLS"}),
                HasSubstr("one of PLAINTEXT"));
}

TEST(Listeners, HonoursNamesOfOnesOwn) {
    const auto made = listeners_of({.listeners = "INSIDE://127.0.0.1:9092",
                                    .advertised = "inside://broker.example:19092",
                                    .security_protocols = "INSIDE:PLAINTEXT"},
                                   "box");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->name, "INSIDE");
    EXPECT_EQ(made->advertise.text(), "broker.example:19092");
}

TEST(Listeners, TakesTheConfigurationThatKafkaComesWith) {
    const auto made =
        listeners_of({.listeners = "PLAINTEXT://:9092,CONTROLLER://:9093",
                      .advertised = "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
                      .security_protocols = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,"
                                            "SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
                      .controllers = "CONTROLLER"},
                     "box");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->listen.text(), "0.0.0.0:9092");
    EXPECT_EQ(made->advertise.text(), "localhost:9092");
    EXPECT_THAT(made->skipped, ElementsAre("CONTROLLER://:9093"));
}

TEST(Listeners, AdvertisesTheHostsNameForAllItsAddresses) {
    for (const std::string host : {"", "0.0.0.0", "*", "[::]"}) {
        const auto made = listeners_of({.listeners = host + ":9092"}, "box");
        ASSERT_TRUE(made);
        EXPECT_EQ(made->listen.text(), "0.0.0.0:9092");
        EXPECT_EQ(made->advertise.text(), "box:9092");
    }
}

TEST(Listeners, NeverAdvertisesAllAddresses) {
    EXPECT_THAT(listener_refusal({.advertised = "0.0.0.0:9092"}),
                HasSubstr("cannot use the nonroutable meta-address 0.0.0.0"));
}

TEST(Listeners, RefusesMoreThanOneForClients) {
    EXPECT_THAT(listener_refusal({.listeners = "PLAINTEXT://:9092,INSIDE://:9094",
                                  .security_protocols = "PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT"}),
                HasSubstr("one can be served"));
    EXPECT_THAT(listener_refusal({.listeners = "CONTROLLER://:9093", .controllers = "CONTROLLER"}),
                HasSubstr("none for clients"));
    EXPECT_THAT(listener_refusal({.advertised = "OUTSIDE://a:1"}),
                HasSubstr("is none of listeners"));
}

TEST(Listeners, SaysWhatWouldBeOpenToEverybodyInPlaceOfIt) {
    EXPECT_EQ(protected_listener({}), std::nullopt);
    EXPECT_EQ(protected_listener({.listeners = "PLAINTEXT://:9092, SSL://:9093"}), "SSL://:9093");
    EXPECT_EQ(protected_listener({.listeners = "IN://:9092,CONTROLLER://:9093",
                                  .security_protocols = "IN:PLAINTEXT,CONTROLLER:SSL",
                                  .controllers = "CONTROLLER"}),
              std::nullopt);
    EXPECT_EQ(
        protected_listener({.listeners = "IN://:9092", .security_protocols = "IN:SASL_PLAINTEXT"}),
        "IN://:9092");
}

}  // namespace
}  // namespace sluice::cmd
