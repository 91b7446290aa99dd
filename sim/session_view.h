#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/time.h"
#include "core/protocol/messages/fetch.h"

namespace sluice::sim {

// A partition, as its writer knows it; outlives the sessions that read it. A topic that is made
// again under its old name has others.
struct SessionLog {
    std::uint32_t number = 0;
    std::string topic;
    TopicId id;
    PartitionIndex index;
    std::uint64_t values_sent = 0;
    std::map<std::int64_t, std::uint64_t> acknowledged = {};  // Values by their offsets.
    std::int64_t acknowledged_end = 0;
    std::int64_t start = 0;           // As it was granted,
    std::int64_t start_asked = 0;     // and as far as was asked for.
    std::int64_t high_watermark = 0;  // The greatest that anybody was told.
    bool deletion_asked = false;
    bool deleted = false;

    std::uint64_t next_value() { return (std::uint64_t{number + 1} << 32) | ++values_sent; }
    bool is_value(std::uint64_t value) const {
        return value >> 32 == number + 1 && (value & UINT32_MAX) <= values_sent;
    }
};

// A consumer's side of a fetch session (KIP-227): what it wants and was told, and from that what
// every answer must be. A partition that is left out has no news; so nothing that was acknowledged
// before a request was sent may be news behind its answer.
class SessionView {
public:
    explicit SessionView(bool by_id) : by_id_(by_id) {}

    void want(SessionLog& log, std::int64_t from);
    void forget(std::uint32_t log);
    // Goes back to where the log begins.
    void read_again(std::uint32_t log);
    // Those it was told to be out of range in, and where each begins: what is wrong with that.
    std::vector<std::uint32_t> lost() const;
    std::optional<std::string> begins_at(std::uint32_t log, std::int64_t start);
    // The numbers of the logs it wants.
    std::vector<std::uint32_t> wanted() const;
    bool wants(std::uint32_t log) const { return wanted_.contains(log); }
    std::int64_t position(std::uint32_t log) const { return wanted_.at(log).position; }
    // A log that is gone, or was said to be: of no use any more.
    bool is_over(std::uint32_t log) const;

    // Asks for all of it, in a new session; or says what changed since the last request.
    protocol::FetchRequest full();
    protocol::FetchRequest incremental();
    // What is wrong with the answer to the last of them; nothing when it is right.
    std::optional<std::string> answered(const protocol::FetchResponse& response);

    // What is wrong with the size of an answer.
    static std::optional<std::string> too_large(const protocol::FetchResponse& response,
                                                const protocol::FetchRequest& request);

    protocol::FetchSessionId id{0};
    std::int32_t epoch = 0;  // Of the next request.
    Time used_at{};

private:
    struct Wanted {
        SessionLog* log = nullptr;
        std::int64_t position = 0;
        bool position_told = false;
        bool is_lost = false;              // Out of range; where it begins is to be asked.
        std::int64_t high_watermark = -1;  // As told.
        std::int64_t start = -1;
        bool must_answer = true;        // It is new, or was answered with an error last time.
        std::uint32_t passed_over = 0;  // So many answers had records, and none of its own.
        // As they were when the last request was sent.
        std::int64_t end_then = 0;
        std::int64_t start_then = 0;
        bool deleted_then = false;
        bool answered = false;
        bool has_records = false;
    };
    using Answer = protocol::FetchResponse::Partition;

    Wanted* find(const protocol::FetchResponse::Topic& topic, PartitionIndex index);
    void note_what_is(protocol::FetchRequest& request);
    std::optional<std::string> take(Wanted& wanted, const Answer& answer);
    std::optional<std::string> take_error(Wanted& wanted, const Answer& answer);
    std::optional<std::string> take_records(Wanted& wanted, const Bytes& records);
    std::optional<std::string> judge_left_out(const Wanted& wanted) const;
    std::optional<std::string> judge_turns();

    const bool by_id_;
    bool incremental_ = false;
    std::map<std::uint32_t, Wanted> wanted_;
    std::vector<const SessionLog*> forgotten_;  // Not told yet.
};

}  // namespace sluice::sim
