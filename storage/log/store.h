#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/broker/log.h"
#include "storage/log/log.h"
#include "storage/log/resources.h"

namespace sluice::storage {

// The logs of one shard in one data directory. Deletes directories of removed logs, and watches the
// free space, with one fiber of its own.
class Store final : public broker::LogStore {
public:
    // `root` is the data directory, a path on the disk; "" is the disk's root.
    Store(const LogDoors& doors, std::string root, const LogOptions& options = {});
    ~Store() override;

    Result<void> start() override;
    Result<std::unique_ptr<broker::PartitionLog>> open(const std::string& name,
                                                       const TopicId& topic,
                                                       const broker::LogConfig& config,
                                                       const broker::LogHints& hints) override;
    Result<void> close(broker::PartitionLog& log) override;
    Result<std::unique_ptr<broker::PartitionLog>> cut(
        std::unique_ptr<broker::PartitionLog> log, const Cut& what,
        const std::function<Result<void>()>& checkpoint) override;
    Result<void> remove(std::unique_ptr<broker::PartitionLog> log) override;
    Result<void> remove_unopened(const std::string& name, Duration file_delete_delay) override;
    std::vector<Checkpoint> checkpoints() override;
    std::uint64_t bytes_appended() const override { return resources_.bytes_appended; }
    bool failed() const override { return resources_.journal.failed(); }
    void stop() override;

    const LogResources& resources() const { return resources_; }

private:
    struct Deleted {
        std::string path;
        Time due;
    };

    Result<void> leave_for_deletion(const std::string& directory, Duration delay);
    Result<void> set_aside(const std::string& directory);
    std::string free_name(std::string_view directory, std::string_view suffix);
    void keep_house();
    void say_what_was_written();
    void watch_space();
    Result<void> delete_directory(const std::string& path);
    void find_deleted_directories();
    void delete_due_directories();
    Log& mine(broker::PartitionLog& log) const;
    // Where a log that was cut ends: so far in this segment, and before this record.
    struct NewEnd {
        Offset segment;
        std::uint64_t position = 0;
        Offset offset;
    };
    Result<void> mark_journal(LogOpening& opening);
    Checkpoint& closed_of(const std::string& name);
    static void lower(Checkpoint& known, const NewEnd& end);
    Result<NewEnd> find_end(const std::string& directory, Offset end);
    Error damaged_cut(const std::string& directory, const NewEnd& sound);
    Result<std::vector<Offset>> segments_in(const std::string& directory);
    Result<void> remove_segments(const std::string& directory, Offset last);
    Result<void> cut_files(const std::string& directory, const NewEnd& end);
    void bring_files_up_to_date();
    bool is_secured(const Checkpoint& checkpoint, Offset end);

    LogResources resources_;
    const std::string root_;
    std::vector<Deleted> deleted_;
    // What is known of the logs that were closed, or could not be opened.
    std::vector<Checkpoint> closed_;
    Time brought_up_to_date_;
    bool refused_ = false;  // Appends, for want of room, when it was last looked at.
    bool stopping_ = false;
    bool keeping_house_ = false;
    env::Event stop_asked_;
    env::FiberGroup fibers_;
};

// A log's directory below `root`, as a start finds it.
struct LogDirectory {
    std::string name;
    TopicId topic;
};
// All of them, without those that wait for deletion; reading partition.metadata tells whose they
// are.
Result<std::vector<LogDirectory>> list_logs(env::Disk& disk, const std::string& root);

}  // namespace sluice::storage
