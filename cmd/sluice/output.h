#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::cmd {

// Standard output and standard error of the process. A disk that is full or a file that was closed
// makes no exception: what standard output did not take is remembered, and the command fails.

void write_out(std::string_view text);
// True when everything until now is out; once it was false it stays so.
bool flush_out();
// Nothing more can be printed: it is no use to go on.
bool output_failed();
// The exit code of a command that came to `code`: what it printed must be out, or it failed.
int end_of_output(int code);

// What standard error does not take is lost.
void write_error(std::string_view text);

template <class... Args>
void print_out(fmt::format_string<Args...> format, Args&&... args) {
    write_out(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void print_error(fmt::format_string<Args...> format, Args&&... args) {
    write_error(fmt::format(format, std::forward<Args>(args)...));
}

// So many of something: `1 file`, `2 files`.
std::string counted(std::int64_t count, std::string_view what);

}  // namespace sluice::cmd
