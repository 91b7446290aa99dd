#include "core/protocol/compression.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "core/base/endian.h"

namespace sluice::protocol {

namespace {

// What came of an attempt to decompress into a buffer of some size.
enum class Outcome { done, too_small, damaged };

struct Attempt {
    Outcome outcome = Outcome::damaged;
    std::size_t size = 0;
};

constexpr Attempt damaged{};

// The first guess at an unknown result is this many times the input, and every next one four times
// larger, so that all failed attempts together cost a third of the last.
constexpr std::size_t expansion_guess = 8;
constexpr std::size_t growth = 4;
constexpr std::size_t guess_min = 16384;

template <class Decode>
Result<Bytes> decompress_growing(std::size_t guess, std::size_t size_max, Decode&& decode) {
    std::size_t capacity = std::min(std::max(guess, guess_min), size_max);
    for (;;) {
        Buffer out = Buffer::allocate(capacity);
        const Attempt attempt = decode(out.all());
        switch (attempt.outcome) {
            case Outcome::done: {
                const Slice view(std::as_const(out).data(), attempt.size);
                return Bytes(std::move(out), view);
            }
            case Outcome::damaged:
                return Error::invalid;
            case Outcome::too_small:
                break;
        }
        if (capacity == size_max) return Error::limit;
        capacity = capacity > size_max / growth ? size_max : capacity * growth;
    }
}

// gzip

constexpr int gzip_window = 15 + 16;  // 32 KiB, and zlib's sign for gzip.

Attempt gunzip(Slice input, MutableSlice out) {
    z_stream stream{};
    if (inflateInit2(&stream, gzip_window) != Z_OK) return damaged;
    const std::unique_ptr<z_stream, decltype(&inflateEnd)> closing(&stream, &inflateEnd);
    constexpr std::size_t piece_max = std::numeric_limits<uInt>::max();
    if (input.size() > piece_max || out.size() > piece_max) return damaged;
    stream.next_in = const_cast<Bytef*>(input.data());  // zlib only reads it.
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    for (;;) {
        const int status = inflate(&stream, Z_FINISH);
        if (status == Z_STREAM_END) {
            // Several members one behind another are one text.
            if (stream.avail_in == 0) return {Outcome::done, out.size() - stream.avail_out};
            if (inflateReset(&stream) != Z_OK) return damaged;
            continue;
        }
        if (status == Z_BUF_ERROR && stream.avail_out == 0) return {Outcome::too_small};
        return damaged;
    }
}

Bytes gzip(CompressionLevel level, Slice input) {
    z_stream stream{};
    const int wanted = std::clamp(level.value_or(Z_DEFAULT_COMPRESSION), Z_DEFAULT_COMPRESSION,
                                  Z_BEST_COMPRESSION);
    constexpr int memory_level = 8;
    const int opened =
        deflateInit2(&stream, wanted, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY);
    ASSERT(opened == Z_OK);
    const std::unique_ptr<z_stream, decltype(&deflateEnd)> closing(&stream, &deflateEnd);
    Buffer out = Buffer::allocate(deflateBound(&stream, input.size()));
    ASSERT(input.size() <= std::numeric_limits<uInt>::max());
    stream.next_in = const_cast<Bytef*>(input.data());  // zlib only reads it.
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    ASSERT(status == Z_STREAM_END);
    const Slice written(std::as_const(out).data(), stream.total_out);
    return Bytes(std::move(out), written);
}

// snappy

// Xerial's framing: this, a version, the lowest version that can read it; then blocks of raw
// snappy, each behind its length.
constexpr std::uint8_t xerial_magic[] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t xerial_header_size = sizeof xerial_magic + 2 * sizeof(std::int32_t);
constexpr std::size_t xerial_block_size = 32768;
constexpr std::int32_t xerial_version = 1;

bool begins_with_xerial_header(Slice input) {
    return input.size() >= xerial_header_size &&
           std::memcmp(input.data(), xerial_magic, sizeof xerial_magic) == 0;
}

const char* chars(const std::uint8_t* bytes) {
    return reinterpret_cast<const char*>(bytes);
}

// Calls `visit(block)` for every block of raw snappy; false when the framing is damaged.
bool each_snappy_block(Slice input, auto&& visit) {
    if (!begins_with_xerial_header(input)) return visit(input);
    while (!input.empty()) {
        // Streams may stand one behind another.
        if (begins_with_xerial_header(input)) {
            input = input.subspan(xerial_header_size);
            continue;
        }
        if (input.size() < sizeof(std::int32_t)) return false;
        const auto size = load_big<std::int32_t>(input.data());
        input = input.subspan(sizeof size);
        if (size < 0 || static_cast<std::size_t>(size) > input.size()) return false;
        if (!visit(input.first(static_cast<std::size_t>(size)))) return false;
        input = input.subspan(static_cast<std::size_t>(size));
    }
    return true;
}

Result<Bytes> unsnappy(Slice input, std::size_t size_max) {
    // Every block says how long it will be, so the result is allocated once, and exactly.
    std::size_t total = 0;
    bool too_large = false;
    const bool sound = each_snappy_block(input, [&](Slice block) {
        std::size_t size = 0;
        if (snappy_uncompressed_length(chars(block.data()), block.size(), &size) != SNAPPY_OK)
            return false;
        too_large = too_large || size > size_max - total;
        if (!too_large) total += size;
        return true;
    });
    if (!sound) return Error::invalid;
    if (too_large) return Error::limit;
    Buffer out = Buffer::allocate(total);
    std::size_t position = 0;
    const bool whole = each_snappy_block(input, [&](Slice block) {
        std::size_t size = total - position;
        const auto status =
            snappy_uncompress(chars(block.data()), block.size(),
                              reinterpret_cast<char*>(out.data() + position), &size);
        position += size;
        return status == SNAPPY_OK;
    });
    if (!whole || position != total) return Error::invalid;
    return Bytes(std::move(out));
}

Bytes snappy(Slice input) {
    const std::size_t blocks = (input.size() + xerial_block_size - 1) / xerial_block_size;
    const std::size_t block_max =
        sizeof(std::int32_t) + snappy_max_compressed_length(xerial_block_size);
    Buffer out = Buffer::allocate(xerial_header_size + blocks * block_max);
    std::memcpy(out.data(), xerial_magic, sizeof xerial_magic);
    store_big(out.data() + sizeof xerial_magic, xerial_version);
    store_big(out.data() + sizeof xerial_magic + sizeof(std::int32_t), xerial_version);
    std::size_t position = xerial_header_size;
    for (std::size_t from = 0; from < input.size(); from += xerial_block_size) {
        const Slice block = input.subspan(from, std::min(xerial_block_size, input.size() - from));
        std::uint8_t* const body = out.data() + position + sizeof(std::int32_t);
        std::size_t size = snappy_max_compressed_length(block.size());
        const auto status = snappy_compress(chars(block.data()), block.size(),
                                            reinterpret_cast<char*>(body), &size);
        ASSERT(status == SNAPPY_OK);
        store_big(out.data() + position, static_cast<std::int32_t>(size));
        position += sizeof(std::int32_t) + size;
    }
    const Slice written(std::as_const(out).data(), position);
    return Bytes(std::move(out), written);
}

// lz4

Attempt unlz4(Slice input, MutableSlice out) {
    LZ4F_dctx* opened = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&opened, LZ4F_VERSION)) != 0) return damaged;
    const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
        opened, &LZ4F_freeDecompressionContext);
    std::size_t written = 0;
    for (;;) {
        std::size_t taken = input.size();
        std::size_t made = out.size() - written;
        const std::size_t hint = LZ4F_decompress(context.get(), out.data() + written, &made,
                                                 input.data(), &taken, nullptr);
        if (LZ4F_isError(hint) != 0) return damaged;
        input = input.subspan(taken);
        written += made;
        if (hint == 0 && input.empty()) return {Outcome::done, written};
        if (taken > 0 || made > 0) continue;
        return written == out.size() ? Attempt{Outcome::too_small} : damaged;
    }
}

