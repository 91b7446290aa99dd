#pragma once

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/env/network.h"
#include "core/protocol/messages/begin_quorum_epoch.h"
#include "core/protocol/messages/end_quorum_epoch.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/fetch_snapshot.h"
#include "core/protocol/messages/vote.h"

namespace sluice::broker {

// A shard's way to ask other nodes; net/kafka implements it. Connections are made when they are
// needed and made again when they break. Each call waits for the answer, at most as long as the
// implementation was told; Error::refused when nobody listens there, Error::closed when the
// connection broke, Error::invalid for somebody who does not serve what is asked.
class Peers {
public:
    virtual ~Peers() = default;

    virtual Result<protocol::VoteResponse> ask(const env::Address& to,
                                               const protocol::VoteRequest& request) = 0;
    virtual Result<protocol::BeginQuorumEpochResponse> ask(
        const env::Address& to, const protocol::BeginQuorumEpochRequest& request) = 0;
    virtual Result<protocol::EndQuorumEpochResponse> ask(
        const env::Address& to, const protocol::EndQuorumEpochRequest& request) = 0;
    // Who is asked may wait as long as the request says; on a connection that nothing else uses.
    virtual Result<protocol::FetchResponse> ask(const env::Address& to,
                                                const protocol::FetchRequest& request) = 0;
    virtual Result<protocol::FetchSnapshotResponse> ask(
        const env::Address& to, const protocol::FetchSnapshotRequest& request) = 0;
    // Ends every connection and every call, and lets none begin. Never waits.
    virtual void break_off() = 0;
    // After break_off(), once nobody is inside: must come before it goes. May wait.
    virtual void close() = 0;
};

}  // namespace sluice::broker
