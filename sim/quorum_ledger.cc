#include "sim/quorum_ledger.h"

#include <fmt/format.h>

#include "core/base/crc32c.h"
#include "core/metadata/snapshot.h"
#include "core/protocol/metadata_record.h"
#include "core/protocol/record.h"

namespace sluice::sim {

// One replica: its log, and what was last heard of it.
class QuorumLedger::Eyes final : public broker::QuorumWatch {
public:
    Eyes(QuorumLedger& ledger, BrokerId node) : node_(node), ledger_(ledger) {}

    void opened(Offset start) override {
        log_.clear();
        start_ = end_ = start;
        high_watermark_ = Offset(0);
    }
    void appended(const protocol::BatchView& batch) override {
        log_[batch.base_offset()] = {batch.next_offset(), batch.leader_epoch(), batch.crc()};
        end_ = batch.next_offset();
        ledger_.note_values(batch);
    }
    void cut(Offset end, bool all) override {
        log_.erase(all ? log_.begin() : log_.lower_bound(end), log_.end());
        if (all) start_ = end;
        end_ = end;
    }
    void committed(Offset high_watermark) override {
        if (high_watermark < high_watermark_)
            ledger_.fail("high watermark goes back",
                         fmt::format("node {}: from {} to {}", node_.value, high_watermark_.value,
                                     high_watermark.value));
        ledger_.check_committed(*this, std::max(start_, high_watermark_), high_watermark);
        high_watermark_ = high_watermark;
    }
    void led(const raft::Leadership& by) override {
        if (by.epoch < epoch_)
            ledger_.fail("epoch goes back", fmt::format("node {}: from {} to {}", node_.value,
                                                        epoch_.value, by.epoch.value));
        epoch_ = by.epoch;
        if (!by.leader) return;
        const auto [known, is_new] = ledger_.leaders_.emplace(by.epoch, *by.leader);
        if (known->second != *by.leader)
            ledger_.fail("two leaders in an epoch",
                         fmt::format("epoch {}: {} and {}", by.epoch.value, known->second.value,
                                     by.leader->value));
        if (by.leader == node_) ledger_.check_leader(*this, by.epoch);
    }
    void published(const metadata::MetadataImage& image) override {
        std::uint32_t digest = 0;
        for (const auto& record : metadata::records_of(image)) {
            const Bytes bytes = protocol::encode_newest(record);
            digest = crc32c(bytes.view(), digest);
        }
        const auto [known, is_new] = ledger_.images_.emplace(image.next_offset, digest);
        if (known->second != digest)
            ledger_.fail("images differ",
                         fmt::format("node {} at offset {}", node_.value, image.next_offset.value));
        ledger_.see_image_(image);
    }

private:
    friend class QuorumLedger;

    const BrokerId node_;
    QuorumLedger& ledger_;
    Log log_;
    Offset start_{0};
    Offset end_{0};
    Offset high_watermark_{0};
    LeaderEpoch epoch_{0};
};

QuorumLedger::QuorumLedger(World& world) : world_(world) {}

QuorumLedger::~QuorumLedger() = default;

broker::QuorumWatch* QuorumLedger::watch(BrokerId node) {
    auto& eyes = eyes_[node];
    if (!eyes) eyes = std::make_unique<Eyes>(*this, node);
    return eyes.get();
}

Offset QuorumLedger::high_watermark(BrokerId node) const {
    const auto found = eyes_.find(node);
    return found == eyes_.end() ? Offset(0) : found->second->high_watermark_;
}

void QuorumLedger::fail(std::string_view what, const std::string& text) {
    world_.fail({FailureKind::safety, fmt::format("quorum: {}", what), text});
}

// What one of them says is committed is what the others say, and goes on from it.
void QuorumLedger::check_committed(const Eyes& eyes, Offset from, Offset to) {
    if (eyes.end_ < to)
        return fail("committed beyond the log",
                    fmt::format("node {}: {}, and its log ends at {}", eyes.node_.value, to.value,
                                eyes.end_.value));
    for (auto it = eyes.log_.lower_bound(from); it != eyes.log_.end() && it->first < to; ++it) {
        const auto& [base, batch] = *it;
        if (base < committed_end_) {
            const auto known = committed_.find(base);
            // What was committed before everything that is known of it was a snapshot.
            if (known == committed_.end() || known->second == batch) continue;
            return fail("committed records differ",
                        fmt::format("node {} at offset {}", eyes.node_.value, base.value));
        }
        committed_[base] = batch;
        committed_in_[base] = eyes.epoch_;
        committed_end_ = batch.next;
        for (const std::string& value : values_[{base, batch.crc}]) committed_values_.insert(value);
    }
}

// Who is elected has everything that was committed in an epoch before. One that takes long to say
// that it is may have a successor already.
void QuorumLedger::check_leader(const Eyes& eyes, LeaderEpoch epoch) {
    for (auto it = committed_.lower_bound(eyes.start_); it != committed_.end(); ++it) {
        if (committed_in_.at(it->first) >= epoch) break;
        const auto own = eyes.log_.find(it->first);
        if (own == eyes.log_.end() || own->second != it->second)
            return fail("a leader lacks what is committed",
                        fmt::format("node {} in epoch {}, at offset {}", eyes.node_.value,
                                    epoch.value, it->first.value));
    }
}

void QuorumLedger::note_values(const protocol::BatchView& batch) {
    if (batch.is_control()) return;
    auto& values = values_[{batch.base_offset(), batch.crc()}];
    values.clear();
    protocol::RecordReader reader(batch, batch.records());
    while (const auto record = reader.next()) {
        const auto decoded = protocol::decode_metadata_record(Bytes::copy_of(record->value));
        if (decoded.failed()) continue;
        if (const auto* config = std::get_if<protocol::ConfigRecord>(&*decoded))
            if (config->value) values.push_back(*config->value);
    }
}

void QuorumLedger::acknowledged(const std::string& value) {
    if (!committed_values_.contains(value))
        fail("acknowledged and not committed", fmt::format("the value {}", value));
}

}  // namespace sluice::sim
