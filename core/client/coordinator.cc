#include "core/client/coordinator.h"

namespace sluice::client {

using protocol::ErrorCode;

Result<env::Address, Refusal> Coordinator::find() {
    if (known_) return *known_;
    protocol::FindCoordinatorRequest request;
    request.coordinator_keys = {group_};
    const auto connection = cluster_.any();
    if (connection.failed()) return refusal(connection.error());
    const auto reply = (*connection)->ask(request);
    if (reply.failed()) return refusal(reply.error());
    if (reply->coordinators.size() != 1) return refusal(Error::invalid);
    const auto& found = reply->coordinators.front();
    if (found.error_code != ErrorCode::none)
        return refusal(found.error_code, found.error_message.value_or(""));
    known_ = env::Address{found.host, static_cast<std::uint16_t>(found.port)};
    return *known_;
}

bool Coordinator::try_again(ErrorCode code) {
    if (cluster_.options().gives_up()) return false;
    const bool moved = code == ErrorCode::not_coordinator ||
                       code == ErrorCode::coordinator_not_available ||
                       code == ErrorCode::request_timed_out;
    if (moved) lost();
    return moved || code == ErrorCode::coordinator_load_in_progress ||
           code == ErrorCode::unstable_offset_commit;
}

bool Coordinator::try_again(const Refusal& why) {
    if (why.code != ErrorCode::none) return try_again(why.code);
    if (cluster_.options().gives_up()) return false;
    switch (why.error) {
        case Error::stopped:
        case Error::invalid:
        case Error::limit:
        case Error::corrupt:
            return false;
        case Error::io:
        case Error::no_space:
        case Error::not_found:
        case Error::exists:
        case Error::timed_out:
        case Error::closed:
        case Error::refused:
            lost();
            return true;
    }
    return false;
}

}  // namespace sluice::client
