#include "core/metadata/replay.h"

#include <fmt/format.h>

#include "core/protocol/compression.h"
#include "core/protocol/record.h"

namespace sluice::metadata {
namespace {

// Records that exist in Apache Kafka and are not served, by their numbers there.
std::string_view kind_of(std::int16_t type) {
    switch (type) {
        case 10:
        case 26:
            return "a delegation token";
        case 11:
        case 22:
            return "a SCRAM credential";
        case 14:
            return "a client quota";
        case 18:
        case 19:
            return "an access control entry";
        default:
            return "a record of a kind this version does not know";
    }
}

ReplayFailure unreadable(Offset offset, Bytes value, Error error) {
    const auto frame = protocol::take_metadata_record_frame(value);
    if (error != Error::not_found || frame.failed())
        return {Error::corrupt, offset, "a damaged record"};
    return {Error::invalid, offset,
            fmt::format("{} (type {}, version {})", kind_of(static_cast<std::int16_t>(frame->type)),
                        static_cast<std::int16_t>(frame->type), frame->version.value)};
}

}  // namespace

Result<void, ReplayFailure> replay(const Bytes& batch, std::size_t decompressed_bytes_max,
                                   ImageBuilder& builder) {
    const protocol::BatchView view(batch.view());
    if (!view.is_control()) {
        const auto records = protocol::records_of(batch, decompressed_bytes_max);
        if (records.failed())
            return ReplayFailure{Error::corrupt, view.base_offset(), "a damaged batch"};
        protocol::RecordReader reader(view, records->view());
        while (const auto record = reader.next()) {
            const Bytes value = Bytes::copy_of(record->value);
            const auto decoded = protocol::decode_metadata_record(value);
            if (decoded.failed())
                return unreadable(reader.offset_of(*record), value, decoded.error());
            builder.apply(*decoded);
        }
        if (!reader.finished_well())
            return ReplayFailure{Error::corrupt, view.base_offset(), "a damaged batch"};
    }
    builder.advance(view.next_offset(), view.leader_epoch());
    return {};
}

}  // namespace sluice::metadata
