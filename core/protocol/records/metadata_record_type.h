#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::protocol {

// What a record of the metadata log is, by its number there. Numbers not in this list exist (access
// control, quotas, delegation tokens, passwords): a log that holds them cannot be served rightly.
enum class MetadataRecordType : std::int16_t {
    register_broker = 0,
    unregister_broker = 1,
    topic = 2,
    partition = 3,
    config = 4,
    partition_change = 5,
    fence_broker = 7,
    unfence_broker = 8,
    remove_topic = 9,
    feature_level = 12,
    producer_ids = 15,
    broker_registration_change = 17,
    no_op = 20,
    begin_transaction = 23,
    end_transaction = 24,
    abort_transaction = 25,
    register_controller = 27,
    clear_elr = 28,
};

}  // namespace sluice::protocol
