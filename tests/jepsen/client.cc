// Clients that write down what they do and see: producers, readers, and members of a group who
// commit, all of our own library, against real brokers. Its output is for `sluice check`.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/client_session.h"
#include "core/client/consumer.h"
#include "core/client/group_consumer.h"
#include "core/client/group_offsets.h"
#include "core/client/producer.h"
#include "sim/checker/history_text.h"
#include "tests/jepsen/recorder.h"

namespace sluice::jepsen {
namespace {

using checker::Outcome;
using checker::ProcessId;

const cmd::CommandHelp help{
    .name = "jepsen_client",
    .summary = "Use a topic and record what was done and seen.",
    .options = {cmd::bootstrap_option,
                {"topic", "NAME", "an existing one, written to by nobody else"},
                {"history", "FILE", "where the history goes"},
                {"seconds", "N", "(30)"},
                {"rate", "N", "records a second of each producer (200)"},
                {"producers", "N", "(3)"},
                {"readers", "N", "(2)"},
                {"members", "N", "of one group (3)"},
                {"first-process", "N", "the number of the first process (0)"}}};

struct Wishes {
    std::string topic;
    std::int64_t seconds = 30;
    std::int64_t rate = 200;
    std::uint32_t producers = 3;
    std::uint32_t readers = 2;
    std::uint32_t members = 3;
    std::uint32_t first_process = 0;
};

class Clients {
public:
    Clients(cmd::ClientSession& session, const Wishes& wishes)
        : session_(session), wishes_(wishes), fibers_(session.scheduler) {}

    // False when something went wrong that no fault of a broker explains.
    bool run() {
        const auto topic = session_.cluster.topic(wishes_.topic, false, true);
        if (topic.failed()) return false;
        for (const auto& [index, leader] : topic->leaders)
            partitions_.push_back({wishes_.topic, index});
        end_ = session_.clock.now() + seconds(wishes_.seconds);
        std::uint32_t process = wishes_.first_process;
        const auto start = [&](std::uint32_t count, void (Clients::*body)(ProcessId),
                               std::uint32_t processes = 1) {
            for (std::uint32_t i = 0; i < count; ++i, process += processes)
                if (fibers_
                        .spawn("client",
                               [this, body, process] { (this->*body)(ProcessId(process)); })
                        .failed())
                    well_ = false;
        };
        start(wishes_.producers, &Clients::produce, static_cast<std::uint32_t>(partitions_.size()));
        start(wishes_.readers, &Clients::read);
        start(wishes_.members, &Clients::belong);
        if (wishes_.members > 0) start(1, &Clients::look_at_offsets);
        fibers_.join();
        if (well_) read_all(ProcessId(process));
        return well_;
    }
    const Recorder& recorder() const { return recorder_; }

private:
    Time now() const { return session_.clock.now(); }
    bool over() const { return now() >= end_ || session_.interrupted; }
    void rest(Duration time) {
        if (env::sleep_for(session_.scheduler, time).failed()) well_ = false;
    }
    checker::LogId log_of(const client::TopicPartition& partition) {
        return recorder_.log(fmt::format("{}-{}", partition.topic, partition.partition.value));
    }

    // Sends a record at a time, whatever became of those before: many are under way at once. A
    // process for each partition, from `first` on.
    void produce(ProcessId first) {
        client::Producer producer(session_.cluster, {.linger = milliseconds(2)});
        for (std::size_t i = 0; !over(); ++i) {
            const std::size_t turn = i % partitions_.size();
            const client::TopicPartition& to = partitions_[turn];
            const ProcessId process = first.plus(static_cast<std::uint32_t>(turn));
            const checker::Value value(next_value_++);
            const std::size_t operation =
                recorder_.begin(process, now(), {checker::Sent{log_of(to), value}});
            client::Message message{.topic = to.topic, .partition = to.partition};
            message.value = std::to_string(value.value);
            const auto sent = producer.send(message, [this, operation](const auto& delivery) {
                // What was not acknowledged may have been written all the same.
                if (!delivery.delivered()) return;
                std::get<checker::Sent>(recorder_.steps(operation).front()).offset =
                    delivery.offset;
                recorder_.end(operation, Outcome::ok, now());
            });
            if (sent.failed()) well_ = false;
            rest(Duration(std::int64_t{1'000'000} / wishes_.rate));
        }
        if (producer.flush().failed()) well_ = false;
        producer.close();
    }