Bytes lz4(CompressionLevel level, Slice input) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    // Kafka's reader knows no other.
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    preferences.compressionLevel = std::clamp(level.value_or(0), 0, LZ4F_compressionLevel_max());
    Buffer out = Buffer::allocate(LZ4F_compressFrameBound(input.size(), &preferences));
    const std::size_t size =
        LZ4F_compressFrame(out.data(), out.size(), input.data(), input.size(), &preferences);
    ASSERT(LZ4F_isError(size) == 0);
    const Slice written(std::as_const(out).data(), size);
    return Bytes(std::move(out), written);
}

// zstd

// In one go, never streaming: then the result is the window, and a frame that asks for a window of
// 128 MiB costs nothing.
Attempt unzstd(ZSTD_DCtx* context, Slice input, MutableSlice out) {
    const std::size_t size =
        ZSTD_decompressDCtx(context, out.data(), out.size(), input.data(), input.size());
    if (ZSTD_isError(size) == 0) return {Outcome::done, size};
    const bool too_small = ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall;
    return {too_small ? Outcome::too_small : Outcome::damaged};
}

Result<Bytes> unzstd(Slice input, std::size_t size_max) {
    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                       &ZSTD_freeDCtx);
    ASSERT(context != nullptr);
    const unsigned long long size = ZSTD_getFrameContentSize(input.data(), input.size());
    if (size == ZSTD_CONTENTSIZE_ERROR) return Error::invalid;
    // What the first frame says is a hint: more may follow, and it may lie.
    const bool known = size != ZSTD_CONTENTSIZE_UNKNOWN;
    const std::size_t guess =
        known ? static_cast<std::size_t>(size) : input.size() * expansion_guess;
    if (known && size > size_max) return Error::limit;
    return decompress_growing(guess, size_max,
                              [&](MutableSlice out) { return unzstd(context.get(), input, out); });
}

