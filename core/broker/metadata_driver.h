#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/data_directory.h"
#include "core/broker/start_failure.h"
#include "core/env/event.h"
#include "core/metadata/controller.h"

namespace sluice::broker {

// Carries decisions about the cluster's metadata to the log of one voter and back: decide on the
// newest image, append the records, apply them, and answer once they are durable and every shard
// has seen them. Lives on the first shard.
class MetadataDriver {
public:
    MetadataDriver(env::Env& env, const BrokerConfig& config, DataDirectory& directory,
                   LogStore& logs);
    ~MetadataDriver();

    // Opens the metadata log, replays what its newest snapshot does not hold, and begins a new
    // epoch in it. Fails when it holds what this version does not serve, naming that.
    Result<void, StartFailure> start(const LogHints& hints);
    // Makes this broker known, in a new incarnation, and on a new log the feature levels first.
    Result<void> register_broker(const NodeFacts& facts);
    // Every shard's broker, which gets each new image; and the hints of this start for the first
    // one.
    void connect(std::vector<Broker*> brokers) { brokers_ = std::move(brokers); }
    void set_hints(std::map<std::string, LogHints> hints) { hints_ = std::move(hints); }

    // Runs `decide` on the newest image and returns its reply once the records are committed and
    // published. Error::io when the log has failed.
    template <class Reply>
    Result<Reply> commit(
        const std::function<metadata::Decision<Reply>(const metadata::Controller&)>& decide) {
        const metadata::MetadataImage& image = builder_.image();
        auto decision = decide(metadata::Controller(image, config_.controller));
        // Also a refusal may rest on records that are not committed yet: every reply waits for
        // them.
        CHECK_OK(commit_records(decision.records));
        return std::move(decision.reply);
    }

    // Gives the newest committed image to every shard, and returns when they have it.
    Result<void> publish();
    const metadata::MetadataImage& image() { return builder_.image(); }
    LeaderEpoch epoch() const { return epoch_; }
    // Takes a snapshot once the log has grown enough since the last one, and drops what that makes
    // superfluous.
    void maintain();
    Result<void> close();

private:
    Result<void, StartFailure> load_snapshot();
    Result<void, StartFailure> replay();
    Result<void, StartFailure> replay_batches(const std::vector<Bytes>& pieces);
    Result<void> begin_epoch();
    Result<void> take_snapshot();
    Result<void> commit_records(const std::vector<protocol::MetadataRecord>& records);
    Result<void> append_records(const std::vector<protocol::MetadataRecord>& records);
    Result<Offset> append(const Bytes& batch);

    env::Env& env_;
    const BrokerConfig& config_;
    DataDirectory& directory_;
    LogStore& logs_;
    LogConfig log_config_;
    std::unique_ptr<PartitionLog> log_;
    metadata::ImageBuilder builder_;
    std::uint64_t bytes_since_snapshot_ = 0;
    env::Mutex snapshotting_;
    LeaderEpoch epoch_{0};
    std::vector<Broker*> brokers_;
    std::map<std::string, LogHints> hints_;
    env::Mutex publishing_;
    Offset published_{0};
};

}  // namespace sluice::broker
