#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "core/protocol/messages/produce.h"
#include "sim/produce_consume.h"
#include "sim/raw_connection.h"

namespace sluice::sim {

// Idempotent producers that do all the protocol allows, on a connection of their own: up to five
// batches of a partition under way, sent again from the oldest when the connection breaks; batches
// that were answered long ago sent once more; sequences that begin again behind the largest; newer
// epochs, and then something of an older one.
class PipelinedProducer final : public ProduceConsume {
public:
    explicit PipelinedProducer(const WorkloadContext& context)
        : ProduceConsume(context, "pipeline") {}

    std::optional<Failure> judge() override {
        return failure_ ? failure_ : ProduceConsume::judge();
    }

private:
    struct Batch {
        std::vector<std::size_t> sends;  // In the history.
        Sequence sequence{0};
        Bytes bytes;
        std::int64_t offset = -1;  // Where it was acknowledged; -1 when that was not said.
    };
    // What a producer has to do with one partition.
    struct Lane {
        std::uint32_t log = 0;
        Sequence next{0};
        std::deque<Batch> open;  // Oldest first; the first `under_way` of them were sent.
        std::size_t under_way = 0;
        // Those that were acknowledged last, oldest first; as many as are remembered.
        std::deque<Batch> answered;
    };
    struct Stream;

    void produce(Client& client, std::uint32_t number) override;
    Result<void> identify(Client& client, Stream& stream);
    Result<void> work(Stream& stream);
    void fill(Stream& stream, Lane& lane);
    Result<void> send(Stream& stream, Lane& lane, const Bytes& batch);
    Result<protocol::ProduceResponse::Partition> receive(Stream& stream);
    Result<void> take_answer(Stream& stream);
    Result<void> repeat_one(Stream& stream, Lane& lane);
    Result<void> begin_epoch(Stream& stream);
    Result<void> come_too_early(Stream& stream, Lane& lane, ProducerEpoch epoch, Sequence sequence);
    Result<void> come_too_late(Stream& stream, Lane& lane, ProducerEpoch epoch, Sequence sequence);
    Result<protocol::ErrorCode> send_odd_one(Stream& stream, Lane& lane, ProducerEpoch epoch,
                                             Sequence sequence);
    static bool is_known(const Lane& lane);
    void fail(const std::string& signature, std::string text);

    std::set<std::int64_t> producer_ids_;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
