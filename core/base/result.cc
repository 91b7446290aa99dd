#include "core/base/result.h"

namespace sluice {

std::string_view name_of(Error error) {
    switch (error) {
        case Error::io:
            return "input/output error";
        case Error::stopped:
            return "stopped";
        case Error::corrupt:
            return "corrupt";
        case Error::no_space:
            return "no space left on the disk";
        case Error::not_found:
            return "not found";
        case Error::exists:
            return "already exists";
        case Error::timed_out:
            return "timed out";
        case Error::closed:
            return "connection closed";
        case Error::refused:
            return "connection refused";
        case Error::limit:
            return "limit reached";
        case Error::invalid:
            return "invalid";
    }
    return "unknown error";
}

}  // namespace sluice
