#include "sim/checker/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/checker/history_text.h"

namespace sluice::checker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

History history(std::string_view text) {
    auto parsed = parse_history(text);
    if (parsed.failed()) ADD_FAILURE() << parsed.error().line << ": " << parsed.error().what;
    return parsed.failed() ? History{} : std::move(parsed).value();
}

std::vector<std::string> anomalies(std::string_view text) {
    const Findings findings = check(history(text));
    std::vector<std::string> names;
    for (const auto& [kind, count] : findings.counts())
        names.push_back(std::string(name_of(kind)) +
                        (count > 1 ? " x" + std::to_string(count) : ""));
    return names;
}

TEST(Checker, AcceptsWhatALogDoes) {
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@0\n"
                          "0 3-4 ok send a 11@1\n"
                          "1 1-6 ok poll a 0=10 1=11; end a\n"),
                IsEmpty());
}

TEST(Checker, SeesTwoValuesAtOneOffset) {
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@0\n"
                          "1 1-2 ok send a 11@1\n"
                          "2 3-4 ok poll a 0=10 1=11\n"
                          "3 3-4 ok poll a 0=11\n"),
                ElementsAre("inconsistent offset", "duplicate", "internal skip"));
}

TEST(Checker, SeesAValueTwice) {
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@0\n"
                          "2 3-4 ok poll a 0=10 1=10\n"),
                ElementsAre("duplicate"));
}

TEST(Checker, SeesThatAnAcknowledgedValueWasPassedOver) {
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@0\n"
                          "1 3-4 ok send a 11@1\n"
                          "2 5-6 ok poll a 1=11\n"),
                ElementsAre("lost"));
}

TEST(Checker, DoesNotMissWhatWasDeletedOnPurpose) {
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@0\n"
                          "1 3-4 ok send a 11@1\n"
                          "2 4-5 ok trim a 1\n"
                          "2 5-6 ok poll a 1=11\n"),
                IsEmpty());
}

TEST(Checker, MissesTheNewestValueOnlyWhenTheEndWasReached) {
    const std::string sent = "0 1-2 ok send a 10@0\n1 3-4 ok send a 11@1\n";
    EXPECT_THAT(anomalies(sent + "2 5-6 ok poll a 0=10\n"), IsEmpty());
    EXPECT_THAT(anomalies(sent + "2 3-6 ok poll a 0=10; end a\n"), IsEmpty());
    EXPECT_THAT(anomalies(sent + "2 5-6 ok poll a 0=10; end a\n"), ElementsAre("unseen"));
}

TEST(Checker, SeesWhatShouldNotBeThere) {
    EXPECT_THAT(anomalies("0 1-2 failed send a 10\n"
                          "1 3-4 ok poll a 0=10\n"),
                ElementsAre("aborted read"));
    EXPECT_THAT(anomalies("1 3-4 ok poll a 0=10\n"), ElementsAre("never written"));
    EXPECT_THAT(anomalies("0 1- unknown send a 10\n"
                          "1 3-4 ok poll a 0=10\n"),
                IsEmpty());
    EXPECT_THAT(anomalies("0 1-4 ok send a 10@0; poll a 0=10\n"), ElementsAre("own read"));
}

TEST(Checker, FollowsAReaderWithinAnOperationAndOn) {
    const std::string sent = "0 1-2 ok send a 10@0\n0 3-4 ok send a 11@1\n0 5-6 ok send a 12@2\n";
    EXPECT_THAT(anomalies(sent + "1 7-8 ok poll a 0=10 2=12\n2 7-8 ok poll a 1=11\n"),
                ElementsAre("internal skip"));
    EXPECT_THAT(anomalies(sent + "1 7-8 ok poll a 0=10 1=11 2=12 1=11\n"),
                ElementsAre("internal nonmonotonic poll"));
    EXPECT_THAT(anomalies(sent + "1 7-8 ok poll a 0=10\n1 9-9 ok poll a 2=12\n2 7-8 ok poll a "
                                 "1=11\n"),
                ElementsAre("external skip"));
    EXPECT_THAT(anomalies(sent + "1 7-8 ok poll a 0=10 1=11 2=12\n1 9-9 ok poll a 1=11\n"),
                ElementsAre("external nonmonotonic poll"));
    EXPECT_THAT(anomalies(sent + "1 7-8 ok poll a 0=10 1=11 2=12\n1 9-9 ok place a\n"
                                 "1 9-9 ok poll a 1=11\n"),
                IsEmpty());
}

TEST(Checker, FollowsAWriter) {
    EXPECT_THAT(anomalies("0 1-4 ok send a 10@5; send a 11@3\n"),
                ElementsAre("internal nonmonotonic send"));
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@5\n0 1-4 ok send a 11@3\n"),
                ElementsAre("external nonmonotonic send", "write cycle with process order"));
}

TEST(Checker, SeesTransactionsThatWroteAroundEachOther) {
    EXPECT_THAT(anomalies("0 1-4 ok send a 10@0; send b 20@1\n"
                          "1 1-4 ok send a 11@1; send b 21@0\n"),
                ElementsAre("write cycle"));
}

