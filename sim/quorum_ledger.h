#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/broker/quorum_watch.h"
#include "sim/world.h"

namespace sluice::sim {

// What all replicas of the metadata log have come to, held against each other whenever one of them
// moves: one leader an epoch, epochs and high watermarks that never go back, what is committed once
// committed everywhere and for ever, and images that are the same at the same offset. Whatever is
// not so ends the run.
class QuorumLedger {
public:
    explicit QuorumLedger(World& world);
    ~QuorumLedger();
    QuorumLedger(const QuorumLedger&) = delete;
    QuorumLedger& operator=(const QuorumLedger&) = delete;

    // The eyes for one replica; they live as long as this.
    broker::QuorumWatch* watch(BrokerId node);
    // Called with every image that a node's shards get.
    void on_image(std::function<void(const metadata::MetadataImage&)> see) {
        see_image_ = std::move(see);
    }
    // Somebody was told that this value of a configuration was set.
    void acknowledged(const std::string& value);

    Offset committed_end() const { return committed_end_; }
    // Of the replica's last life.
    Offset high_watermark(BrokerId node) const;
    std::uint64_t elections() const { return leaders_.size(); }

private:
    struct Batch {
        Offset next;
        LeaderEpoch epoch;
        std::uint32_t crc = 0;

        friend bool operator==(const Batch&, const Batch&) = default;
    };
    using Log = std::map<Offset, Batch>;  // By their first offsets.
    class Eyes;

    void fail(std::string_view what, const std::string& text);
    void check_committed(const Eyes& eyes, Offset from, Offset to);
    void check_leader(const Eyes& eyes, LeaderEpoch epoch);
    void note_values(const protocol::BatchView& batch);

    World& world_;
    std::function<void(const metadata::MetadataImage&)> see_image_ = [](const auto&) {};
    std::map<BrokerId, std::unique_ptr<Eyes>> eyes_;
    Log committed_;
    Offset committed_end_{0};
    std::map<Offset, LeaderEpoch> committed_in_;  // By the first offsets of batches.
    std::map<LeaderEpoch, BrokerId> leaders_;
    std::map<Offset, std::uint32_t> images_;                                       // Their digests.
    std::map<std::pair<Offset, std::uint32_t>, std::vector<std::string>> values_;  // Of a batch.
    std::set<std::string> committed_values_;
};

}  // namespace sluice::sim
