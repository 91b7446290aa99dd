#include "sim/log_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/random.h"

namespace sluice::sim {
namespace {

using testing::ElementsAre;

Time at_micros(std::int64_t micros) {
    return Time{Duration(micros)};
}

std::set<AnomalyKind> kinds_of(const History& history, LogChecker::Options options = {}) {
    options.anomalies_max = 1'000'000;
    std::set<AnomalyKind> kinds;
    for (const Anomaly& anomaly : LogChecker(options).check(history)) kinds.insert(anomaly.kind);
    return kinds;
}

// Two producers, four values, all acknowledged, read once and read at the end.
class GoodHistory {
public:
    std::vector<Send> sends{
        {0, 1, 10, at_micros(0), SendOutcome::acknowledged, at_micros(5), 0},
        {0, 2, 20, at_micros(1), SendOutcome::acknowledged, at_micros(6), 1},
        {0, 1, 11, at_micros(7), SendOutcome::acknowledged, at_micros(9), 2},
        {0, 2, 21, at_micros(8), SendOutcome::unknown, never, -1},
    };
    std::vector<Read> reads{{0, 1, 1, at_micros(20), at_micros(21), {{1, 20}, {2, 11}}}};
    Read last{0, 9, 0, at_micros(50), at_micros(60), {{0, 10}, {1, 20}, {2, 11}, {3, 21}}};

    History history() const {
        History made;
        for (const Send& send : sends) {
            const std::size_t index = made.send(send);
            made.answer(index, send.outcome, send.answered, send.offset);
        }
        for (const Read& read : reads) made.read(read);
        made.read_all(last);
        return made;
    }
};

class LogCheckerTest : public testing::Test {
protected:
    std::set<AnomalyKind> found() { return kinds_of(good.history()); }
    GoodHistory good;
};

TEST_F(LogCheckerTest, FindsNothingWrongWithAGoodHistory) {
    EXPECT_THAT(found(), ElementsAre());
}

TEST_F(LogCheckerTest, GoesRedOnALostRecord) {
    good.last.records = {{0, 10}, {1, 20}};
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::lost, AnomalyKind::read_then_lost));
    good.reads.clear();
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::lost));
    EXPECT_THAT(kinds_of(good.history(), {.damaged = {0}}), ElementsAre());
}

TEST_F(LogCheckerTest, GoesRedOnAReadThatIsLostThoughNeverAcknowledged) {
    good.reads[0].records.push_back({3, 21});
    good.last.records.pop_back();
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::read_then_lost));
}

TEST_F(LogCheckerTest, GoesRedOnAChangedOrMovedRecord) {
    good.reads.clear();
    good.sends[0].offset = 1;
    good.sends[1].offset = 0;
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::moved));
}

TEST_F(LogCheckerTest, GoesRedOnTwoValuesAtOneOffset) {
    good.reads[0].records[1].value = 21;
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::inconsistent));
}

TEST_F(LogCheckerTest, GoesRedOnWhatNobodySentOrWasRefused) {
    good.last.records.push_back({4, 99});
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::never_written));
    good.last.records.pop_back();
    good.sends[3].outcome = SendOutcome::refused;
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::never_written));
}

TEST_F(LogCheckerTest, GoesRedOnADuplicateOfAnIdempotentProducerOnly) {
    good.last.records.push_back({4, 21});
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::duplicate));
    EXPECT_THAT(kinds_of(good.history(), {.idempotent = false}), ElementsAre());
}

TEST_F(LogCheckerTest, GoesRedOnAProducersRecordsInTheWrongOrder) {
    good.sends[3].outcome = SendOutcome::unknown;
    good.sends.push_back({0, 2, 22, at_micros(9), SendOutcome::unknown, never, -1});
    good.last.records[3].value = 22;
    good.last.records.push_back({4, 21});
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::reordered));
    EXPECT_THAT(kinds_of(good.history(), {.ordered = false}), ElementsAre());
}

