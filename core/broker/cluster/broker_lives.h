#pragma once

#include <optional>

#include "core/broker/broker_config.h"
#include "core/broker/data_directory.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "core/metadata/image.h"

namespace sluice::broker {

// Knows what this broker may say of its earlier life when it registers (KIP-966, decisions 0032),
// and keeps for the next one what that may say of this life. A life counts as long as it had all it
// acknowledged on disk. Lives on the first shard.
class BrokerLives {
public:
    BrokerLives(env::Env& env, DataDirectory& directory);

    // Reads what the last run left. May wait.
    void open();
    // The epoch of the life that is over, or of this one when it has to register again;
    // -1 when it cannot be trusted with what it proved.
    protocol::BrokerEpoch to_be_named() const;
    // It registered and got this epoch. Durable on return; where that fails, the next life names
    // an older one, which nobody believes.
    Result<void> began(protocol::BrokerEpoch epoch);
    // From now on records may be acknowledged before they are on disk: no later word of this life
    // counts. Durable on return.
    Result<void> opt_out();
    bool has_opted_out() const { return mark_is_kept_; }

private:
    Result<void> keep();

    DataDirectory& directory_;
    std::optional<BrokerLife> last_;              // As the last run left it.
    std::optional<protocol::BrokerEpoch> epoch_;  // Of this life.
    bool opted_out_ = false;                      // In this life.
    bool mark_is_kept_ = false;
    env::Mutex keeping_;
};

// A topic that this broker holds lets it acknowledge records that are not on disk (flush.messages).
bool acknowledges_early(const metadata::MetadataImage& image, const BrokerConfig& config);

}  // namespace sluice::broker
