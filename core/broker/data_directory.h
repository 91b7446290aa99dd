#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/uuid.h"
#include "core/broker/log.h"
#include "core/metadata/snapshot.h"
#include "core/raft/quorum.h"

namespace sluice::broker {

// Whose a data directory is: meta.properties.
struct DirectoryIdentity {
    std::string cluster_id;
    BrokerId node_id;
    Uuid directory_id;
};

// What a broker's life leaves for the next one (KIP-966).
struct BrokerLife {
    protocol::BrokerEpoch epoch;  // Of its last registration.
    bool opted_out = false;       // It may have acknowledged records that were not on disk.

    friend bool operator==(const BrokerLife&, const BrokerLife&) = default;
};

// What a data directory holds beside its logs. Used by the first shard only; storage/log implements
// it.
class DataDirectory {
public:
    virtual ~DataDirectory() = default;

    // Takes the directory for this process, making it when it is new. Nothing when it was never
    // formatted; Error::exists while another process has it, Error::corrupt for an unreadable
    // identity.
    virtual Result<std::optional<DirectoryIdentity>> open() = 0;
    // Gives a new directory its identity; durable on return.
    virtual Result<void> format(const DirectoryIdentity& identity) = 0;
    // What the last run left for this one to open its logs with, by name; what it left in journals
    // is in the logs on return. That it ended cleanly can be believed once only: the mark is
    // durably gone.
    virtual Result<std::map<std::string, LogHints>> begin() = 0;
    // Another broker used it last, as far as can be seen: it may hold what this one does not serve.
    // Known after begin().
    virtual bool is_foreign() const = 0;
    // Records how far recovery may skip; durable on return.
    virtual Result<void> checkpoint(const std::vector<LogStore::Checkpoint>& logs) = 0;
    // Every log was closed without an error.
    virtual Result<void> mark_clean() = 0;
    // The newest snapshot of the metadata log, if there is any.
    virtual Result<std::optional<metadata::Snapshot>> newest_snapshot() = 0;
    // What the replica of the metadata log must never forget: nothing when it never kept anything.
    // Error::corrupt for what cannot be read, since its vote may be in it.
    virtual Result<std::optional<raft::QuorumState>> quorum_state() = 0;
    // The voters of the configuration with which that was kept; none where it does not name them,
    // or nothing was kept. May be asked before begin().
    virtual Result<std::vector<BrokerId>> quorum_voters() = 0;
    // Keeps it, durable on return. `configured` are the voters of controller.quorum.voters, by whom
    // Kafka tells the two forms of the file apart; none where the log names them. The metadata log
    // has been opened.
    virtual Result<void> keep_quorum_state(const raft::QuorumState& state,
                                           const std::vector<BrokerId>& configured) = 0;
    // The last life of this broker, if it had one; Error::corrupt for what cannot be read.
    virtual Result<std::optional<BrokerLife>> last_life() = 0;
    // Keeps that of this one, durable on return.
    virtual Result<void> keep_life(const BrokerLife& life) = 0;
    // Keeps a snapshot, durable on return, and then no older one.
    virtual Result<void> keep_snapshot(const metadata::Snapshot& snapshot) = 0;
};

}  // namespace sluice::broker
