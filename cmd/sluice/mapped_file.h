#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace sluice::cmd {

// A file's bytes for reading, mapped into memory. What is appended after the opening isn't seen.
class MappedFile {
public:
    // The message is the system's.
    static Result<MappedFile, std::string> open(const std::string& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    Slice bytes() const { return {data_, size_}; }

private:
    MappedFile(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    const std::uint8_t* data_;
    std::size_t size_;
};

}  // namespace sluice::cmd
