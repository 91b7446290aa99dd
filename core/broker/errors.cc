#include "core/broker/errors.h"

namespace sluice::broker {

protocol::ErrorCode error_code_of(Error error) {
    using protocol::ErrorCode;
    switch (error) {
        case Error::corrupt:
            return ErrorCode::corrupt_message;
        case Error::invalid:
            return ErrorCode::offset_out_of_range;
        case Error::timed_out:
        case Error::limit:
            return ErrorCode::request_timed_out;
        case Error::stopped:
        case Error::not_found:
            return ErrorCode::not_leader_or_follower;
        case Error::io:
        case Error::no_space:
        case Error::exists:
        case Error::closed:
        case Error::refused:
            return ErrorCode::kafka_storage_error;
    }
    return ErrorCode::unknown_server_error;
}

}  // namespace sluice::broker
