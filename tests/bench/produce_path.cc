#include "tests/bench/produce_path.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "cmd/sluice/real_doors.h"
#include "core/base/endian.h"
#include "core/broker/node.h"
#include "core/client/admin.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/produce.h"
#include "net/kafka/kafka_frontend.h"
#include "storage/log/data_root.h"
#include "storage/log/store.h"
#include "tests/bench/allocations.h"
#include "tests/bench/copies.h"
#include "tests/bench/system_calls.h"

namespace sluice {
namespace {

using namespace protocol;

constexpr Version produce_version{11};
constexpr int warm_up_requests = 500;

Bytes batch_of(const ProduceLoad& load) {
    RecordBatchBuilder builder;
    const std::string value(load.value_bytes, 'v');
    for (int i = 0; i < load.records; ++i)
        builder.append({.timestamp = Timestamp(1'700'000'000'000), .value = as_slice(value)});
    return builder.build();
}

// A whole request, with its length.
std::string produce_frame(const Bytes& batch) {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30'000;
    request.topic_data = {{.name = "path", .partition_data = {{PartitionIndex(0), batch}}}};
    const RequestHeader header{.request_api_version = produce_version, .client_id = "path"};
    const auto head = encode(header, Version(2));
    const auto body = encode(request, produce_version);
    std::string frame(4, '\0');
    frame += head->text();
    frame += body->text();
    store_big(reinterpret_cast<std::uint8_t*>(frame.data()),
              static_cast<std::int32_t>(frame.size() - 4));
    return frame;
}

// A client on plain blocking sockets: between two counts it neither allocates nor copies.
class Sender {
public:
    Sender(const env::Address& address, std::string frame) : frame_(std::move(frame)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(address.port);
        inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    ~Sender() { ::close(fd_); }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Whether all of them were answered without an error.
    bool exchange(int requests, int under_way) {
        int sent = 0;
        for (int answered = 0; connected_ && answered < requests; ++answered) {
            for (; sent < requests && sent < answered + under_way; ++sent)
                if (!send_all()) return false;
            if (!receive_answer()) return false;
        }
        return connected_;
    }

private:
    bool send_all() {
        for (std::size_t at = 0; at < frame_.size();) {
            const ssize_t count = ::send(fd_, frame_.data() + at, frame_.size() - at, MSG_NOSIGNAL);
            if (count <= 0) return false;
            at += static_cast<std::size_t>(count);
        }
        return true;
    }
    bool receive(std::size_t size) {
        return size <= sizeof answer_ &&
               ::recv(fd_, answer_, size, MSG_WAITALL) == static_cast<ssize_t>(size);
    }
    bool receive_answer() {
        if (!receive(4)) return false;
        const auto size = static_cast<std::size_t>(load_big<std::int32_t>(answer_));
        // Correlation id, tags, one topic of that name, one partition, its index.
        constexpr std::size_t error_at = 4 + 1 + 1 + 1 + 4 + 1 + 4;
        return receive(size) && load_big<std::int16_t>(answer_ + error_at) == 0;
    }

    const std::string frame_;
    const int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected_ = false;
    std::uint8_t answer_[512];
};

struct Moment {
    explicit Moment(const SystemCalls& counter) : calls(counter.count()) {}

    Allocations allocations = Allocations::now();
    std::uint64_t copied = bytes_copied();
    std::optional<std::uint64_t> calls;
    std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
};

ProduceCounts between(const Moment& before, const Moment& after, double requests, double bytes) {
    ProduceCounts counts;
    const auto taken = after.allocations.bytes - before.allocations.bytes;
    const auto times = after.allocations.count - before.allocations.count;
    counts.allocations = static_cast<double>(times) / requests;
    counts.allocated_per_byte = static_cast<double>(taken) / bytes;
    counts.copied_per_byte = static_cast<double>(after.copied - before.copied) / bytes;
    if (before.calls && after.calls)
        counts.system_calls = static_cast<double>(*after.calls - *before.calls) / requests;
    counts.seconds = std::chrono::duration<double>(after.time - before.time).count();
    return counts;
}

// A broker of one shard in a directory of its own, until `done`.
class OneBroker {
public:
    OneBroker() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / ("path-" + std::string(6, 'X'))).string();
        if (mkdtemp(pattern.data()) != nullptr) directory_ = pattern;
        config_.listen = {"127.0.0.1", 0};
    }
    ~OneBroker() {
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }
    OneBroker(const OneBroker&) = delete;
    OneBroker& operator=(const OneBroker&) = delete;

    // On this thread. Tells where it listens, or why it does not.
    void run(posix::EngineChoice engine, std::promise<env::Address>& listening,
             const std::atomic<bool>& done) {
        const auto ended = posix::ShardGroup::run(
            {.count = 1, .reactor = {.engine = engine}}, [&](posix::ShardGroup::Shard& shard) {
                cmd::RealDoors doors(shard, directory_);
                broker::Node node({&doors.env}, config_, parts());
                const auto started = node.start();
                if (!started) why = started.error().message;
                if (started && make_topic(doors.env, node.listening())) {
                    listening.set_value(node.listening());
                    while (!done.load())
                        if (!env::sleep_for(doors.env.scheduler, milliseconds(50))) break;
                } else {
                    listening.set_value({});
                }
                if (!node.stop()) why = "it did not stop well";
            });
        if (ended.failed()) {
            why = engine_not_allowed;
            listening.set_value({});
        }
    }

    std::string why;

private:
    broker::Node::Parts parts() {
        return {.directory = [](env::Env& env) { return std::make_unique<storage::DataRoot>(env); },
                .logs =
                    [this](env::Env& env) {
                        return std::make_unique<storage::Store>(storage::LogDoors::of(env), "",
                                                                logs_);
                    },
                .frontend =
                    [this](std::vector<env::Env*> shards, std::vector<broker::Service*> services) {
                        return std::make_unique<net::KafkaFrontend>(std::move(shards),
                                                                    std::move(services), network_);
                    }};
    }
    bool make_topic(env::Env& env, const env::Address& address) {
        client::Cluster cluster({env.scheduler, env.clock, env.network, env.random}, {}, {address});
        const auto created = client::Admin(cluster).create_topic(
            {.name = "path", .partitions = 1, .replication = 1, .configs = {}});
        if (!created) why = created.error().text();
        cluster.close();
        return bool{created};
    }

    std::string directory_;
    broker::BrokerConfig config_;
    storage::LogOptions logs_;
    net::ServerLimits network_;
};

}  // namespace

std::optional<ProduceCounts> count_produce(const ProduceLoad& load, std::string& why) {
    const Bytes batch = batch_of(load);
    OneBroker broker;
    std::promise<env::Address> listening;
    std::atomic<bool> done{false};
    std::optional<SystemCalls> calls;
    std::optional<ProduceCounts> counts;
    // Started before the counter is, so that its own calls are not counted.
    std::thread client([&] {
        const env::Address address = listening.get_future().get();
        Sender sender(address, produce_frame(batch));
        if (sender.exchange(warm_up_requests, load.under_way)) {
            const Moment before(*calls);
            const bool answered = sender.exchange(load.requests, load.under_way);
            const Moment after(*calls);
            const double requests = load.requests;
            if (answered)
                counts =
                    between(before, after, requests, requests * static_cast<double>(batch.size()));
        }
        done.store(true);
    });
    calls.emplace();
    broker.run(load.engine, listening, done);
    client.join();
    why = counts || !broker.why.empty() ? broker.why : "not every request was answered";
    return counts;
}

}  // namespace sluice
