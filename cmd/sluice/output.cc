#include "cmd/sluice/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cmd/sluice/arguments.h"

namespace sluice::cmd {
namespace {

// Why standard output took no more, the first time; 0 while it takes everything. The C library
// remembers that it failed, but not why.
int output_errno = 0;

void note_failure() {
    if (output_errno == 0) output_errno = errno != 0 ? errno : EIO;
}

}  // namespace

void write_out(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_failure();
}

bool flush_out() {
    if (std::fflush(stdout) != 0) note_failure();
    return !output_failed();
}

bool output_failed() {
    return output_errno != 0;
}

int end_of_output(int code) {
    if (flush_out()) return code;
    print_error("sluice: cannot write to standard output: {}\n", std::strerror(output_errno));
    return exit_failed;
}

void write_error(std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

std::string counted(std::int64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace sluice::cmd
