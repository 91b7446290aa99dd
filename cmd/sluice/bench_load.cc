#include "cmd/sluice/bench_load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace sluice::cmd {
namespace {

// A record begins with when it was due, in microseconds of this machine's clock, as text.
constexpr std::size_t due_digits = 16;

std::string text_of(Time due) {
    return fmt::format("{:0{}}", due.since_start.count(), due_digits);
}

std::optional<Time> due_of(const client::ReadRecord& record) {
    if (!record.value || record.value->size() < due_digits) return std::nullopt;
    const auto number = whole_number(record.value->text().substr(0, due_digits));
    if (!number) return std::nullopt;
    return Time{Duration(*number)};
}

// Letters and digits in no order: compressible about as much as words are not.
std::string filler_of(std::size_t size, Random& random) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += letters[random.below(letters.size())];
    return text;
}

// A shell command with its standard input to write to.
struct Child {
    pid_t pid = -1;
    int input = -1;
};

Result<Child> start_child(const BenchLoad& load) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Error::io;
    const pid_t pid = fork();
    if (pid < 0) return Error::io;
    if (pid == 0) {
        dup2(ends[0], STDIN_FILENO);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        setenv("SLUICE_TOPIC", load.topic.c_str(), 1);
        execl("/bin/sh", "sh", "-c", load.command.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    return Child{pid, ends[1]};
}

}  // namespace

BenchRun::BenchRun(ClientSession& session, const BenchLoad& load)
    : session_(session),
      load_(load),
      producing_(session.scheduler),
      consuming_(session.scheduler),
      filler_(filler_of(load.record_bytes, session.cluster.env().random)) {}

Result<BenchResult, std::string> BenchRun::run(const std::function<void()>& at_begin) {
    const auto text = [](Error error) { return std::string(name_of(error)); };
    if (const auto found = find_ends(); found.failed()) return found.error().text();
    start_ = session_.clock.now() + milliseconds(100);
    begin_ = start_ + load_.warm_up;
    end_ = begin_ + load_.time;
    for (std::uint32_t i = 0; i < load_.consumers; ++i)
        if (const auto begun = consuming_.spawn("bench", [this, i] { consume(i); }); begun.failed())
            return text(begun.error());
    Child child;
    if (!load_.command.empty()) {
        const auto started = start_child(load_);
        if (started.failed()) return text(started.error());
        child = *started;
        const auto fed = producing_.spawn("bench", [this, &child] { feed(child.input); });
        if (fed.failed()) return text(fed.error());
    } else {
        for (std::uint32_t i = 0; i < load_.producers; ++i)
            if (const auto begun = producing_.spawn("bench", [this, i] { produce(i); });
                begun.failed())
                return text(begun.error());
    }
    if (env::sleep_until(session_.scheduler, begin_)) at_begin();
    producing_.join();
    int status = 0;
    if (child.pid > 0)
        session_.reactor.run_blocking(
            [&] { return static_cast<int>(waitpid(child.pid, &status, 0)); });
    produced_ = true;
    consuming_.join();
    if (hopeless_) return result_.why_failed;
    if (status != 0) return fmt::format("the command ended with {}", WEXITSTATUS(status));
    result_.elapsed = std::max(last_done_ - begin_, Duration(1));
    return result_;
}

Result<void, client::Refusal> BenchRun::find_ends() {
    const auto topic = session_.cluster.topic(load_.topic, false, true);
    if (topic.failed()) return client::refusal(topic.error());
    client::Consumer reader(session_.cluster, {});
    for (const auto& [index, leader] : topic->leaders) {
        const client::TopicPartition partition{load_.topic, index};
        TRY(const auto end, reader.offset_at(partition, Timestamp(client::Consumer::latest.value)));
        ends_[partition] = end.value_or(Offset(0));
    }
    if (ends_.empty()) return client::refusal(Error::not_found);
    return {};
}

