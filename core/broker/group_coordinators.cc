#include "core/broker/group_coordinators.h"

#include "core/broker/broker.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

GroupCoordinators::GroupCoordinators(Broker& broker)
    : broker_(broker),
      env_(broker.env()),
      fibers_(env_.scheduler),
      deadline_moved_(env_.scheduler),
      work_came_(env_.scheduler) {}

Result<void> GroupCoordinators::start() {
    retention_due_ = env_.clock.now() + broker_.config().groups.offsets_retention_check_interval;
    CHECK_OK(fibers_.spawn("group-deadlines", [this] { run_deadlines(); }));
    return fibers_.spawn("group-background", [this] { run_background(); });
}

void GroupCoordinators::image_changed() {
    if (stopping_) return;
    const metadata::MetadataImage& image = broker_.image();
    const metadata::TopicState* topic = image.topic(metadata::consumer_offsets_topic);
    for (auto& [id, coordinator] : coordinators_)
        if (topic == nullptr || id.topic != topic->id) coordinator->close();
    if (topic == nullptr) return;
    for (const auto& [index, state] : topic->partitions) {
        const PartitionId id{topic->id, index};
        if (broker_.home_of(id) != env_.shards.self()) continue;
        const bool leads = state.leader == broker_.config().node_id;
        if (const auto known = coordinators_.find(id); known != coordinators_.end()) {
            known->second->lead(leads);
            continue;
        }
        if (!leads) continue;
        const auto woken = [this](bool background_too) {
            if (next_deadline() < planned_) deadline_moved_.set();
            if (background_too) work_came_.set();
        };
        coordinators_.emplace(id, std::make_unique<GroupCoordinator>(broker_, id, woken));
    }
    // A topic deleted and another made at once escape this, until retention is checked.
    if (image.topics_by_id.size() <= topics_known_) topics_may_be_gone_ = true;
    topics_known_ = image.topics_by_id.size();
    work_came_.set();
}

GroupCoordinator* GroupCoordinators::find(PartitionIndex partition) {
    const metadata::TopicState* topic = broker_.image().topic(metadata::consumer_offsets_topic);
    if (topic == nullptr) return nullptr;
    const auto found = coordinators_.find({topic->id, partition});
    return found == coordinators_.end() ? nullptr : found->second.get();
}

std::optional<PartitionIndex> GroupCoordinators::find_foreign() {
    for (const auto& [id, coordinator] : coordinators_) {
        const auto checked = coordinator->check_log();
        if (checked.failed() && checked.error() == Error::invalid) return id.index;
    }
    return std::nullopt;
}

void GroupCoordinators::stop() {
    stopping_ = true;
    for (auto& [id, coordinator] : coordinators_) coordinator->close();
    deadline_moved_.set();
    work_came_.set();
    fibers_.join();
}

Time GroupCoordinators::next_deadline() const {
    Time next = retention_due_;
    for (const auto& [id, coordinator] : coordinators_)
        next = std::min(next, coordinator->next_deadline());
    return next;
}

void GroupCoordinators::run_deadlines() {
    while (!stopping_) {
        planned_ = next_deadline();
        const auto woken = deadline_moved_.wait_until(planned_);
        if (woken.failed() && woken.error() != Error::timed_out) return;
        if (stopping_) return;
        for (auto& [id, coordinator] : coordinators_) coordinator->tick();
        if (retention_due_ > env_.clock.now()) continue;
        for (auto& [id, coordinator] : coordinators_) {
            coordinator->check_retention();
            coordinator->drop_offsets_of_missing_topics();
        }
        retention_due_ =
            env_.clock.now() + broker_.config().groups.offsets_retention_check_interval;
    }
}

void GroupCoordinators::run_background() {
    while (!stopping_) {
        if (work_came_.wait().failed()) return;
        const bool some_may_be_gone = std::exchange(topics_may_be_gone_, false);
        // Image changes may add coordinators while one of them is being read.
        for (auto next = coordinators_.begin(); next != coordinators_.end() && !stopping_; ++next) {
            GroupCoordinator& coordinator = *next->second;
            if (coordinator.is_unloaded()) coordinator.load();
            if (some_may_be_gone) coordinator.drop_offsets_of_missing_topics();
            if (coordinator.wants_rewrite()) coordinator.rewrite();
        }
    }
}

}  // namespace sluice::broker
