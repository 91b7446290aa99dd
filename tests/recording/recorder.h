#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/env/disk.h"
#include "core/env/network.h"

namespace sluice::recording {

// What happened at the doors of a process, in the order in which it happened: which marks were
// written to which file, what was synced, and when the broker began to answer. A mark is a text
// that stands in what is written nowhere else.
class Recorder {
public:
    // From now on the next answer that a broker begins to write is the answer to `mark`.
    void expect_answer(std::string mark);
    // Its moment; nothing when there was no answer.
    std::optional<std::uint64_t> answered(const std::string& mark);

    // Why `mark` was not durable when its answer began; empty when it was: in some file it was
    // written whole, durably or with a sync of that file that began after that and ended well, and
    // the names that lead to the file were synced since they changed.
    std::string complaint_about(const std::string& mark);
    // The same of a name that took another's place, its content included.
    std::string complaint_about_rename(const std::string& mark, const std::string& name);
    std::size_t files_with_marks();

    // For the doors. Moments count up; `begun` is when the call came.
    std::uint64_t moment();
    void wrote(const std::string& path, std::string_view bytes);
    void wrote_durably(const std::string& path, std::string_view bytes);
    void synced(const std::string& path, std::uint64_t begun);
    void created(const std::string& path);
    void renamed(const std::string& from, const std::string& to);
    void synced_directory(const std::string& path, std::uint64_t begun);
    void answering();

private:
    struct Sync {
        std::uint64_t begun;
        std::uint64_t ended;
    };
    struct File {
        std::uint64_t named = 0;  // Its name last changed then.
        std::uint64_t written = 0;
        std::vector<Sync> syncs;
    };
    using Moment = std::uint64_t;

    bool was_synced(const std::vector<Sync>& syncs, Moment after, Moment before) const;
    std::string complaint_about_name(const std::string& path, Moment before);

    std::mutex mutex_;
    Moment now_ = 0;
    std::map<std::string, File> files_;
    std::map<std::string, std::vector<Sync>> directories_;
    std::map<std::string, std::map<std::string, Moment>> written_;  // Mark, file, moment.
    std::map<std::string, std::set<std::string>> durable_;          // Marks, by those very writes.
    std::map<std::string, Moment> answers_;
    std::string expected_;
    std::vector<std::string> marks_;
};

// A disk, its files, and a network that tell a recorder what goes through them.
class RecordingDisk final : public env::Disk {
public:
    RecordingDisk(env::Disk& disk, Recorder& recorder) : disk_(disk), recorder_(recorder) {}

    Result<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> remove(const std::string& path) override { return disk_.remove(path); }
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<std::vector<env::DirectoryEntry>> list(const std::string& path) override {
        return disk_.list(path);
    }
    Result<void> sync_directory(const std::string& path) override;
    Result<env::DiskSpace> space(const std::string& path) override { return disk_.space(path); }
    Result<std::unique_ptr<env::DiskLock>> lock(const std::string& path) override {
        return disk_.lock(path);
    }

private:
    env::Disk& disk_;
    Recorder& recorder_;
};

class RecordingNetwork final : public env::Network {
public:
    RecordingNetwork(env::Network& network, Recorder& recorder)
        : network_(network), recorder_(recorder) {}

    Result<std::unique_ptr<env::Connection>> connect(const env::Address& address,
                                                     Time deadline) override {
        return network_.connect(address, deadline);
    }
    Result<std::unique_ptr<env::Listener>> listen(const env::Address& address) override {
        return network_.listen(address);
    }
    // The connections of the broker: what is written there are answers.
    std::unique_ptr<env::Connection> adopt(std::unique_ptr<env::Accepted> accepted) override;

private:
    env::Network& network_;
    Recorder& recorder_;
};

}  // namespace sluice::recording