    std::vector<checker::Step> polled(const std::vector<client::ReadRecord>& records) {
        std::map<checker::LogId, checker::Polled> logs;
        for (const client::ReadRecord& record : records) {
            const checker::LogId log = log_of(record.partition);
            const auto value =
                record.value ? cmd::whole_number(record.value->text()) : std::nullopt;
            // Not ours: no value is sent as this one, so it counts as never written.
            const auto seen = static_cast<std::uint64_t>(value.value_or(-1));
            logs[log].log = log;
            logs[log].records.push_back({record.offset, checker::Value(seen)});
        }
        std::vector<checker::Step> steps;
        steps.reserve(logs.size());
        for (auto& [log, step] : logs) steps.push_back(std::move(step));
        return steps;
    }

    void read(ProcessId process) {
        client::Consumer consumer(session_.cluster, {});
        for (const auto& partition : partitions_)
            consumer.assign(partition, client::Consumer::earliest);
        while (!over()) poll(process, consumer);
    }
    void poll(ProcessId process, client::Consumer& consumer) {
        const Time begun = now();
        const auto records = consumer.poll(milliseconds(200));
        if (records.failed()) {
            fmt::print(stderr, "a reader failed: {}\n", name_of(records.error()));
            well_ = false;
            return rest(milliseconds(100));
        }
        if (records->empty()) return;
        recorder_.end(recorder_.begin(process, begun, polled(*records)), Outcome::ok, now());
    }

    // Joins, reads and commits; leaves and comes back, so that the others share out anew.
    void belong(ProcessId process) {
        while (!over()) {
            const Time leave_at = std::min(
                end_,
                now() + milliseconds(3000 + static_cast<std::int64_t>(process.value % 4) * 1700));
            client::GroupConsumer* self = nullptr;
            client::GroupEvents events;
            events.assigned = [&](const auto& partitions) { took(process, *self, partitions); };
            client::GroupConsumer consumer(session_.cluster,
                                           {.group = group_name_,
                                            .session_time_max = seconds(6),
                                            .heartbeat_interval = milliseconds(500),
                                            .commits_by_itself = false},
                                           {}, std::move(events));
            self = &consumer;
            consumer.subscribe({wishes_.topic});
            while (now() < leave_at && !session_.interrupted) read_and_commit(process, consumer);
            consumer.close();
        }
    }
    void took(ProcessId process, const client::GroupConsumer& consumer,
              const std::vector<client::TopicPartition>& partitions) {
        checker::Owned owned{recorder_.group(group_name_), consumer.generation(), {}};
        std::vector<checker::Step> steps;
        for (const auto& partition : partitions) {
            owned.logs.push_back(log_of(partition));
            steps.push_back(checker::Placed{log_of(partition)});
        }
        steps.push_back(std::move(owned));
        recorder_.note(process, now(), std::move(steps));
    }
    void read_and_commit(ProcessId process, client::GroupConsumer& consumer) {
        const Time begun = now();
        const auto records = consumer.poll(milliseconds(200));
        if (records.failed()) return rest(milliseconds(100));
        if (records->empty()) return;
        recorder_.end(recorder_.begin(process, begun, polled(*records)), Outcome::ok, now());
        std::vector<checker::Step> steps;
        for (const auto& partition : consumer.assignment())
            if (const auto position = consumer.position(partition))
                steps.push_back(
                    checker::Committed{recorder_.group(group_name_), log_of(partition), *position});
        const std::size_t operation = recorder_.begin(process, now(), std::move(steps));
        // One that was refused may have been written by an attempt before.
        if (consumer.commit()) recorder_.end(operation, Outcome::ok, now());
    }