TEST_F(LogCheckerTest, GoesRedOnAnAppendBeforeWhatWasAcknowledgedEarlier) {
    good.sends[0].invoked = at_micros(7);
    good.sends[0].answered = at_micros(8);
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::real_time_order));
}

TEST_F(LogCheckerTest, GoesRedOnAReadThatSkipsOrGoesBack) {
    good.reads[0].from = 0;
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::gap));
    good.reads[0].from = 1;
    std::swap(good.reads[0].records[0], good.reads[0].records[1]);
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::gap));
}

TEST_F(LogCheckerTest, GoesRedOnAnAcknowledgedRecordThatALaterReadDoesNotFind) {
    good.reads.push_back({0, 1, 2, at_micros(30), at_micros(31), {}});
    EXPECT_THAT(found(), ElementsAre(AnomalyKind::unseen));
    good.reads.back().invoked = at_micros(8);  // Before it was acknowledged.
    EXPECT_THAT(found(), ElementsAre());
    good.reads.back() = {0, 1, 3, at_micros(30), at_micros(31), {}};
    EXPECT_THAT(found(), ElementsAre());
}

// The same judgements, each straight from its definition, in quadratic time.
std::set<AnomalyKind> naive_kinds(const GoodHistory& h) {
    std::set<AnomalyKind> kinds;
    const auto place = [&](std::uint64_t value) {
        std::vector<std::int64_t> places;
        for (const SeenRecord& record : h.last.records)
            if (record.value == value) places.push_back(record.offset);
        return places;
    };
    std::vector<Read> reads = h.reads;
    reads.push_back(h.last);
    const std::int64_t end = h.last.records.empty() ? 0 : h.last.records.back().offset + 1;
    for (const Read& a : reads) {
        for (std::size_t i = 0; i < a.records.size(); ++i)
            if (a.records[i].offset != (i == 0 ? a.from : a.records[i - 1].offset + 1))
                kinds.insert(AnomalyKind::gap);
        for (const SeenRecord& record : a.records) {
            for (const Read& b : reads)
                for (const SeenRecord& other : b.records)
                    if (other.offset == record.offset && other.value != record.value)
                        kinds.insert(AnomalyKind::inconsistent);
            bool sent = false;
            for (const Send& send : h.sends)
                sent |= send.value == record.value && send.outcome != SendOutcome::refused;
            if (!sent) kinds.insert(AnomalyKind::never_written);
            if (record.offset >= end) kinds.insert(AnomalyKind::read_then_lost);
        }
        for (const Send& send : h.sends)
            if (a.records.empty() && send.outcome == SendOutcome::acknowledged &&
                send.offset >= a.from && send.answered < a.invoked)
                kinds.insert(AnomalyKind::unseen);
    }
    for (const Send& a : h.sends) {
        const auto places = place(a.value);
        if (places.size() > 1) kinds.insert(AnomalyKind::duplicate);
        if (a.outcome != SendOutcome::acknowledged) continue;
        if (places.empty()) kinds.insert(AnomalyKind::lost);
        if (!places.empty() && std::ranges::count(places, a.offset) == 0)
            kinds.insert(AnomalyKind::moved);
    }
    for (const Send& a : h.sends) {
        for (const Send& b : h.sends) {
            const auto of_a = place(a.value);
            const auto of_b = place(b.value);
            if (of_a.empty() || of_b.empty()) continue;
            if (a.producer == b.producer && a.value < b.value && of_b[0] < of_a[0])
                kinds.insert(AnomalyKind::reordered);
            const bool counts =
                a.outcome == SendOutcome::acknowledged && std::ranges::count(of_a, a.offset) > 0;
            if (counts && a.answered < b.invoked && of_b[0] < a.offset)
                kinds.insert(AnomalyKind::real_time_order);
        }
    }
    return kinds;
}

