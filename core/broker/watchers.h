#pragma once

#include <cstdint>
#include <vector>

#include "core/env/event.h"

namespace sluice::broker {

// A fetch that waits for records of some partitions: its event is set once so many bytes of them
// became readable, or something else happened that it must tell its client. A follower's waits for
// what is appended, whatever its size.
struct Watch {
    env::Event& event;
    std::uint64_t wanted;  // Bytes, one or more.
    std::uint64_t came = 0;
    bool changed = false;
    bool of_follower = false;

    void add(std::uint64_t bytes) {
        came += bytes;
        if (came >= wanted) event.set();
    }
    void change() {
        changed = true;
        event.set();
    }
};

// Who waits for records of one partition. A watch is removed before it goes, or dismissed.
class Watchers {
public:
    void add(Watch& watch) { watches_.push_back(&watch); }
    void remove(Watch& watch) { std::erase(watches_, &watch); }
    std::size_t count() const { return watches_.size(); }
    void came(std::uint64_t bytes) {
        for (Watch* watch : watches_) watch->add(bytes);
    }
    // Nothing of it is committed yet.
    void appended() {
        for (Watch* watch : watches_)
            if (watch->of_follower) watch->change();
    }
    void changed() {
        for (Watch* watch : watches_) watch->change();
    }

    // The partition goes, and nobody finds it any more, not even to remove a watch.
    void dismiss() {
        changed();
        watches_.clear();
    }

private:
    std::vector<Watch*> watches_;
};

}  // namespace sluice::broker