Bytes zstd(CompressionLevel level, Slice input) {
    const int wanted =
        std::clamp(level.value_or(ZSTD_CLEVEL_DEFAULT), ZSTD_minCLevel(), ZSTD_maxCLevel());
    Buffer out = Buffer::allocate(ZSTD_compressBound(input.size()));
    const std::size_t size =
        ZSTD_compress(out.data(), out.size(), input.data(), input.size(), wanted);
    ASSERT(ZSTD_isError(size) == 0);
    const Slice written(std::as_const(out).data(), size);
    return Bytes(std::move(out), written);
}

}  // namespace

std::string_view name_of(CompressionType type) {
    switch (type) {
        case CompressionType::none:
            return "none";
        case CompressionType::gzip:
            return "gzip";
        case CompressionType::snappy:
            return "snappy";
        case CompressionType::lz4:
            return "lz4";
        case CompressionType::zstd:
            return "zstd";
    }
    return "unknown";
}

Bytes compress(CompressionType type, CompressionLevel level, Slice input) {
    switch (type) {
        case CompressionType::none:
            return Bytes::copy_of(input);
        case CompressionType::gzip:
            return gzip(level, input);
        case CompressionType::snappy:
            return snappy(input);
        case CompressionType::lz4:
            return lz4(level, input);
        case CompressionType::zstd:
            return zstd(level, input);
    }
    ASSERT(false);
    return {};
}

Result<Bytes> decompress(CompressionType type, Slice input, std::size_t size_max) {
    const std::size_t guess = input.size() * expansion_guess;
    switch (type) {
        case CompressionType::none:
            if (input.size() > size_max) return Error::limit;
            return Bytes::copy_of(input);
        case CompressionType::gzip:
            return decompress_growing(guess, size_max,
                                      [&](MutableSlice out) { return gunzip(input, out); });
        case CompressionType::snappy:
            return unsnappy(input, size_max);
        case CompressionType::lz4:
            return decompress_growing(guess, size_max,
                                      [&](MutableSlice out) { return unlz4(input, out); });
        case CompressionType::zstd:
            return unzstd(input, size_max);
    }
    return Error::invalid;
}

Result<Bytes> records_of(const Bytes& batch, std::size_t size_max) {
    const BatchView view(batch.view());
    const auto compression = view.compression();
    if (!compression) return Error::invalid;
    // A batch whose records were all cleaned away has no compressed nothing, just nothing.
    if (*compression == CompressionType::none || view.records().empty())
        return batch.slice(batch_at::records, batch.size() - batch_at::records);
    return decompress(*compression, view.records(), size_max);
}

}  // namespace sluice::protocol
