#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/cluster/broker_lives.h"
#include "core/broker/data_directory.h"
#include "core/broker/quorum_driver.h"
#include "core/broker/start_failure.h"
#include "core/env/event.h"
#include "core/metadata/controller.h"

namespace sluice::broker {

// Carries decisions about the cluster's metadata to the log that the quorum keeps, and back: decide
// on the newest image, append the records, apply them, and answer once they are committed and every
// shard has seen them. Where somebody else leads, what is committed is applied and nothing decided.
// Lives on the first shard.
class MetadataDriver {
public:
    MetadataDriver(env::Env& env, const BrokerConfig& config, DataDirectory& directory,
                   LogStore& logs, Peers* peers);
    ~MetadataDriver();

    // Opens the metadata log, and takes part in its quorum; a lone node replays what its newest
    // snapshot does not hold, and begins a new epoch. Fails when the log holds what this version
    // does not serve, naming that. `failed` and `checkpoint` as in QuorumDriver::Setup.
    struct Host {
        const NodeFacts& facts;
        std::function<Result<void>()> checkpoint;
        std::function<void()> failed;
        // The node became active or is not any more, somebody else leads, or the shards have a new
        // image. Must not wait.
        std::function<void()> changed = [] {};
        QuorumWatch* watch = nullptr;
    };
    Result<void, StartFailure> start(const LogHints& hints, const Host& host);
    // Makes this broker known, in a new incarnation, and on a new log the feature levels first.
    Result<void> register_broker(const NodeFacts& facts);
    // Every shard's broker, which gets each new image; and the hints of this start for the first
    // one.
    void connect(std::vector<Broker*> brokers) { brokers_ = std::move(brokers); }
    void set_hints(std::map<std::string, LogHints> hints) { hints_ = std::move(hints); }

    // Runs `decide` on the newest image and returns its reply once the records are committed and
    // published; `appended` hears of the reply as soon as the image holds them, before anybody else
    // decides. Error::io when the log has failed; Error::stopped when this node does not lead the
    // quorum, or does not any more, and nobody knows what becomes of the records.
    template <class Reply>
    Result<Reply> change(
        const std::function<metadata::Decision<Reply>(const metadata::MetadataImage&)>& decide,
        const std::function<void(const Reply&)>& appended = [](const Reply&) {}) {
        if (!is_active()) return Error::stopped;
        const LeaderEpoch epoch = *active_in_;
        auto decision = decide(builder_.image());
        if (!decision.records.empty()) CHECK_OK(append(decision.records));
        appended(decision.reply);
        // Also a refusal may rest on records that are not committed yet: every reply waits for
        // them.
        CHECK_OK(wait_published(epoch));
        return std::move(decision.reply);
    }
    // The same for what is decided about topics and configurations.
    template <class Reply>
    Result<Reply> commit(
        const std::function<metadata::Decision<Reply>(const metadata::Controller&)>& decide) {
        return change<Reply>([&](const metadata::MetadataImage& image) {
            return decide(metadata::Controller(image, config_.controller));
        });
    }
    // Only on the active node: puts the records into the log and the newest image. Never waits.
    Result<void> append(const std::vector<protocol::MetadataRecord>& records);

    // Gives the newest image to every shard once it is committed, and returns when they have it.
    Result<void> publish();
    const metadata::MetadataImage& image() { return builder_.image(); }
    // What every node knows, or will know, of the log so far.
    const metadata::MetadataImage& committed_image() const { return *committed_; }
    // Every shard has applied all before it.
    Offset published_end() const { return published_; }
    // This node leads, and knows everything that the log holds.
    bool is_active() const {
        return active_in_ && quorum_.leads() && quorum_.leadership().epoch == *active_in_;
    }
    QuorumDriver& quorum() { return quorum_; }
    BrokerLives& lives() { return lives_; }
    // Takes a snapshot once the log has grown enough since the last one, and drops what that makes
    // superfluous.
    void maintain();
    // Lets another one lead, and sends away who waits. May wait for that.
    void begin_stop() { quorum_.begin_stop(); }
    // Ends everything but the log.
    void stop();
    Result<void> close();

private:
    Result<void, StartFailure> load_snapshot();
    Result<void, StartFailure> replay(Offset end);
    Result<void, StartFailure> replay_batches(const std::vector<Bytes>& pieces);
    Result<void, StartFailure> wait_active();

    // What the quorum has committed (metadata_follower.cc), in a fiber of its own.
    void follow();
    Result<void, StartFailure> catch_up();
    void step_down();
    Result<void> activate();
    Result<void> publish_committed();

    Result<void> take_snapshot();
    Result<void> wait_published(LeaderEpoch epoch);
    Result<void> note_opting_out(const metadata::MetadataImage& image);
    Result<void> give_to_shards(const Shared<const metadata::MetadataImage>& image);

    env::Env& env_;
    const BrokerConfig& config_;
    DataDirectory& directory_;
    QuorumDriver quorum_;
    BrokerLives lives_;
    metadata::ImageBuilder builder_;
    Shared<const metadata::MetadataImage> committed_;
    std::optional<LeaderEpoch> active_in_;
    std::uint64_t bytes_since_snapshot_ = 0;
    env::Mutex snapshotting_;
    std::vector<Broker*> brokers_;
    std::map<std::string, LogHints> hints_;
    env::Mutex publishing_;
    Offset published_{0};
    std::function<void()> failed_ = [] {};
    std::function<void()> changed_ = [] {};
    env::Event moved_;       // The quorum.
    env::Signal activated_;  // Or it will never be.
    env::FiberGroup fibers_;
    bool stopping_ = false;
};

}  // namespace sluice::broker
