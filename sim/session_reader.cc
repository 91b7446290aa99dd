#include "sim/session_reader.h"

#include <algorithm>

#include "core/client/admin.h"
#include "sim/admin_client.h"
#include "sim/value.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::size_t topics_max = 3;
constexpr std::size_t sessions_max = 3;
constexpr Duration session_patience = seconds(4);
// Of a fetch that is answered much earlier.
constexpr Duration long_wait = seconds(10);
// A broker that is short of them may take a session away that was not used for longer.
constexpr Duration kept_at_least = milliseconds(500);
constexpr Version by_id{13};
// So many batches have so many bytes at least.
constexpr std::int64_t news = 8;
constexpr std::int32_t news_bytes_least = 500;

}  // namespace

struct SessionReader::Stream {
    Stream(env::Env& e, World& world, Version v)
        : env(e), connection(e, world, "sessions", session_patience), version(v) {}
    env::Env& env;
    RawConnection connection;
    Version version;
    std::vector<SessionView> sessions = {};
    // Of an answer, and of a partition in it: some bring little at a time.
    std::int32_t bytes_max = 16 << env.random.below(12);
    std::int32_t partition_bytes_max = 16 << env.random.below(12);
};

SessionReader::SessionReader(const WorkloadContext& context)
    : context_(context), draws_(context.world.stream("sessions")) {}

void SessionReader::fail(const std::string& signature, std::string text) {
    if (!failure_)
        failure_ = Failure{FailureKind::safety, "session: " + signature, std::move(text)};
}

Result<void> SessionReader::set_up(env::Env& env) {
    AdminClient client(env, context_, "sessions");
    return create(client.admin(), fmt::format("session-{}", names_++));
}

