#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/data_directory.h"
#include "cmd/sluice/dump_files.h"
#include "cmd/sluice/mapped_file.h"
#include "cmd/sluice/output.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/journal_files.h"
#include "storage/log/names.h"
#include "storage/log/summaries_file.h"

namespace sluice::cmd {

const CommandHelp& dump_help() {
    static const CommandHelp help{
        .name = "dump",
        .positional = "PATH...",
        .summary =
            "Say what is in files of a data directory, ours or Apache Kafka's, and what is "
            "damaged.",
        .options = {{"entries", "", "of directories too: every batch, index entry and line"},
                    {"records", "",
                     "every record; those of __consumer_offsets and __cluster_metadata in words"},
                    {"json", "", "an object a line"}},
        .examples =
            "  sluice dump data                     # everything, a line a file; exit code 4 when "
            "damaged\n"
            "  sluice dump data/words-0/00000000000000000000.log\n"
            "  sluice dump data/__consumer_offsets-7 --records\n"
            "  sluice dump data/__cluster_metadata-0 --records --json | jq -r .says",
        .values = any_file};
    return help;
}

namespace {

namespace fs = std::filesystem;

std::optional<Offset> base_of(const fs::path& path) {
    const std::string stem = path.stem().string();
    const auto number = whole_number(std::string_view(stem).substr(0, stem.find('-')));
    if (!number) return std::nullopt;
    return Offset(*number);
}

BatchPositions segment_beside(const fs::path& index) {
    fs::path segment = index;
    segment.replace_extension(".log");
    const auto file = MappedFile::open(segment.string());
    return file ? positions_of(file->bytes()) : BatchPositions();
}

bool is_text(std::string_view name) {
    return name == "partition.metadata" || name == "meta.properties" || name == "quorum-state" ||
           name == "log-start-offset" || name == "sluice-broker-life" ||
           name == ".kafka_cleanshutdown" || name == "bootstrap.checkpoint";
}

// Goes through the files that are named on a command line.
class Dump {
public:
    explicit Dump(DumpReport& report) : report_(report) {}

    int path(const fs::path& path);

private:
    int file(const fs::path& path, bool asked_for);
    bool known(const fs::path& path, Slice bytes);
    void segment(const fs::path& path, Slice bytes, Offset base);
    void begun_in_journals(const fs::path& log);
    void judge_journals(const fs::path& root);
    const DataDirectory& around(const fs::path& path);

