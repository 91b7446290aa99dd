#include "core/client/refusal.h"

#include <fmt/format.h>

namespace sluice::client {

std::string Refusal::text() const {
    if (code == protocol::ErrorCode::none)
        return message.empty() ? std::string(name_of(error))
                               : fmt::format("{} ({})", message, name_of(error));
    return message.empty() ? std::string(name_of(code))
                           : fmt::format("{} ({})", message, name_of(code));
}

}  // namespace sluice::client