Result<void> SessionReader::run(env::Env& env) {
    env::FiberGroup fibers(env.scheduler);
    CHECK_OK(fibers.spawn("session-writer", [this, &env] { write(env); }));
    CHECK_OK(fibers.spawn("session-reader", [this, &env] { read(env); }));
    fibers.join();
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

// --- What there is to read ---

void SessionReader::write(env::Env& env) {
    AdminClient client(env, context_, "sessions");
    client::Admin& admin = client.admin();
    client::Producer producer(client.cluster(), {.linger = milliseconds(5),
                                                 .batch_bytes = 400,
                                                 .delivery_time_max = seconds(30),
                                                 .create_topics = false});
    while (!context_.faults_over) {
        const std::uint64_t what = draws_.below(24);
        if (topics_.size() < topics_max && what < 6) {
            const bool again = !free_names_.empty() && draws_.below(3) > 0;
            const std::string name =
                again ? free_names_.back() : fmt::format("session-{}", names_++);
            if (again) free_names_.pop_back();
            static_cast<void>(create(admin, name).failed());
        } else if (what == 0) {
            static_cast<void>(producer.flush().failed());
            remove(admin);
        } else if (what <= 2) {
            cut(env, admin);
        } else {
            write_some(env, producer);
        }
        if (env::sleep_for(env.scheduler, milliseconds(draws_.between(0, 250))).failed()) break;
    }
    static_cast<void>(producer.flush().failed());
    producer.close();
}

SessionReader::Topic* SessionReader::any_topic(Random& random) {
    if (topics_.empty()) return nullptr;
    auto any = topics_.begin();
    std::advance(any, random.below(topics_.size()));
    return &any->second;
}

void SessionReader::write_some(env::Env& env, client::Producer& producer) {
    Topic* const topic = any_topic(draws_);
    if (topic == nullptr) return;
    SessionLog& log = *topic->logs[draws_.below(topic->logs.size())];
    for (std::uint64_t left = 1 + draws_.below(6); left > 0; --left)
        if (!write_one(env, producer, *topic, log)) return;
}

bool SessionReader::write_one(env::Env& env, client::Producer& producer, Topic& topic,
                              SessionLog& log) {
    const std::uint64_t number = log.next_value();
    const auto value = make_value(number, 8 + env.random.below(200));
    ++asked_;
    ++topic.under_way;
    const Time asked_at = context_.world.now();
    const auto delivered = [this, &topic, &log, number,
                            asked_at](const client::Delivery& delivery) {
        --topic.under_way;
        // Who waited that long has sent it again, and the first one may still arrive.
        if (context_.world.now() - asked_at >= AdminClient::patience) topic.may_come_late = true;
        topic.sure = topic.sure && delivery.delivered();
        if (!delivery.delivered()) return;
        ++answered_;
        log.acknowledged[delivery.offset.value] = number;
        log.acknowledged_end = std::max(log.acknowledged_end, delivery.offset.value + 1);
    };
    // Brokers refuse what comes from their future, and their clocks step back here by an hour.
    constexpr std::int64_t age = std::int64_t{5} * 3'600'000;
    const auto sent = producer.send({.topic = topic.name,
                                     .partition = log.index,
                                     .value = std::string(as_text(value)),
                                     .timestamp = Timestamp(env.clock.wall().value - age)},
                                    delivered);
    if (sent.failed()) --topic.under_way;
    return !sent.failed();
}

// Asked once; a name whose fate is unknown is not used any more.
Result<void> SessionReader::create(client::Admin& admin, const std::string& name) {
    CreateTopicsRequest request;
    request.timeout_ms = 4'000;
    CreateTopicsRequest::Topic wanted;
    wanted.name = name;
    wanted.num_partitions = static_cast<std::int32_t>(1 + draws_.below(3));
    wanted.replication_factor = -1;
    request.topics.push_back(wanted);
    ++asked_;
    TRY(client::BrokerConnection * broker, admin.cluster().any());
    TRY(const auto reply, broker->ask(request));
    if (reply.topics.front().error_code != ErrorCode::none) return Error::io;
    ++answered_;
    admin.cluster().forget(name);
    Topic topic{.name = name, .logs = {}};
    for (std::int32_t i = 0; i < wanted.num_partitions; ++i) {
        logs_.push_back(std::make_unique<SessionLog>(
            SessionLog{.number = static_cast<std::uint32_t>(logs_.size()),
                       .topic = name,
                       .id = reply.topics.front().topic_id,
                       .index = PartitionIndex(i)}));
        topic.logs.push_back(logs_.back().get());
    }
    topics_[name] = std::move(topic);
    return {};
}

void SessionReader::remove(client::Admin& admin) {
    const Topic* const topic = any_topic(draws_);
    if (topic == nullptr || !topic->sure || topic->under_way > 0) return;
    DeleteTopicsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back({.name = topic->name, .topic_id = {}});
    const auto broker = admin.cluster().any();
    if (broker.failed()) return;
    ++asked_;
    for (SessionLog* log : topic->logs) log->deletion_asked = true;
    const auto reply = (*broker)->ask(request);
    const bool done = reply && reply->responses.front().error_code == ErrorCode::none;
    for (SessionLog* log : topic->logs) log->deleted = done;
    const std::string name = topic->name;
    const bool may_come_late = topic->may_come_late;
    topics_.erase(name);
    if (!done) return;
    ++answered_;
    // Records are sent by name: what comes late would be of the next topic that has it.
    if (!may_come_late) free_names_.push_back(name);
}

void SessionReader::cut(env::Env& env, client::Admin& admin) {
    Topic* const topic = any_topic(draws_);
    if (topic == nullptr) return;
    SessionLog& log = *topic->logs[draws_.below(topic->logs.size())];
    if (log.acknowledged_end <= log.start_asked) return;
    const std::int64_t start = env.random.between(log.start_asked, log.acknowledged_end);
    DeleteRecordsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back({log.topic, {{log.index, Offset(start)}}});
    const auto broker = admin.cluster().any();
    if (broker.failed()) return;
    ++asked_;
    log.start_asked = start;
    const auto reply = (*broker)->ask(request);
    topic->sure = topic->sure && !reply.failed();
    if (reply.failed()) return;
    const auto& answer = reply->topics.front().partitions.front();
    if (answer.error_code != ErrorCode::none) return;
    ++answered_;
    log.start = start;
}

// --- Reading it ---

void SessionReader::read(env::Env& env) {
    while (!context_.faults_over) {
        static_cast<void>(work(env).failed());
        if (env::sleep_for(env.scheduler, milliseconds(env.random.between(0, 300))).failed())
            return;
    }
}

// On one connection, until that breaks or something is wrong.
Result<void> SessionReader::work(env::Env& env) {
    constexpr std::int16_t versions[] = {7, 12, 13, 18};
    Stream stream(env, context_.world, Version(versions[env.random.below(std::size(versions))]));
    CHECK_OK(stream.connection.open(context_.servers.front()));
    const std::uint64_t sessions = 1 + env.random.below(sessions_max);
    for (std::uint64_t i = 0; i < sessions; ++i)
        stream.sessions.emplace_back(stream.version >= by_id);
    while (!context_.faults_over && !failure_) {
        CHECK_OK(step(stream, stream.sessions[env.random.below(sessions)]));
        const Duration most = milliseconds(env.random.below(16) == 0 ? 1'500 : 100);
        CHECK_OK(env::sleep_for(env.scheduler, Duration(env.random.between(0, most.count()))));
    }
    return {};
}

Result<void> SessionReader::step(Stream& stream, SessionView& session) {
    CHECK_OK(find_starts(stream, session));
    if (session.epoch == 0) return begin(stream, session);
    const std::uint64_t what = stream.env.random.below(40);
    if (what == 0) return say_a_wrong_epoch(stream, session);
    if (what == 1) return name_a_wrong_session(stream, session);
    if (what == 2) return give_up(stream, session);
    if (what <= 5) CHECK_OK(ask_for_an_end(stream));
    change_mind(stream, session);
    return go_on(stream, session);
}

// What is told as a log's end is committed: no session may be told less from then on.
Result<void> SessionReader::ask_for_an_end(Stream& stream) {
    const Topic* const topic = any_topic(stream.env.random);
    if (topic == nullptr) return {};
    SessionLog& log = *topic->logs[stream.env.random.below(topic->logs.size())];
    TRY(const auto end, ask_for_offset(stream, log, latest_offset));
    if (end) log.high_watermark = std::max(log.high_watermark, end->value);
    return {};
}

// Nothing for a log that may be gone: another topic may have its name by now.
Result<std::optional<Offset>> SessionReader::ask_for_offset(Stream& stream, const SessionLog& log,
                                                            Timestamp time) {
    constexpr Version version{7};
    ListOffsetsRequest request;
    request.replica_id = BrokerId(-1);
    request.topics.push_back({log.topic, {{.partition_index = log.index, .timestamp = time}}});
    ++asked_;
    CHECK_OK(stream.connection.send(request, version));
    TRY(const auto reply, stream.connection.receive<ListOffsetsRequest>(version));
    ++answered_;
    const auto& answer = reply.topics.front().partitions.front();
    if (answer.error_code != ErrorCode::none || log.deletion_asked) return std::optional<Offset>();
    return std::optional(answer.offset);
}

// Of those that were told no more than that they are out of range.
Result<void> SessionReader::find_starts(Stream& stream, SessionView& session) {
    for (const std::uint32_t number : session.lost()) {
        TRY(const auto start, ask_for_offset(stream, *logs_[number], earliest_offset));
        if (!start) continue;
        if (auto wrong = session.begins_at(number, start->value)) fail("a start is wrong", *wrong);
    }
    return {};
}

void SessionReader::change_mind(Stream& stream, SessionView& session) {
    Random& random = stream.env.random;
    std::vector<std::string> names_in_change;
    for (const std::uint32_t log : session.wanted()) {
        const bool over = session.is_over(log) && random.below(4) == 0;
        if (over || random.below(24) == 0) {
            names_in_change.push_back(logs_[log]->topic);
            session.forget(log);
        } else if (random.below(24) == 0) {
            session.read_again(log);
        }
    }
    for (const auto& [name, topic] : topics_) {
        // By name it cannot be forgotten and wanted in one request, nor be wanted twice.
        const bool old_one =
            std::ranges::find(names_in_change, name) != names_in_change.end() ||
            std::ranges::any_of(session.wanted(), [&, &name = name](std::uint32_t log) {
                return logs_[log]->topic == name && logs_[log]->deletion_asked;
            });
        if (old_one) continue;
        for (SessionLog* log : topic.logs)
            if (!session.wants(log->number) && random.below(3) == 0)
                session.want(*log, random.below(2) == 0 ? log->start : log->acknowledged_end);
    }
}

Result<FetchResponse> SessionReader::ask(Stream& stream, FetchRequest request) {
    Random& random = stream.env.random;
    request.max_wait_ms = static_cast<std::int32_t>(random.below(400));
    request.min_bytes = static_cast<std::int32_t>(random.below(random.below(4) == 0 ? 1'000 : 3));
    request.max_bytes = stream.bytes_max;
    for (auto& topic : request.topics)
        for (auto& partition : topic.partitions)
            partition.partition_max_bytes = stream.partition_bytes_max;
    ++asked_;
    CHECK_OK(stream.connection.send(request, stream.version));
    TRY(auto response, stream.connection.receive<FetchRequest>(stream.version));
    ++answered_;
    if (auto wrong = SessionView::too_large(response, request))
        fail("an answer is too large", *wrong);
    return response;
}

// With an epoch of 0 and all it wants; the broker names the session, or has no room for one.
Result<void> SessionReader::begin(Stream& stream, SessionView& session) {
    change_mind(stream, session);
    if (session.wanted().empty()) return {};
    const FetchRequest request = session.full();
    session.used_at = context_.world.now();
    TRY(const auto response, ask(stream, request));
    if (response.error_code != ErrorCode::none) return Error::io;
    if (auto wrong = session.answered(response)) fail("a full answer is wrong", *wrong);
    session.id = response.session_id;
    session.epoch = session.id == FetchSessionId(0) ? 0 : 1;
    return {};
}

Result<void> SessionReader::go_on(Stream& stream, SessionView& session) {
    const FetchRequest request = session.incremental();
    const Time used_before = std::exchange(session.used_at, context_.world.now());
    TRY(const auto response, ask(stream, request));
    if (response.error_code == ErrorCode::fetch_session_id_not_found) {
        if (context_.world.now() - used_before < kept_at_least)
            fail("a session that is used is forgotten", "");
        session.epoch = 0;
        session.id = FetchSessionId(0);
        return {};
    }
    if (response.error_code != ErrorCode::none) {
        fail("a request is refused", std::string(name_of(response.error_code)));
        return Error::invalid;
    }
    if (auto wrong = session.answered(response)) fail("an answer is wrong", *wrong);
    ++session.epoch;
    return {};
}

Result<void> SessionReader::say_a_wrong_epoch(Stream& stream, SessionView& session) {
    FetchRequest request;
    request.session_id = session.id;
    request.session_epoch = stream.env.random.below(2) == 0 && session.epoch > 1
                                ? session.epoch - 1
                                : session.epoch + 1;
    TRY(const auto response, ask(stream, request));
    const bool refused = response.error_code == ErrorCode::invalid_fetch_session_epoch ||
                         response.error_code == ErrorCode::fetch_session_id_not_found;
    if (!refused)
        fail("a wrong epoch is served",
             fmt::format("{} instead of {}", request.session_epoch, session.epoch));
    return {};
}

Result<void> SessionReader::name_a_wrong_session(Stream& stream, SessionView& session) {
    FetchRequest request;
    request.session_id = FetchSessionId(-7);
    request.session_epoch = session.epoch;
    TRY(const auto response, ask(stream, request));
    if (response.error_code != ErrorCode::fetch_session_id_not_found)
        fail("a session that does not exist is served", std::string(name_of(response.error_code)));
    return {};
}

// Reads once without a session, by which the one it had ends.
Result<void> SessionReader::give_up(Stream& stream, SessionView& session) {
    FetchRequest request = session.full();
    request.session_epoch = -1;
    TRY(const auto response, ask(stream, request));
    if (response.error_code != ErrorCode::none) return Error::io;
    if (auto wrong = session.answered(response))
        fail("an answer without a session is wrong", *wrong);
    if (response.session_id != FetchSessionId(0)) fail("a session nobody asked for", "");
    FetchRequest late;
    late.session_id = session.id;
    late.session_epoch = 1;
    session.id = FetchSessionId(0);
    TRY(const auto refused, ask(stream, late));
    if (refused.error_code != ErrorCode::fetch_session_id_not_found)
        fail("a session that ended is served", std::string(name_of(refused.error_code)));
    return {};
}

Result<void> SessionReader::check(env::Env& env) {
    Stream stream(env, context_.world, by_id);
    CHECK_OK(stream.connection.open(context_.servers.front()));
    SessionView session(true);
    for (const auto& [name, topic] : topics_)
        for (SessionLog* log : topic.logs) session.want(*log, log->start);
    if (session.wanted().empty()) return {};
    CHECK_OK(begin(stream, session));
    if (session.epoch == 0) return Error::timed_out;
    for (;;) {
        TRY(const bool done, drain(stream, session));
        if (done) break;
        CHECK_OK(env::sleep_for(env.scheduler, milliseconds(1)));
    }
    return failure_ ? Result<void>() : wait_for_news(env);
}

// Whoever waits for more is woken by what is written meanwhile, and not by the end of his wait.
Result<void> SessionReader::wait_for_news(env::Env& env) {
    AdminClient client(env, context_, "sessions");
    const std::string name = fmt::format("news-{}", names_++);
    CHECK_OK(create(client.admin(), name));
    Topic& topic = topics_.at(name);
    FetchRequest request;
    request.session_epoch = -1;
    request.max_wait_ms = static_cast<std::int32_t>(to_milliseconds(long_wait));
    request.min_bytes = draws_.below(2) == 0 ? 1 : news_bytes_least;
    request.max_bytes = 1 << 20;
    request.topics.push_back({name, topic.logs.front()->id, {}});
    for (const SessionLog* log : topic.logs) {
        FetchRequest::Partition wanted;
        wanted.partition = log->index;
        wanted.partition_max_bytes = 1 << 20;
        request.topics.back().partitions.push_back(wanted);
    }
    RawConnection waiting(env, context_.world, "sessions", 2 * long_wait);
    CHECK_OK(waiting.open(context_.servers.front()));
    CHECK_OK(waiting.send(request, by_id));
    CHECK_OK(env::sleep_for(env.scheduler, milliseconds(500)));
    client::Producer producer(client.cluster(), {.delivery_time_max = seconds(5)});
    Result<void> flushed;
    for (std::int64_t i = 0; i < news && !flushed.failed(); ++i) {
        write_one(env, producer, topic,
                  *topic.logs[static_cast<std::size_t>(i) % topic.logs.size()]);
        flushed = producer.flush();
    }
    producer.close();
    CHECK_OK(flushed);
    const Time written = context_.world.now();
    std::int64_t acknowledged = 0;
    for (const SessionLog* log : topic.logs) acknowledged += log->acknowledged_end;
    if (acknowledged < news) return Error::timed_out;
    TRY(const auto response, waiting.receive<FetchRequest>(by_id));
    const Duration waited = context_.world.now() - written;
    if (response.error_code == ErrorCode::none && waited > long_wait / 2)
        fail("who waits for records is not woken", fmt::format("{} ms", to_milliseconds(waited)));
    return {};
}

Result<bool> SessionReader::drain(Stream& stream, SessionView& session) {
    unread_.clear();
    for (const std::uint32_t log : session.wanted())
        if (session.position(log) < logs_[log]->acknowledged_end)
            unread_ +=
                fmt::format(" {}-{} from {} to {}", logs_[log]->topic, logs_[log]->index.value,
                            session.position(log), logs_[log]->acknowledged_end);
    if (unread_.empty() || failure_) return true;
    CHECK_OK(find_starts(stream, session));
    CHECK_OK(go_on(stream, session));
    if (session.epoch == 0) return Error::timed_out;
    return false;
}

std::string SessionReader::pending() const {
    return unread_.empty() ? "nobody answers" : "not read:" + unread_;
}

}  // namespace sluice::sim