    void look_at_offsets(ProcessId process) {
        client::Coordinator coordinator(session_.cluster, group_name_);
        client::GroupOffsets offsets(coordinator);
        while (!over()) {
            const Time begun = now();
            if (const auto found = offsets.all()) {
                std::vector<checker::Step> steps;
                for (const auto& partition : partitions_) {
                    const auto at = found->find(partition);
                    steps.push_back(
                        checker::Found{recorder_.group(group_name_), log_of(partition),
                                       at == found->end() ? Offset(-1) : at->second.offset});
                }
                recorder_.end(recorder_.begin(process, begun, std::move(steps)), Outcome::ok,
                              now());
            }
            rest(milliseconds(150));
        }
    }

    // After all of it: what is there now is what there was.
    void read_all(ProcessId process) {
        client::Consumer consumer(session_.cluster, {});
        std::map<client::TopicPartition, Offset> ends;
        const Time asked = now();
        for (const auto& partition : partitions_) {
            const auto end =
                consumer.offset_at(partition, Timestamp(client::Consumer::latest.value));
            if (end.failed() || !*end) {
                well_ = false;
                return;
            }
            ends[partition] = **end;
            consumer.assign(partition, client::Consumer::earliest);
        }
        const auto there = [&] {
            return std::ranges::all_of(ends, [&](const auto& end) {
                const auto position = consumer.position(end.first);
                return position && *position >= end.second;
            });
        };
        const Time patience = now() + seconds(30);
        while (!there() && now() < patience) poll(process, consumer);
        if (!there()) {
            fmt::print(stderr, "the end of the topic was not reached\n");
            well_ = false;
            return;
        }
        std::vector<checker::Step> steps;
        steps.reserve(ends.size());
        for (const auto& [partition, end] : ends)
            steps.push_back(checker::Ended{log_of(partition)});
        recorder_.end(recorder_.begin(process, asked, std::move(steps)), Outcome::ok, now());
    }

    cmd::ClientSession& session_;
    const Wishes& wishes_;
    const std::string group_name_ = "jepsen";
    Recorder recorder_;
    env::FiberGroup fibers_;
    std::vector<client::TopicPartition> partitions_;
    Time end_;
    std::uint64_t next_value_ = 1;
    bool well_ = true;
};

Result<Wishes, std::string> wishes_of(const cmd::Arguments& arguments) {
    Wishes wishes;
    const auto number = [&](std::string_view name, auto& into) {
        const auto text = arguments.get(name);
        if (!text) return true;
        const auto value = cmd::whole_number(*text);
        if (value) into = static_cast<std::remove_reference_t<decltype(into)>>(*value);
        return value.has_value();
    };
    wishes.topic = arguments.get("topic").value_or("");
    if (wishes.topic.empty() || !arguments.has("history"))
        return std::string("--topic and --history are needed");
    if (!number("seconds", wishes.seconds) || !number("rate", wishes.rate) ||
        !number("producers", wishes.producers) || !number("readers", wishes.readers) ||
        !number("members", wishes.members) || !number("first-process", wishes.first_process) ||
        wishes.rate < 1)
        return std::string("a number is none");
    return wishes;
}

int run(const cmd::Arguments& arguments) {
    const auto wishes = wishes_of(arguments);
    if (wishes.failed()) return cmd::usage_error(wishes.error());
    return cmd::with_client(arguments, [&](cmd::ClientSession& session) {
        Clients clients(session, *wishes);
        const bool well = clients.run();
        std::ofstream file(*arguments.get("history"));
        file << checker::to_text(clients.recorder().history());
        return well && file.flush() ? cmd::exit_ok : cmd::exit_failed;
    });
}

}  // namespace
}  // namespace sluice::jepsen

int main(int count, char** words) {
    const auto arguments = sluice::cmd::Arguments::parse(
        sluice::jepsen::help, std::span(words + 1, static_cast<std::size_t>(count - 1)));
    if (arguments.failed()) return sluice::cmd::usage_error(arguments.error());
    return sluice::jepsen::run(*arguments);
}