    DumpReport& report_;
    std::map<std::optional<fs::path>, DataDirectory> directories_;  // By root.
};

const DataDirectory& Dump::around(const fs::path& path) {
    const auto root = DataDirectory::root_of(path);
    const auto found = directories_.find(root);
    if (found != directories_.end()) return found->second;
    return directories_.emplace(root, DataDirectory::around(path)).first->second;
}

std::string log_of(const fs::path& file) {
    return fs::absolute(file).parent_path().filename().string();
}

void Dump::segment(const fs::path& path, Slice bytes, Offset base) {
    const DataDirectory& data = around(path);
    report_.begin_file(path.string(), "segment");
    const Offset next =
        dump_segment(report_, path.string(), bytes, base, data.proven_end(log_of(path)));
    const auto segments = data.in_journals(fs::absolute(path).parent_path());
    const auto pieces = segments.find(base);
    if (pieces != segments.end()) dump_journal_pieces(report_, path.string(), pieces->second, next);
}

// Segments of a log that have no file yet.
void Dump::begun_in_journals(const fs::path& log) {
    std::error_code error;
    for (const auto& [base, pieces] :
         around(log).in_journals(fs::absolute(log).lexically_normal())) {
        const fs::path path = log / storage::offset_file(base, storage::log_suffix);
        if (!fs::exists(path, error)) dump_journal_pieces(report_, path.string(), pieces, base);
    }
}

void Dump::judge_journals(const fs::path& root) {
    const auto& complaints = around(root).complaints();
    if (complaints.empty()) return;
    report_.begin_part(root.string(), "journals");
    for (const std::string& complaint : complaints) report_.damage(0, complaint);
    report_.end_file({});
}

// False when nothing is known of such a file.
bool Dump::known(const fs::path& path, Slice bytes) {
    const std::string name = path.filename().string();
    const std::string suffix = path.extension().string();
    const auto base = base_of(path);
    const auto begin = [&](std::string_view kind) { report_.begin_file(path.string(), kind); };
    if (suffix == ".log" && base) {
        segment(path, bytes, *base);
    } else if (name.starts_with(storage::journal_prefix)) {
        begin("journal");
        dump_journal(report_, bytes);
    } else if (suffix == ".checkpoint") {
        begin("metadata snapshot");
        dump_segment(report_, path.string(), bytes, std::nullopt, std::nullopt);
    } else if (suffix == ".index" && base) {
        begin("offset index");
        dump_offset_index(report_, bytes, *base, segment_beside(path),
                          around(path).proven_end(log_of(path)));
    } else if (suffix == ".timeindex" && base) {
        begin("time index");
        dump_time_index(report_, bytes, *base);
    } else if (suffix == ".txnindex" && base) {
        begin("transaction index");
        dump_transaction_index(report_, bytes);
    } else if (suffix == ".snapshot" && base) {
        begin("producer snapshot");
        dump_producer_snapshot(report_, bytes);
    } else if (name == "leader-epoch-checkpoint") {
        begin("leader epochs");
        dump_leader_epochs(report_, bytes);
    } else if (name.ends_with("-offset-checkpoint")) {
        begin("offset checkpoint");
        dump_offset_checkpoint(report_, bytes);
    } else if (name == storage::summaries_file) {
        begin("log summaries");
        dump_summaries(report_, bytes);
    } else if (is_text(name)) {
        begin("text");
        dump_text(report_, bytes);
    } else {
        return false;
    }
    return true;
}

int Dump::file(const fs::path& path, bool asked_for) {
    const auto file = MappedFile::open(path.string());
    if (file.failed()) {
        print_error("sluice: {}\n", file.error());
        return exit_failed;
    }
    if (known(path, file->bytes()) || !asked_for) return exit_ok;
    print_error("sluice: {}: by its name this is no file of a data directory\n", path.string());
    return exit_failed;
}

int Dump::path(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) {
        print_error("sluice: {}: no such file or directory\n", path.string());
        return exit_failed;
    }
    if (!fs::is_directory(path, error)) return file(path, true);
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator at(path, error), end; at != end; at.increment(error)) {
        // What was deleted is not kept whole.
        if (at->is_directory(error) &&
            at->path().native().ends_with(storage::directory_delete_suffix))
            at.disable_recursion_pending();
        if (at->is_regular_file(error)) files.push_back(at->path());
    }
    std::ranges::sort(files);
    int code = exit_ok;
    for (auto each = files.begin(); each != files.end() && !output_failed(); ++each) {
        if (file(*each, false) != exit_ok) code = exit_failed;
        const bool ends_directory =
            std::next(each) == files.end() || std::next(each)->parent_path() != each->parent_path();
        if (ends_directory) begun_in_journals(each->parent_path());
    }
    judge_journals(path);
    return code;
}

}  // namespace

int run_dump(const Arguments& arguments) {
    const bool directory = std::ranges::any_of(
        arguments.positional(), [](const std::string& path) { return fs::is_directory(path); });
    const DumpReport::Detail detail = arguments.has("records") ? DumpReport::Detail::records
                                      : arguments.has("entries") || !directory
                                          ? DumpReport::Detail::entries
                                          : DumpReport::Detail::files;
    DumpReport report(arguments.has("json"), detail);
    int code = exit_ok;
    Dump dump(report);
    for (const std::string& path : arguments.positional())
        if (const int each = dump.path(path); each != exit_ok) code = each;
    // Of nothing at all nothing is said, but why.
    if (code == exit_ok || report.files() > 0) report.end();
    return code == exit_ok && report.damages() > 0 ? exit_damaged : code;
}

}  // namespace sluice::cmd
