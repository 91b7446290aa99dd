#pragma once

#include <map>
#include <optional>
#include <string>

#include "cmd/sluice/json.h"
#include "core/client/cluster.h"

namespace sluice::cmd {

// How far a group is with each partition, and how far behind.
class GroupOffsetsTable {
public:
    explicit GroupOffsetsTable(client::Cluster& cluster) : cluster_(cluster) {}

    void add(const client::TopicPartition& partition, Offset committed);
    void owned_by(const client::TopicPartition& partition, const std::string& member);

    void print() const;
    void write(JsonWriter& json) const;

private:
    struct Row {
        std::optional<Offset> committed;
        std::optional<Offset> end;  // Nothing when its leader does not say.
        std::string owner;

        std::optional<std::int64_t> lag() const {
            if (!committed || !end) return std::nullopt;
            return end->minus(*committed);
        }
    };
    Row& row_of(const client::TopicPartition& partition);

    client::Cluster& cluster_;
    std::map<client::TopicPartition, Row> rows_;
};

}  // namespace sluice::cmd