TEST(Checker, SeesTransactionsThatReadEachOther) {
    EXPECT_THAT(anomalies("0 1-4 ok send a 10@0; poll b 0=20\n"
                          "1 1-4 ok send b 20@0; poll a 0=10\n"),
                ElementsAre("read cycle"));
}

TEST(Checker, HoldsTheOrderOfALogAgainstTheOrderOfTime) {
    EXPECT_THAT(anomalies("0 1-2 ok send a 10@1\n"
                          "1 3-4 ok send a 11@0\n"),
                ElementsAre("write cycle with real time"));
    EXPECT_THAT(anomalies("0 1-3 ok send a 10@1\n"
                          "1 3-4 ok send a 11@0\n"),
                IsEmpty());
    // Polled before it was sent.
    EXPECT_THAT(anomalies("1 1-2 ok poll a 0=10\n"
                          "0 3-4 ok send a 10@0\n"),
                ElementsAre("read cycle with real time"));
}

TEST(Checker, KnowsWhichCommitsMayBeFound) {
    const std::string commits =
        "0 1-2 ok commit g a 5\n"
        "0 3-6 ok commit g a 7\n";
    EXPECT_THAT(anomalies(commits + "1 4-5 ok find g a 5\n"), IsEmpty());
    EXPECT_THAT(anomalies(commits + "1 4-5 ok find g a 7\n"), IsEmpty());
    EXPECT_THAT(anomalies(commits + "1 7-8 ok find g a 7\n"), IsEmpty());
    EXPECT_THAT(anomalies(commits + "1 7-8 ok find g a 5\n"), ElementsAre("commit lost"));
    EXPECT_THAT(anomalies(commits + "1 7-8 ok find g a -1\n"), ElementsAre("commit lost"));
    EXPECT_THAT(anomalies(commits + "1 1-1 ok find g a -1\n"), IsEmpty());
    EXPECT_THAT(anomalies(commits + "2 4- unknown commit g a 9\n1 7-8 ok find g a 9\n"), IsEmpty());
    EXPECT_THAT(anomalies(commits + "2 4-5 failed commit g a 9\n1 7-8 ok find g a 9\n"),
                ElementsAre("commit lost"));
}

TEST(Checker, KnowsOneOwnerInAGeneration) {
    EXPECT_THAT(anomalies("0 1-2 ok own g 1 a b\n1 1-2 ok own g 1 c\n1 3-4 ok own g 2 a\n"),
                IsEmpty());
    EXPECT_THAT(anomalies("0 1-2 ok own g 1 a b\n1 1-2 ok own g 1 b\n"), ElementsAre("two owners"));
}

TEST(Checker, CountsAllAndDescribesSome) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "1 1-2 ok place a; poll a " + std::to_string(i) + "=9\n";
    const Findings findings = check(history(text), {.described_max = 3});
    EXPECT_EQ(findings.counts().at(AnomalyKind::never_written), 20u);
    EXPECT_EQ(std::ranges::count(findings.anomalies(), AnomalyKind::never_written, &Anomaly::kind),
              3);
    EXPECT_EQ(findings.anomalies().front().text.substr(0, 2), "a:");
}

TEST(HistoryText, NamesTheLineAndWhatIsWrongWithIt) {
    const auto fault = [](std::string_view text) {
        const auto parsed = parse_history(text);
        return parsed.failed() ? std::to_string(parsed.error().line) + ": " + parsed.error().what
                               : "none";
    };
    EXPECT_EQ(fault("# who did what\n\n0 1-2 ok send a 1\n"), "none");
    EXPECT_EQ(fault("x 1-2 ok send a 1\n"), "1: 'x' is not a number");
    EXPECT_EQ(fault("0 1-2 ok send a 1\n0 3-2 ok send a 2\n"), "2: it ended before it began");
    EXPECT_EQ(fault("0 1- ok send a 1\n"), "1: it has an outcome but no end");
    EXPECT_EQ(fault("0 1-2 fine send a 1\n"), "1: the outcome is ok, failed or unknown");
    EXPECT_EQ(fault("0 1-2 ok sing a\n"),
              "1: a step is send, poll, place, end, trim, commit, find or own, not 'sing'");
    EXPECT_EQ(fault("0 1-2 ok poll a -1=3\n"), "1: a record has an offset from 0 on");
    EXPECT_EQ(fault("0 1-2 ok place\n"), "1: a name is missing");
}

TEST(HistoryText, PrintsWhatItReads) {
    const std::string text =
        "0 1-2 ok send a 10@0; send b 11\n"
        "1 2- unknown commit g a 7; trim b 3\n"
        "2 3-9 failed poll a 0=10 1=4; place a; end a; find g b -1; own g 5 a b\n";
    EXPECT_EQ(to_text(history(text)), text);
}

}  // namespace
}  // namespace sluice::checker
