#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/broker/group_coordinator.h"
#include "core/env/event.h"

namespace sluice::broker {

// The coordinators whose partitions live on this shard, and two fibers that look after them: one
// for deadlines, which never waits for the disk, and one for what does.
class GroupCoordinators {
public:
    explicit GroupCoordinators(Broker& broker);

    // Makes the fibers. Before clients are served, who could take the last ones.
    Result<void> start();
    // The shard's view of the metadata changed: partitions came or went, or topics did.
    void image_changed();
    // Nothing when the partition's home is elsewhere.
    GroupCoordinator* find(PartitionIndex partition);
    // A partition whose groups cannot be served, as they are of another kind. May wait.
    std::optional<PartitionIndex> find_foreign();
    // Sends away whoever waits and ends the fibers. Again and again does no harm.
    void stop();

private:
    void run_deadlines();
    void run_background();
    Time next_deadline() const;

    Broker& broker_;
    env::Env& env_;
    env::FiberGroup fibers_;
    env::Event deadline_moved_;
    env::Event work_came_;
    // Those of deleted topics stay, closed: somebody may still be inside.
    std::map<PartitionId, std::unique_ptr<GroupCoordinator>> coordinators_;
    std::size_t topics_known_ = 0;
    bool topics_may_be_gone_ = false;
    Time planned_ = never;  // When the deadlines' fiber wakes by itself.
    Time retention_due_ = never;
    bool stopping_ = false;
};

}  // namespace sluice::broker
