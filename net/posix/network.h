#pragma once

#include "core/env/network.h"
#include "core/posix/reactor.h"

namespace sluice::posix {

// Real TCP sockets, for one shard.
class PosixNetwork final : public env::Network {
public:
    explicit PosixNetwork(Reactor& reactor) : reactor_(reactor) {}

    Result<std::unique_ptr<env::Listener>> listen(const env::Address& address) override;
    std::unique_ptr<env::Connection> adopt(std::unique_ptr<env::Accepted> accepted) override;
    Result<std::unique_ptr<env::Connection>> connect(const env::Address& address,
                                                     Time deadline) override;

private:
    Reactor& reactor_;
};

}  // namespace sluice::posix
