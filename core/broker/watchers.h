#pragma once

#include <algorithm>
#include <vector>

#include "core/env/event.h"

namespace sluice::broker {

// Events to set whenever something advances: fetches that wait for records register theirs.
class Watchers {
public:
    void add(env::Event& event) { events_.push_back(&event); }
    void remove(env::Event& event) { std::erase(events_, &event); }
    std::size_t count() const { return events_.size(); }
    void notify() {
        for (env::Event* event : events_) event->set();
    }

private:
    std::vector<env::Event*> events_;
};

}  // namespace sluice::broker
