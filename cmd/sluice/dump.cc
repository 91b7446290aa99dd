#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/dump_files.h"
#include "cmd/sluice/mapped_file.h"
#include "storage/log/checkpoint_files.h"
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

// False when nothing is known of such a file.
bool dump_known(DumpReport& report, const fs::path& path, Slice bytes) {
    const std::string name = path.filename().string();
    const std::string suffix = path.extension().string();
    const auto base = base_of(path);
    const auto begin = [&](std::string_view kind) { report.begin_file(path.string(), kind); };
    if (suffix == ".log" && base) {
        begin("segment");
        dump_segment(report, path.string(), bytes, base);
    } else if (suffix == ".checkpoint") {
        begin("metadata snapshot");
        dump_segment(report, path.string(), bytes, std::nullopt);
    } else if (suffix == ".index" && base) {
        begin("offset index");
        dump_offset_index(report, bytes, *base, segment_beside(path));
    } else if (suffix == ".timeindex" && base) {
        begin("time index");
        dump_time_index(report, bytes, *base);
    } else if (suffix == ".txnindex" && base) {
        begin("transaction index");
        dump_transaction_index(report, bytes);
    } else if (suffix == ".snapshot" && base) {
        begin("producer snapshot");
        dump_producer_snapshot(report, bytes);
    } else if (name == "leader-epoch-checkpoint") {
        begin("leader epochs");
        dump_leader_epochs(report, bytes);
    } else if (name.ends_with("-offset-checkpoint")) {
        begin("offset checkpoint");
        dump_offset_checkpoint(report, bytes);
    } else if (name == storage::summaries_file) {
        begin("log summaries");
        dump_summaries(report, bytes);
    } else if (name == "partition.metadata" || name == "meta.properties" ||
               name == "quorum-state" || name == "log-start-offset" ||
               name == ".kafka_cleanshutdown" || name == "bootstrap.checkpoint") {
        begin("text");
        dump_text(report, bytes);
    } else {
        return false;
    }
    return true;
}

int dump_file(DumpReport& report, const fs::path& path, bool asked_for) {
    const auto file = MappedFile::open(path.string());
    if (file.failed()) {
        fmt::print(stderr, "sluice: {}\n", file.error());
        return exit_failed;
    }
    if (dump_known(report, path, file->bytes()) || !asked_for) return exit_ok;
    fmt::print(stderr, "sluice: {}: by its name this is no file of a data directory\n",
               path.string());
    return exit_failed;
}

int dump_path(DumpReport& report, const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) {
        fmt::print(stderr, "sluice: {}: no such file or directory\n", path.string());
        return exit_failed;
    }
    if (!fs::is_directory(path, error)) return dump_file(report, path, true);
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
    for (const fs::path& each : files)
        if (dump_file(report, each, false) != exit_ok) code = exit_failed;
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
    for (const std::string& path : arguments.positional())
        if (const int each = dump_path(report, path); each != exit_ok) code = each;
    report.end();
    return code == exit_ok && report.damages() > 0 ? exit_damaged : code;
}

}  // namespace sluice::cmd