// A history of a log that works, with some of its parts damaged.
GoodHistory random_history(Random& random) {
    GoodHistory h;
    h.sends.clear();
    h.reads.clear();
    h.last.records.clear();
    const auto count = static_cast<std::int64_t>(random.below(8));
    std::int64_t time = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto producer = static_cast<std::uint32_t>(random.below(2));
        Send send{.log = 0,
                  .producer = producer,
                  .value = 100u * (producer + 1) + static_cast<std::uint64_t>(i),
                  .invoked = at_micros(++time)};
        const auto offset = static_cast<std::int64_t>(h.last.records.size());
        if (random.below(4) == 0) time += 3;
        if (random.below(5) != 0) h.last.records.push_back({offset, send.value});
        if (random.below(3) != 0 && !h.last.records.empty() &&
            h.last.records.back().value == send.value) {
            send.outcome = SendOutcome::acknowledged;
            send.answered = at_micros(++time);
            send.offset = offset;
        }
        h.sends.push_back(send);
        if (random.below(3) == 0) {
            const std::uint64_t from = random.below(h.last.records.size() + 1);
            Read read{.log = 0,
                      .reader = 1,
                      .from = static_cast<std::int64_t>(from),
                      .invoked = at_micros(++time),
                      .answered = at_micros(time + 1)};
            for (std::size_t r = from; r < h.last.records.size(); ++r)
                read.records.push_back(h.last.records[r]);
            h.reads.push_back(read);
        }
    }
    return h;
}

void damage(GoodHistory& h, Random& random) {
    auto& records = h.last.records;
    const auto any = [&](std::size_t size) {
        return static_cast<std::ptrdiff_t>(random.below(size));
    };
    switch (random.below(9)) {
        case 0:
            if (!records.empty()) records.pop_back();
            return;
        case 1:
            if (!records.empty())
                records[static_cast<std::size_t>(any(records.size()))].value = random.below(250);
            return;
        case 2:
            if (records.size() > 1) std::swap(records[0].value, records[1].value);
            return;
        case 3:
            if (!h.sends.empty()) {
                Send& send = h.sends[static_cast<std::size_t>(any(h.sends.size()))];
                send.outcome = SendOutcome::refused;
            }
            return;
        case 4:
            if (!h.reads.empty()) h.reads[0].records.clear();
            return;
        case 5:
            if (!h.reads.empty() && !h.reads[0].records.empty())
                h.reads[0].records.erase(h.reads[0].records.begin());
            return;
        case 6:
            if (!records.empty())
                records.push_back({static_cast<std::int64_t>(records.size()), records[0].value});
            return;
        case 7:
            if (!h.reads.empty() && !h.reads[0].records.empty()) h.reads[0].records[0].value ^= 1;
            return;
        default:
            return;
    }
}

TEST(LogChecker, AgreesWithItsNaiveTwinOnRandomHistories) {
    std::set<AnomalyKind> reached;
    int clean = 0;
    for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
        Random random(seed);
        GoodHistory h = random_history(random);
        for (std::uint64_t i = random.below(3); i > 0; --i) damage(h, random);
        const auto expected = naive_kinds(h);
        ASSERT_EQ(kinds_of(h.history()), expected) << "seed " << seed;
        reached.insert(expected.begin(), expected.end());
        clean += expected.empty() ? 1 : 0;
    }
    EXPECT_EQ(reached.size(), 10u);
    EXPECT_GT(clean, 1000);
}

TEST(LogChecker, JudgesALongHistoryQuickly) {
    History history;
    Read last{.log = 0,
              .reader = 1,
              .from = 0,
              .invoked = at_micros(INT32_MAX),
              .answered = never,
              .records = {}};
    constexpr std::int64_t count = 200'000;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto value = static_cast<std::uint64_t>(i + 1);
        const std::size_t send =
            history.send({.log = 0, .producer = 1, .value = value, .invoked = at_micros(2 * i)});
        history.answer(send, SendOutcome::acknowledged, at_micros(2 * i + 1), i);
        last.records.push_back({i, value});
    }
    history.read_all(last);
    EXPECT_TRUE(LogChecker({}).check(history).empty());
}

}  // namespace
}  // namespace sluice::sim
