#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct InitProducerIdRequest {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(2);

    std::optional<std::string> transactional_id = "";
    std::int32_t transaction_timeout_ms = 0;
    // With the epoch: what the producer had before, -1 for nothing.
    ProducerId producer_id{-1};
    ProducerEpoch producer_epoch{-1};

    static constexpr void fields(auto&& visit) {
        visit(field("transactional_id").nullable(), &InitProducerIdRequest::transactional_id);
        visit(field("transaction_timeout_ms"), &InitProducerIdRequest::transaction_timeout_ms);
        visit(field("producer_id", since(3)), &InitProducerIdRequest::producer_id);
        visit(field("producer_epoch", since(3)), &InitProducerIdRequest::producer_epoch);
    }
    bool operator==(const InitProducerIdRequest&) const = default;
};

struct InitProducerIdResponse {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(2);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    ProducerId producer_id{-1};
    ProducerEpoch producer_epoch{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms").ignorable(), &InitProducerIdResponse::throttle_time_ms);
        visit(field("error_code"), &InitProducerIdResponse::error_code);
        visit(field("producer_id"), &InitProducerIdResponse::producer_id);
        visit(field("producer_epoch"), &InitProducerIdResponse::producer_epoch);
    }
    bool operator==(const InitProducerIdResponse&) const = default;
};

}  // namespace sluice::protocol
