#include "tests/recording/recorder.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::recording {
namespace {

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

class RecordingFile final : public env::File {
public:
    RecordingFile(std::unique_ptr<env::File> file, std::string path, Recorder& recorder)
        : file_(std::move(file)), path_(std::move(path)), recorder_(recorder) {}

    Result<std::size_t> read(std::uint64_t offset, MutableSlice into) override {
        return file_->read(offset, into);
    }
    Result<std::size_t> write(std::uint64_t offset, std::span<const Slice> pieces) override {
        TRY(const std::size_t count, file_->write(offset, pieces));
        recorder_.wrote(path_, std::string_view(text_of(pieces)).substr(0, count));
        return count;
    }
    Result<std::size_t> write_durable(std::uint64_t offset,
                                      std::span<const Slice> pieces) override {
        TRY(const std::size_t count, file_->write_durable(offset, pieces));
        recorder_.wrote_durably(path_, std::string_view(text_of(pieces)).substr(0, count));
        return count;
    }
    Result<void> sync() override {
        const auto begun = recorder_.moment();
        CHECK_OK(file_->sync());
        recorder_.synced(path_, begun);
        return {};
    }
    Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
    Result<std::uint64_t> size() override { return file_->size(); }

private:
    static std::string text_of(std::span<const Slice> pieces) {
        std::string bytes;
        for (const Slice piece : pieces) bytes += as_text(piece);
        return bytes;
    }

    const std::unique_ptr<env::File> file_;
    const std::string path_;
    Recorder& recorder_;
};

class RecordingConnection final : public env::Connection {
public:
    RecordingConnection(std::unique_ptr<env::Connection> connection, Recorder& recorder)
        : connection_(std::move(connection)), recorder_(recorder) {}

    Result<std::size_t> read(MutableSlice into) override { return connection_->read(into); }
    void expect(std::size_t bytes) override { connection_->expect(bytes); }
    Result<std::size_t> write(std::span<const Slice> pieces) override {
        recorder_.answering();
        return connection_->write(pieces);
    }
    void close() override { connection_->close(); }
    const env::Address& peer() const override { return connection_->peer(); }

private:
    const std::unique_ptr<env::Connection> connection_;
    Recorder& recorder_;
};

}  // namespace

void Recorder::expect_answer(std::string mark) {
    const std::scoped_lock lock(mutex_);
    marks_.push_back(mark);
    expected_ = std::move(mark);
}

std::optional<std::uint64_t> Recorder::answered(const std::string& mark) {
    const std::scoped_lock lock(mutex_);
    const auto found = answers_.find(mark);
    if (found == answers_.end()) return std::nullopt;
    return found->second;
}

bool Recorder::was_synced(const std::vector<Sync>& syncs, Moment after, Moment before) const {
    return std::ranges::any_of(
        syncs, [&](const Sync& sync) { return sync.begun > after && sync.ended < before; });
}

std::string Recorder::complaint_about_name(const std::string& path, Moment before) {
    for (std::string name = path; !name.empty(); name = directory_of(name)) {
        const Moment named = files_[name].named;
        if (named != 0 && !was_synced(directories_[directory_of(name)], named, before))
            return fmt::format("the name of {} was not synced", name);
    }
    return {};
}

std::string Recorder::complaint_about(const std::string& mark) {
    const std::scoped_lock lock(mutex_);
    const auto answer = answers_.find(mark);
    if (answer == answers_.end()) return "there was no answer";
    std::string complaint = "it was written nowhere before the answer";
    for (const auto& [path, when] : written_[mark]) {
        if (when > answer->second) continue;
        const bool durable = durable_[mark].contains(path);
        if (!durable && !was_synced(files_[path].syncs, when, answer->second)) {
            complaint = fmt::format("{} was not synced between the write and the answer", path);
            continue;
        }
        complaint = complaint_about_name(path, answer->second);
        if (complaint.empty()) return {};
    }
    return complaint;
}

std::string Recorder::complaint_about_rename(const std::string& mark, const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto answer = answers_.find(mark);
    if (answer == answers_.end()) return "there was no answer";
    const File& file = files_[name];
    if (file.named == 0 || file.named > answer->second) return "nothing was renamed to " + name;
    if (!was_synced(file.syncs, file.written, file.named))
        return name + " took its place before its content was synced";
    return complaint_about_name(name, answer->second);
}

std::size_t Recorder::files_with_marks() {
    const std::scoped_lock lock(mutex_);
    std::set<std::string> files;
    for (const auto& [mark, places] : written_)
        for (const auto& [path, when] : places) files.insert(path);
    return files.size();
}

std::uint64_t Recorder::moment() {
    const std::scoped_lock lock(mutex_);
    return ++now_;
}

void Recorder::wrote(const std::string& path, std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    files_[path].written = ++now_;
    for (const std::string& mark : marks_)
        if (bytes.find(mark) != std::string_view::npos) written_[mark].emplace(path, now_);
}

void Recorder::wrote_durably(const std::string& path, std::string_view bytes) {
    wrote(path, bytes);
    const std::scoped_lock lock(mutex_);
    for (const auto& [mark, places] : written_) {
        const auto place = places.find(path);
        if (place != places.end() && place->second == files_[path].written)
            durable_[mark].insert(path);
    }
}

void Recorder::synced(const std::string& path, std::uint64_t begun) {
    const std::scoped_lock lock(mutex_);
    files_[path].syncs.push_back({begun, ++now_});
}

void Recorder::created(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    files_[path].named = ++now_;
}

void Recorder::renamed(const std::string& from, const std::string& to) {
    const std::scoped_lock lock(mutex_);
    files_[to] = std::move(files_[from]);
    files_.erase(from);
    files_[to].named = ++now_;
}

void Recorder::synced_directory(const std::string& path, std::uint64_t begun) {
    const std::scoped_lock lock(mutex_);
    directories_[path].push_back({begun, ++now_});
}

void Recorder::answering() {
    const std::scoped_lock lock(mutex_);
    ++now_;
    if (!expected_.empty()) answers_.emplace(std::exchange(expected_, {}), now_);
}

Result<std::unique_ptr<env::File>> RecordingDisk::open(const std::string& path,
                                                       env::OpenMode mode) {
    bool is_new = mode == env::OpenMode::create_new;
    if (mode == env::OpenMode::create) is_new = disk_.open(path, env::OpenMode::read).failed();
    TRY(auto file, disk_.open(path, mode));
    if (is_new) recorder_.created(path);
    return std::unique_ptr<env::File>(
        std::make_unique<RecordingFile>(std::move(file), path, recorder_));
}

Result<void> RecordingDisk::make_directory(const std::string& path) {
    const bool is_new = disk_.list(path).failed();
    CHECK_OK(disk_.make_directory(path));
    if (is_new) recorder_.created(path);
    return {};
}

Result<void> RecordingDisk::rename(const std::string& from, const std::string& to) {
    CHECK_OK(disk_.rename(from, to));
    recorder_.renamed(from, to);
    return {};
}

Result<void> RecordingDisk::sync_directory(const std::string& path) {
    const auto begun = recorder_.moment();
    CHECK_OK(disk_.sync_directory(path));
    recorder_.synced_directory(path, begun);
    return {};
}

std::unique_ptr<env::Connection> RecordingNetwork::adopt(std::unique_ptr<env::Accepted> accepted) {
    return std::make_unique<RecordingConnection>(network_.adopt(std::move(accepted)), recorder_);
}

}  // namespace sluice::recording
