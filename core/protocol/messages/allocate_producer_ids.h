#pragma once

#include <cstdint>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct AllocateProducerIdsRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{-1};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &AllocateProducerIdsRequest::broker_id);
        visit(field("broker_epoch"), &AllocateProducerIdsRequest::broker_epoch);
    }
    bool operator==(const AllocateProducerIdsRequest&) const = default;
};

struct AllocateProducerIdsResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    ProducerId producer_id_start{};
    std::int32_t producer_id_len = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &AllocateProducerIdsResponse::throttle_time_ms);
        visit(field("error_code"), &AllocateProducerIdsResponse::error_code);
        visit(field("producer_id_start"), &AllocateProducerIdsResponse::producer_id_start);
        visit(field("producer_id_len"), &AllocateProducerIdsResponse::producer_id_len);
    }
    bool operator==(const AllocateProducerIdsResponse&) const = default;
};

}  // namespace sluice::protocol
