#include "storage/log/quorum_state_file.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

namespace sluice::storage {
namespace {

constexpr std::int64_t nobody = -1;
constexpr std::int64_t newest_version = 1;
// Kafka's file nests two deep.
constexpr int depth_max = 8;

// The members of one JSON object, and what is nested in it by name alone.
class FlatObject {
public:
    explicit FlatObject(std::string_view text) : rest_(text) { good_ = take_object(0) && at_end(); }

    bool good() const { return good_; }
    std::optional<std::int64_t> number(const std::string& name) const {
        const auto found = members_.find(name);
        if (found == members_.end()) return std::nullopt;
        const std::string& text = found->second;
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
    // That stood anywhere below under this name, in their order.
    const std::vector<std::string>& nested(const std::string& name) const {
        static const std::vector<std::string> none;
        const auto found = nested_.find(name);
        return found == nested_.end() ? none : found->second;
    }
    std::optional<std::string> text(const std::string& name) const {
        const auto found = members_.find(name);
        return found == members_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    void skip_blanks() {
        const auto first = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
    }
    bool at_end() {
        skip_blanks();
        return rest_.empty();
    }
    bool take(char wanted) {
        skip_blanks();
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Kafka writes no escapes here.
    std::optional<std::string> take_string() {
        if (!take('"')) return std::nullopt;
        const auto end = rest_.find_first_of("\"\\");
        if (end == std::string_view::npos || rest_[end] != '"') return std::nullopt;
        std::string taken(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return taken;
    }
    std::optional<std::string> take_word() {
        const auto end = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
        if (end == 0) return std::nullopt;
        std::string taken(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return taken;
    }

    bool take_object(int depth) {
        if (depth > depth_max || !take('{')) return false;
        if (take('}')) return true;
        do {
            const auto name = take_string();
            if (!name || !take(':') || !take_value(depth, *name)) return false;
        } while (take(','));
        return take('}');
    }
    bool take_array(int depth) {
        if (depth > depth_max || !take('[')) return false;
        if (take(']')) return true;
        do {
            if (!take_value(depth, {})) return false;
        } while (take(','));
        return take(']');
    }
    // Of the object at `depth`: only the outermost one's members are kept.
    bool take_value(int depth, const std::string& name) {
        skip_blanks();
        if (rest_.starts_with('{')) return take_object(depth + 1);
        if (rest_.starts_with('[')) return take_array(depth + 1);
        const auto value = rest_.starts_with('"') ? take_string() : take_word();
        if (value && depth == 0) members_[name] = *value;
        if (value && depth > 0) nested_[name].push_back(*value);
        return value.has_value();
    }

    std::string_view rest_;
    std::map<std::string, std::string> members_;
    std::map<std::string, std::vector<std::string>> nested_;
    bool good_ = false;
};

bool is_id(std::optional<std::int64_t> value) {
    return value && *value >= nobody && *value <= INT32_MAX;
}

}  // namespace

std::string quorum_state_text(const raft::QuorumState& state,
                              const std::vector<BrokerId>& configured) {
    const std::int32_t leader = state.leader.value_or(BrokerId(nobody)).value;
    const raft::ReplicaKey voted = state.voted.value_or(raft::ReplicaKey{});
    if (configured.empty())
        return fmt::format(
            R"({{"leaderId":{},"leaderEpoch":{},"votedId":{},"votedDirectoryId":"{}",)"
            R"("data_version":1}})",
            leader, state.epoch.value, voted.id.value, voted.directory.text());
    std::string voters;
    for (const BrokerId voter : configured)
        voters += fmt::format(R"({}{{"voterId":{}}})", voters.empty() ? "" : ",", voter.value);
    return fmt::format(R"({{"clusterId":"","leaderId":{},"leaderEpoch":{},"votedId":{},)"
                       R"("appliedOffset":0,"currentVoters":[{}],"data_version":0}})",
                       leader, state.epoch.value, voted.id.value, voters);
}

std::optional<raft::QuorumState> parse_quorum_state(std::string_view text) {
    const FlatObject object(text);
    const auto version = object.number("data_version");
    if (!object.good() || !version || *version < 0 || *version > newest_version)
        return std::nullopt;
    const auto leader = object.number("leaderId");
    const auto epoch = object.number("leaderEpoch");
    const auto voted = object.number("votedId");
    if (!is_id(leader) || !is_id(epoch) || !is_id(voted)) return std::nullopt;
    raft::QuorumState state{
        LeaderEpoch(static_cast<std::int32_t>(std::max(*epoch, std::int64_t{0}))), std::nullopt,
        std::nullopt};
    if (*leader != nobody) state.leader = BrokerId(static_cast<std::int32_t>(*leader));
    if (*voted == nobody) return state;
    state.voted = raft::ReplicaKey{BrokerId(static_cast<std::int32_t>(*voted)), {}};
    if (*version == 0) return state;
    const auto directory = Uuid::parse(object.text("votedDirectoryId").value_or(""));
    if (!directory) return std::nullopt;
    state.voted->directory = *directory;
    return state;
}

std::vector<BrokerId> quorum_state_voters(std::string_view text) {
    const FlatObject object(text);
    if (!object.good() || object.number("data_version") != 0) return {};
    std::vector<BrokerId> voters;
    for (const std::string& id : object.nested("voterId")) {
        std::int32_t value = 0;
        const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value);
        if (error != std::errc{} || end != id.data() + id.size()) return {};
        voters.push_back(BrokerId(value));
    }
    return voters;
}

}  // namespace sluice::storage
