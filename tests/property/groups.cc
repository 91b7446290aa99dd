// Laws of consumer groups under clients that do anything at any time.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "core/base/random.h"
#include "core/group/coordinator.h"

namespace sluice::group {
namespace {

using namespace protocol;

constexpr std::size_t clients_count = 6;
constexpr int partitions = 8;
const std::string group_id = "g";

// A client that remembers what it was told, and may forget to use it.
struct Client {
    std::optional<std::string> instance_id;
    std::string member_id;
    GenerationId generation{-1};
    std::vector<std::string> to_assign;  // Not empty for a leader.
};

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed), clients_(clients_count) {
        settings_.group_size_max = random_.chance(0.2) ? 3 : 100;
        settings_.initial_rebalance_delay = seconds(random_.between(0, 3));
        for (std::size_t i = 0; i < clients_.size(); ++i)
            if (random_.chance(0.4)) clients_[i].instance_id = "i" + std::to_string(i);
        coordinator_ = std::make_unique<Coordinator>(settings_);
    }

    void act() {
        Client& client = clients_[random_.below(clients_.size())];
        switch (random_.below(9)) {
            case 0:
            case 1:
                return join(client);
            case 2:
            case 3:
                return sync(client);
            case 4:
                return heartbeat(client);
            case 5:
                return commit(client);
            case 6:
                if (random_.chance(0.3)) leave(client);
                return;
            case 7:
                if (random_.chance(0.1)) restart();
                return;
            default:
                pass(milliseconds(random_.between(1, random_.chance(0.1) ? 30'000 : 3000)));
        }
    }

    // Time goes on until nothing more is due.
    void fall_silent() {
        for (int ticks = 0; coordinator_->next_deadline() != never; ++ticks) {
            RC_ASSERT(ticks < 1000);
            const Time due = std::max(now_.time, coordinator_->next_deadline());
            pass(due - now_.time);
        }
    }

    void check_replay() const {
        LoggedState replayed;
        for (const RecordBytes& bytes : log_) replayed.apply(*decode(bytes).value());
        RC_ASSERT(replayed == coordinator_->logged());
        // The image of a state makes the same state.
        LoggedState rewritten;
        for (const auto& [id, group] : replayed.groups())
            for (const Record& record : image_of(id, group))
                rewritten.apply(*decode(encode(record)).value());
        RC_ASSERT(rewritten == replayed);
    }
    void check_committed() const {
        OffsetFetchRequest::Group request;
        request.group_id = group_id;
        request.topics.reset();
        std::map<int, std::int64_t> known;
        for (const auto& topic : coordinator_->offsets(request).topics)
            for (const auto& partition : topic.partitions)
                known[partition.partition_index.value] = partition.committed_offset.value;
        RC_ASSERT(known == committed_);
    }
    bool has_assigned() const { return !owners_.empty(); }
    void check_nobody_waits() const {
        RC_ASSERT(waiting_.empty());
        const ClassicGroup* group = coordinator_->find(group_id);
        const bool is_empty = group == nullptr || group->members.empty();
        RC_ASSERT(is_empty);
    }

private:
    void perform(Effects effects) {
        for (const Record& record : effects.records) {
            log_.push_back(encode(record));
            coordinator_->apply(record);
        }
        for (const Answer& answer : effects.answers) {
            // Each request is answered once.
            const auto waiter = waiting_.find(answer.ticket);
            RC_ASSERT(waiter != waiting_.end());
            Client& client = *waiter->second;
            waiting_.erase(waiter);
            std::visit([&](const auto& reply) { answered(client, reply); }, answer.reply);
        }
    }

    void answered(Client& client, const JoinGroupResponse& reply) {
        if (reply.error_code == ErrorCode::member_id_required) client.member_id = reply.member_id;
        if (reply.error_code == ErrorCode::unknown_member_id ||
            reply.error_code == ErrorCode::fenced_instance_id)
            client.member_id.clear();
        if (reply.error_code != ErrorCode::none) return;
        client.member_id = reply.member_id;
        client.generation = reply.generation_id;
        client.to_assign.clear();
        if (reply.skip_assignment) return;
        for (const auto& member : reply.members) client.to_assign.push_back(member.member_id);
    }
    void answered(const Client& client, const SyncGroupResponse& reply) {
        if (reply.error_code != ErrorCode::none) return;
        const std::string owner = client.instance_id.value_or(client.member_id);
        for (const char partition : reply.assignment.text()) {
            const auto [known, is_new] = owners_.emplace(
                std::pair(client.generation.value + restarts_ * 1'000'000, partition), owner);
            const bool is_the_only_one = is_new || known->second == owner;
            RC_ASSERT(is_the_only_one);
        }
    }

    Ticket ticket_for(Client& client) {
        const Ticket ticket(++tickets_);
        waiting_[ticket] = &client;
        return ticket;
    }

    void join(Client& client) {
        JoinGroupRequest request;
        request.group_id = group_id;
        request.member_id = client.member_id;
        if (client.instance_id && random_.chance(0.2)) request.member_id.clear();
        request.group_instance_id = client.instance_id;
        request.session_timeout_ms = static_cast<std::int32_t>(random_.between(6000, 30'000));
        request.rebalance_timeout_ms = static_cast<std::int32_t>(random_.between(0, 60'000));
        request.protocol_type = "consumer";
        request.protocols = {{"range", Bytes::copy_of("x")}};
        if (random_.chance(0.3)) request.protocols.push_back({"sticky", Bytes::copy_of("y")});
        const Version version(static_cast<std::int16_t>(random_.between(0, 9)));
        perform(coordinator_->joined(
            request, {ticket_for(client), version, std::to_string(++ids_), "c", "h"}, now_));
    }
    void sync(Client& client) {
        SyncGroupRequest request;
        request.group_id = group_id;
        request.generation_id = client.generation;
        request.member_id = client.member_id;
        request.group_instance_id = client.instance_id;
        std::map<std::string, std::string> shares;
        for (int p = 0; p < partitions && !client.to_assign.empty(); ++p)
            shares[client.to_assign[random_.below(client.to_assign.size())]] +=
                static_cast<char>('0' + p);
        for (const auto& [member, share] : shares)
            request.assignments.push_back({member, Bytes::copy_of(share)});
        perform(coordinator_->synced(request, ticket_for(client), now_));
    }
    void heartbeat(Client& client) {
        HeartbeatRequest request;
        request.group_id = group_id;
        request.generation_id = client.generation;
        request.member_id = client.member_id;
        request.group_instance_id = client.instance_id;
        const ErrorCode code = coordinator_->heartbeat_came(request, now_);
        if (code == ErrorCode::unknown_member_id) client.member_id.clear();
    }
    void commit(Client& client) {
        OffsetCommitRequest request;
        request.group_id = group_id;
        const bool is_simple = random_.chance(0.1);
        request.generation_id_or_member_epoch = is_simple ? GenerationId(-1) : client.generation;
        if (!is_simple) {
            request.member_id = client.member_id;
            request.group_instance_id = client.instance_id;
        }
        OffsetCommitRequest::Partition partition;
        const int index = static_cast<int>(random_.below(partitions));
        partition.partition_index = PartitionIndex(index);
        partition.committed_offset = Offset(++offset_);
        request.topics.push_back({"t", {}, {partition}});
        auto [reply, effects] = coordinator_->committed(request, Version(9), now_);
        if (reply.topics[0].partitions[0].error_code == ErrorCode::none)
            committed_[index] = offset_;
        else
            RC_ASSERT(effects.records.empty());
        perform(std::move(effects));
    }
    void leave(Client& client) {
        LeaveGroupRequest request;
        request.group_id = group_id;
        request.members.push_back({client.member_id, client.instance_id, {}});
        perform(coordinator_->left(request, now_).effects);
    }
    void pass(Duration duration) {
        now_.time = now_.time + duration;
        now_.wall = Timestamp(1'000'000 + to_milliseconds(now_.time.since_start));
        perform(coordinator_->ticked(now_));
        RC_ASSERT(coordinator_->next_deadline() > now_.time);
    }
    // The generation under way is lost with the process, so its number may come again.
    void restart() {
        ++restarts_;
        waiting_.clear();
        coordinator_ = std::make_unique<Coordinator>(settings_);
        for (const RecordBytes& bytes : log_) coordinator_->apply(*decode(bytes).value());
        coordinator_->restored(now_);
    }

    Random random_;
    GroupSettings settings_;
    std::vector<Client> clients_;
    std::unique_ptr<Coordinator> coordinator_;
    std::vector<RecordBytes> log_;
    Now now_{Time{}, Timestamp(1'000'000)};
    std::map<Ticket, Client*> waiting_;
    std::map<std::pair<int, char>, std::string> owners_;
    std::map<int, std::int64_t> committed_;
    std::int64_t offset_ = 0;
    std::uint64_t tickets_ = 0;
    int ids_ = 0;
    int restarts_ = 0;
};

RC_GTEST_PROP(Groups, KeepTheirLawsWhateverClientsDo, ()) {
    World world(*rc::gen::arbitrary<std::uint64_t>());
    for (int i = 0; i < 300; ++i) {
        world.act();
        world.check_committed();
    }
    RC_CLASSIFY(world.has_assigned(), "assigned");
    world.check_replay();
    world.fall_silent();
    world.check_nobody_waits();
    world.check_replay();
}

}  // namespace
}  // namespace sluice::group
