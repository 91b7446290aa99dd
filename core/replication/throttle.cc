#include "core/replication/throttle.h"

#include <algorithm>
#include <charconv>

namespace sluice::replication {
namespace {

std::optional<std::int32_t> number(std::string_view text) {
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<ThrottledReplicas> ThrottledReplicas::parse(std::string_view text) {
    ThrottledReplicas throttled;
    if (text == "*") {
        throttled.all_ = true;
        return throttled;
    }
    while (!text.empty()) {
        const std::string_view each = text.substr(0, text.find(','));
        text.remove_prefix(std::min(each.size() + 1, text.size()));
        const auto colon = each.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto partition = number(each.substr(0, colon));
        const auto broker = number(each.substr(colon + 1));
        if (!partition || !broker) return std::nullopt;
        throttled.replicas_.emplace(PartitionIndex(*partition), BrokerId(*broker));
    }
    return throttled;
}

void ReplicationThrottle::set_rate(std::int64_t bytes_per_second, Time now) {
    bytes_per_second_ = std::max<std::int64_t>(bytes_per_second, 1);
    // A debt at the old rate is not carried over: it may be hours of the new one.
    paid_until_ = std::min(paid_until_, now + seconds(1));
}

void ReplicationThrottle::moved(std::int64_t bytes, Time now) {
    if (bytes_per_second_ == unlimited) return;
    const double wait = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
    const auto microseconds = static_cast<std::int64_t>(std::min(wait, 3600.0) * 1e6);
    // What was not used in the last second may be used now.
    paid_until_ = std::max(paid_until_, now - seconds(1)) + Duration(microseconds);
}

bool ReplicationThrottle::allows(bool is_throttled, bool is_in_sync, Time now) const {
    return !is_throttled || is_in_sync || now >= paid_until_;
}

}  // namespace sluice::replication
