#include "cmd/sluice/group_offsets_table.h"

#include "cmd/sluice/table.h"
#include "core/client/consumer.h"

namespace sluice::cmd {

GroupOffsetsTable::Row& GroupOffsetsTable::row_of(const client::TopicPartition& partition) {
    const auto [found, is_new] = rows_.try_emplace(partition);
    if (is_new) {
        client::Consumer reader(cluster_, {});
        const auto end = reader.offset_at(partition, Timestamp(client::Consumer::latest.value));
        if (end) found->second.end = *end;
    }
    return found->second;
}

void GroupOffsetsTable::add(const client::TopicPartition& partition, Offset committed) {
    row_of(partition).committed = committed;
}

void GroupOffsetsTable::owned_by(const client::TopicPartition& partition,
                                 const std::string& member) {
    row_of(partition).owner = member;
}

void GroupOffsetsTable::print() const {
    Table table({"topic", "partition", "committed", "end", "lag", "member"});
    const auto text = [](const auto& value) { return value ? std::to_string(*value) : "-"; };
    const auto number = [](std::optional<Offset> offset) {
        return offset ? std::optional(offset->value) : std::nullopt;
    };
    for (const auto& [partition, row] : rows_)
        table.row({partition.topic, std::to_string(partition.partition.value),
                   text(number(row.committed)), text(number(row.end)), text(row.lag()),
                   row.owner.empty() ? "-" : row.owner});
    table.print();
}

void GroupOffsetsTable::write(JsonWriter& json) const {
    const auto put = [&](std::string_view name, std::optional<std::int64_t> value) {
        json.name(name);
        if (value)
            json.value(*value);
        else
            json.null();
    };
    const auto number = [](std::optional<Offset> offset) {
        return offset ? std::optional(offset->value) : std::nullopt;
    };
    json.begin_array();
    for (const auto& [partition, row] : rows_) {
        json.begin_object().name("topic").value(partition.topic).name("partition");
        json.value(std::int64_t{partition.partition.value});
        put("committed", number(row.committed));
        put("end", number(row.end));
        put("lag", row.lag());
        json.name("member");
        if (row.owner.empty())
            json.null();
        else
            json.value(row.owner);
        json.end_object();
    }
    json.end_array();
}

}  // namespace sluice::cmd
