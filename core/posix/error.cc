#include "core/posix/error.h"

#include <cerrno>

namespace sluice::posix {

Error error_of(int system_error) {
    switch (system_error) {
        case ENOSPC:
        case EDQUOT:
            return Error::no_space;
        case ENOENT:
            return Error::not_found;
        case EEXIST:
            return Error::exists;
        case ETIMEDOUT:
            return Error::timed_out;
        case ECONNREFUSED:
            return Error::refused;
        case ECANCELED:
        case ECONNRESET:
        case ECONNABORTED:
        case EPIPE:
        case ENOTCONN:
        case EBADF:
            return Error::closed;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return Error::limit;
        case EINVAL:
        case EADDRNOTAVAIL:
            return Error::invalid;
        case EADDRINUSE:
            return Error::exists;
        default:
            return Error::io;
    }
}

}  // namespace sluice::posix
