#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cmd/sluice/client_session.h"
#include "core/base/histogram.h"
#include "core/client/consumer.h"
#include "core/client/producer.h"

namespace sluice::cmd {

// What a bench offers to the brokers.
struct BenchLoad {
    std::string topic;
    double records_per_second = 0;  // Of all producers together; 0: as fast as it goes.
    std::size_t record_bytes = 1024;
    std::uint32_t producers = 1;
    std::uint32_t consumers = 1;
    Duration warm_up = seconds(1);  // Not measured.
    Duration time = seconds(10);
    client::ProducerOptions producer = {};
    std::string command = {};  // Of a foreign producer that reads lines; empty for our own.
};

// What came of it, after the warm-up. Latencies are microseconds from when a record should have
// been sent, whether or not the load generator could send it then: a stall of the broker counts for
// every record that was due meanwhile.
struct BenchResult {
    std::int64_t offered = 0;  // Records that were due.
    std::int64_t acknowledged = 0;
    std::int64_t failed = 0;
    std::int64_t read = 0;
    Duration elapsed{0};  // From the first one due to the last one done.
    Histogram acknowledge;
    Histogram end_to_end;
    std::string why_failed = {};
};

// Runs one load against a topic that exists. Nothing of the topic from before is read.
class BenchRun {
public:
    BenchRun(ClientSession& session, const BenchLoad& load);

    // `at_begin` is called when the warm-up is over.
    Result<BenchResult, std::string> run(const std::function<void()>& at_begin);

private:
    void produce(std::uint32_t number);
    void feed(int fd);
    void consume(std::uint32_t number);
    Result<void, client::Refusal> find_ends();
    void delivered(Time due, const client::Delivery& delivery);
    bool measured(Time due) const { return due >= begin_; }
    bool over() const { return session_.interrupted || hopeless_ || session_.clock.now() >= end_; }

    ClientSession& session_;
    const BenchLoad& load_;
    BenchResult result_;
    env::FiberGroup producing_;
    env::FiberGroup consuming_;
    std::map<client::TopicPartition, Offset> ends_;
    std::string filler_;
    Time start_;
    Time begin_;
    Time end_;
    Time last_done_;
    std::int64_t sent_ = 0;  // Warm-up and all, and not failed.
    std::int64_t seen_ = 0;
    bool produced_ = false;
    bool hopeless_ = false;  // A record was refused for good.
};

}  // namespace sluice::cmd
