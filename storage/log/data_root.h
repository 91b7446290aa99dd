#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/broker/data_directory.h"
#include "core/env/env.h"

namespace sluice::storage {

// Kafka's files at the top of a data directory: meta.properties, the checkpoints of all logs, and
// the mark of a clean shutdown; and our journals beside them. All paths are relative to the
// directory.
class DataRoot final : public broker::DataDirectory {
public:
    explicit DataRoot(env::Env& env) : env_(env) {}

    Result<std::optional<broker::DirectoryIdentity>> open() override;
    Result<void> format(const broker::DirectoryIdentity& identity) override;
    Result<std::map<std::string, broker::LogHints>> begin() override;
    bool is_foreign() const override { return foreign_; }
    Result<void> checkpoint(const std::vector<broker::LogStore::Checkpoint>& logs) override;
    Result<void> mark_clean() override;
    Result<std::optional<metadata::Snapshot>> newest_snapshot() override;
    Result<std::optional<raft::QuorumState>> quorum_state() override;
    Result<std::vector<BrokerId>> quorum_voters() override;
    Result<void> keep_quorum_state(const raft::QuorumState& state,
                                   const std::vector<BrokerId>& configured) override;
    Result<std::optional<broker::BrokerLife>> last_life() override;
    Result<void> keep_life(const broker::BrokerLife& life) override;
    Result<void> keep_snapshot(const metadata::Snapshot& snapshot) override;

private:
    enum class LastStop { unclean, clean, clean_of_kafka };

    Result<std::map<std::string, Offset>> offsets_in(std::string_view file);
    Result<std::optional<std::string>> read_if_there(std::string_view file);
    Result<std::map<std::string, broker::LogHints>> read_hints(LastStop last);
    Result<void> replace_if_changed(std::string_view file, std::string text);
    Result<void> keep_known(const std::map<std::string, broker::LogHints>& hints);
    Result<void> replace_summaries(const std::vector<std::uint8_t>& file);
    Result<LastStop> last_stop();
    Result<void> take_starts(LastStop last);
    Result<void> bring_start(const std::string& log, Offset start);
    Result<void> take_clean_mark();
    Result<std::optional<std::string>> quorum_state_text_kept();
    Result<std::vector<std::string>> snapshots();

    env::Env& env_;
    std::unique_ptr<env::DiskLock> lock_;
    bool keeps_journals_ = false;
    bool foreign_ = false;
    // Checkpoint files as this process left them.
    std::map<std::string_view, std::string> written_;
    std::optional<std::uint32_t> summaries_crc_;
    std::map<std::string, Offset> starts_;  // As of the last checkpoint.
};

}  // namespace sluice::storage
