#include "core/broker/errors.h"

namespace sluice::broker {

using protocol::ErrorCode;

ErrorCode append_error(Error error) {
    switch (error) {
        case Error::timed_out:
        case Error::limit:
            return ErrorCode::request_timed_out;
        case Error::stopped:
        case Error::not_found:
            return ErrorCode::not_leader_or_follower;
        case Error::invalid:  // What was checked does not fit the log: no retry helps.
            return ErrorCode::invalid_record;
        case Error::corrupt:
        case Error::io:
        case Error::no_space:
        case Error::exists:
        case Error::closed:
        case Error::refused:
            return ErrorCode::kafka_storage_error;
    }
    return ErrorCode::unknown_server_error;
}

ErrorCode read_error(Error error) {
    if (error == Error::corrupt) return ErrorCode::corrupt_message;
    // The log was cut at its beginning meanwhile.
    if (error == Error::invalid) return ErrorCode::offset_out_of_range;
    return append_error(error);
}

ErrorCode change_error(Error error) {
    switch (error) {
        case Error::stopped:
        case Error::closed:
        case Error::refused:
            return ErrorCode::not_controller;
        case Error::timed_out:
        case Error::limit:
        case Error::not_found:
        case Error::invalid:
        case Error::corrupt:
        case Error::io:
        case Error::no_space:
        case Error::exists:
            return append_error(error);
    }
    return ErrorCode::unknown_server_error;
}

}  // namespace sluice::broker
