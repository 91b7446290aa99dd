#pragma once

#include <set>

#include "sim/produce_consume.h"

namespace sluice::sim {

// The topic whose files rot. There is one copy of them, so all that is owed is that it shows: a
// reader gets what was written or an error code, never other bytes; and a log that lost what it had
// acknowledged says so. Excused is what hit the newest segment, or was lost on its way to the disk:
// there it may be the last commit, which cannot be told from one that was cut off. A segment that
// has a successor was synced to its end: damage there is never cut away.
class RottenTopic final : public ProduceConsume {
public:
    static constexpr std::string_view prefix = "rotten";

    explicit RottenTopic(const WorkloadContext& context)
        : ProduceConsume(context, std::string(prefix)) {}

    Result<void> check(env::Env& env) override;
    std::string pending() const override;
    std::optional<Failure> judge() override;
    bool may_damage(const std::string& path) const override {
        return path.starts_with(topic() + "-");
    }
    void logged(std::string_view line) override;

private:
    // What is on its way to a log that went offline stays there.
    bool delivers_all() const override { return false; }

    bool is_damaged(std::uint32_t log) const;
    bool may_lack_its_end(std::uint32_t log) const;
    std::string name_of_log(std::uint32_t log) const;
    Result<bool> read_log(Client& client, std::uint32_t log);
    Result<protocol::ErrorCode> ask(Client& client, std::uint32_t log, Offset from);

    std::set<std::uint32_t> reported_;  // Logs that said they are damaged, one way or the other.
    std::set<std::uint32_t> done_;
    std::map<std::uint32_t, std::int64_t> ends_;
};

}  // namespace sluice::sim