void BenchRun::produce(std::uint32_t number) {
    client::Producer producer(session_.cluster, load_.producer);
    const double generators = load_.producers;
    const double per_second = load_.records_per_second / generators;
    client::Message message{.topic = load_.topic};
    message.value = filler_;
    Time due = start_;
    for (std::int64_t i = 0; !over(); ++i) {
        if (per_second > 0) {
            // Each producer takes its turn between the others'.
            const double since = (static_cast<double>(i) + number / generators) / per_second;
            due = start_ + Duration(static_cast<std::int64_t>(since * 1e6));
            if (due >= end_) break;
            if (due > session_.clock.now() && env::sleep_until(session_.scheduler, due).failed())
                break;
        } else {
            due = std::max(session_.clock.now(), start_);
            // Without a pause in it this fiber would never let the others run.
            if (i % 64 == 0 && env::yield(session_.scheduler).failed()) break;
        }
        text_of(due).copy(message.value->data(), due_digits);
        if (measured(due)) ++result_.offered;
        ++sent_;
        const auto sent = producer.send(
            message, [this, due](const client::Delivery& delivery) { delivered(due, delivery); });
        if (sent.failed()) {
            delivered(due, {.error = sent.error()});
            break;
        }
    }
    static_cast<void>(producer.flush().failed());
    producer.close();
}

void BenchRun::delivered(Time due, const client::Delivery& delivery) {
    const Time now = session_.clock.now();
    if (!delivery.delivered()) {
        --sent_;
        ++result_.failed;
        if (result_.why_failed.empty()) result_.why_failed = delivery.why();
        // The same would become of every other one.
        hopeless_ |=
            delivery.code != protocol::ErrorCode::none && !protocol::retriable(delivery.code);
        return;
    }
    if (!measured(due)) return;
    ++result_.acknowledged;
    result_.acknowledge.add(static_cast<std::uint64_t>((now - due).count()));
    last_done_ = std::max(last_done_, now);
}

// Lines for a foreign producer, on time or, when it does not take them, late.
void BenchRun::feed(int fd) {
    const double per_second = load_.records_per_second;
    std::string line = filler_ + "\n";
    std::string waiting;
    const auto write_all = [&] {
        return session_.reactor.run_blocking([&] {
            std::size_t at = 0;
            while (at < waiting.size()) {
                const auto count = ::write(fd, waiting.data() + at, waiting.size() - at);
                if (count <= 0) return -1;
                at += static_cast<std::size_t>(count);
            }
            waiting.clear();
            return 0;
        });
    };
    constexpr std::size_t chunk_bytes = 64 << 10;
    Time due = start_;
    for (std::int64_t i = 0; !over(); ++i) {
        due = per_second > 0 ? start_ + Duration(static_cast<std::int64_t>(static_cast<double>(i) /
                                                                           per_second * 1e6))
                             : std::max(session_.clock.now(), start_);
        if (per_second > 0 && due >= end_) break;
        if (due > session_.clock.now() || waiting.size() >= chunk_bytes) {
            if (write_all() != 0) break;
            if (due > session_.clock.now() && env::sleep_until(session_.scheduler, due).failed())
                break;
        }
        text_of(due).copy(line.data(), due_digits);
        waiting += line;
        if (measured(due)) ++result_.offered;
        ++sent_;
    }
    static_cast<void>(write_all());
    close(fd);
}

void BenchRun::consume(std::uint32_t number) {
    client::Consumer consumer(session_.cluster, {});
    std::uint32_t turn = 0;
    for (const auto& [partition, end] : ends_)
        if (turn++ % load_.consumers == number) consumer.assign(partition, end);
    if (consumer.assignment().empty()) return;
    // What is under way when the producers have ended is waited for, but not forever.
    Time patience = never;
    while (!(produced_ && seen_ >= sent_) && !session_.interrupted) {
        const auto records = consumer.poll(milliseconds(100));
        if (records.failed()) return;
        const Time now = session_.clock.now();
        for (const client::ReadRecord& record : *records) {
            ++seen_;
            const auto due = due_of(record);
            if (!due || !measured(*due)) continue;
            ++result_.read;
            result_.end_to_end.add(
                static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - *due).count())));
            last_done_ = std::max(last_done_, now);
        }
        if (produced_ && (patience == never || !records->empty())) patience = now + seconds(5);
        if (now >= patience) return;
    }
}

}  // namespace sluice::cmd
