#!/usr/bin/env python3
"""Stands in for the broker's binary and keeps what clients send: one request for each client, API and version.

    SLUICE_RECORD=FILE SLUICE=$PWD/tests/interop/record.py SLUICE_ROWS=kcat tests/interop/run

records the row `kcat` into FILE: a request a line, its client (the row's name), API key, version and bytes in hex,
from the header on, without the length before it. Of several, the largest that is still small is kept: it says most.
What a row does not ask is recorded as this script run by hand: WORK's last folder is the name (`confluent-kafka-list`
is AdminClient.list_topics() of that client, and nothing else). core/protocol/recorded_test.cc reads the file.
"""
import asyncio
import ctypes
import os
import signal
import socket
import sys

small = 400
here = os.path.dirname(os.path.abspath(__file__))
broker = os.environ.get("SLUICE_RECORDED_BROKER", os.path.join(here, "../../build/release/sluice"))


class Recording:
    """The file; a row that is killed loses nothing, for it is replaced whole whenever there is something better."""

    def __init__(self, path, client):
        self.path, self.client, self.requests = path, client, {}
        if os.path.exists(path):
            for line in open(path):
                name, key, version, request = line.split()
                self.requests[name, int(key), int(version)] = request

    def add(self, request):
        key, version = int.from_bytes(request[0:2], "big"), int.from_bytes(request[2:4], "big")
        name = (self.client, key, version)
        if name in self.requests and not better(request, bytes.fromhex(self.requests[name])):
            return
        self.requests[name] = request.hex()
        with open(self.path + ".new", "w") as file:
            for name in sorted(self.requests):
                print(*name, self.requests[name], file=file)
        os.replace(self.path + ".new", self.path)


def better(request, kept):
    if len(request) > small or len(kept) > small:
        return len(request) < len(kept)
    return len(request) > len(kept)


async def carry(reader, writer, seen):
    """Copies until the end; `seen` gets every request that passed, or is None for the answers."""
    pending = bytearray()
    try:
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()
            if seen is None:
                continue
            pending += data
            while len(pending) >= 4:
                end = 4 + int.from_bytes(pending[:4], "big")
                if len(pending) < end:
                    break
                seen(bytes(pending[4:end]))
                del pending[:end]
    except ConnectionError:
        pass
    writer.close()


async def serve(arguments):
    at = arguments.index("--listen") + 1
    listen = arguments[at]
    host, port = listen.rsplit(":", 1)
    with socket.socket() as free:
        free.bind((host, 0))
        behind = free.getsockname()[1]
    arguments[at] = f"{host}:{behind}"
    recording = Recording(os.environ["SLUICE_RECORD"], os.path.basename(os.environ["WORK"]))

    async def connected(reader, writer):
        try:
            answers, requests = await asyncio.open_connection(host, behind)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, requests, recording.add), carry(answers, writer, None))

    await asyncio.start_server(connected, host, int(port))
    # Rows kill what they started with -9: the broker must not outlive it.
    die_with_parent = lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    process = await asyncio.create_subprocess_exec(broker, *arguments, "--advertise", listen, preexec_fn=die_with_parent)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, process.terminate)
    return await process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["server"]:
        sys.exit(asyncio.run(serve(sys.argv[1:])))
    os.execv(broker, [broker, *sys.argv[1:]])
