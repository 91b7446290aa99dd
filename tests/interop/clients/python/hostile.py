"""Everything a broker must survive from whoever reaches its port; standard library only.

usage: hostile.py HOST:PORT BROKER_PID BROKER_LOG

Each attack says what the broker must do with it; a well-behaved connection is asked after each, and at the end the
broker's memory must be back where it was."""

import os
import random
import socket
import struct
import sys
import threading
import time

import bombs
from bombs import zigzag

host, port = sys.argv[1].rsplit(":", 1)
address = (host, int(port))
pid, log = int(sys.argv[2]), sys.argv[3]
MEMORY_SLACK = 24 << 20
TOO_LARGE = 10
armed = {}  # The requests of decompression_bombs, for making them takes longer than asking.

CRC32C = []
for i in range(256):
    c = i
    for _ in range(8):
        c = (c >> 1) ^ (0x82F63B78 if c & 1 else 0)
    CRC32C.append(c)


def crc32c(data):
    c = 0xFFFFFFFF
    for byte in data:
        c = CRC32C[(c ^ byte) & 0xFF] ^ (c >> 8)
    return c ^ 0xFFFFFFFF


def connect():
    s = socket.create_connection(address, timeout=10)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def frame(body):
    return struct.pack(">i", len(body)) + body


def request(api, version, body, correlation=7, client=b"hostile"):
    return frame(struct.pack(">hhih", api, version, correlation, len(client)) + client + body)


def read_exactly(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def response(s):
    return read_exactly(s, struct.unpack(">i", read_exactly(s, 4))[0])


def is_closed(s, within):
    """The broker ends the connection in time, whatever it still says before."""
    s.settimeout(within)
    try:
        while s.recv(1 << 16):
            pass
        return True
    except (ConnectionResetError, BrokenPipeError):
        return True
    except socket.timeout:
        return False


def memory():
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) << 10
    raise SystemExit("the broker is gone")


def sockets():
    """How many the broker holds; one may close while they are looked at."""
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def logged(event):
    with open(log) as lines:
        return sum(f" {event} " in line for line in lines)


good = connect()


def must(what, holds):
    if not holds:
        raise SystemExit(f"{what}")


def others_unharmed(after, within=5):
    good.settimeout(within)
    try:
        good.sendall(request(3, 1, struct.pack(">i", 0)))  # Metadata of no topic.
        answer = response(good)
    except OSError as error:
        raise SystemExit(f"after {after}: another client got no answer: {error}")
    must(f"after {after}: another client got {answer}", answer[:4] == struct.pack(">i", 7))


def metadata(s, topic, version=4):
    s.sendall(request(3, version, struct.pack(">ih", 1, len(topic)) + topic + b"\x01"))
    return response(s)


def make_topic(name, configs={}):
    given = b"".join(struct.pack(">h", len(text)) + text for each in configs.items() for text in each)
    body = (struct.pack(">ih", 1, len(name)) + name + struct.pack(">ihii", 1, 1, 0, len(configs)) + given +
            struct.pack(">i?", 5000, False))
    good.sendall(request(19, 2, body))
    response(good)


def batch(records, attributes=0, count=1):
    after_crc = struct.pack(">hiqqqhii", attributes, count - 1, 1, 1, -1, -1, -1, count) + records
    return struct.pack(">qiibI", 0, 4 + 1 + 4 + len(after_crc), -1, 2, crc32c(after_crc)) + after_crc


def produce(topic, data, acks=-1):
    return request(0, 7, struct.pack(">hhii", -1, acks, 5000, 1) + struct.pack(">h", len(topic)) + topic +
                   struct.pack(">iii", 1, 0, len(data)) + data)


def produce_error(answer, topic):
    return struct.unpack(">h", answer[4 + 4 + 2 + len(topic) + 4 + 4:][:2])[0]


def record(value):
    body = b"\0" + zigzag(0) + zigzag(0) + zigzag(-1) + zigzag(len(value)) + value + zigzag(0)
    return zigzag(len(body)) + body


def garbage():
    draws = random.Random(1)
    for size in (1, 4, 100, 5000):
        for _ in range(25):
            s = connect()
            try:
                s.sendall(draws.randbytes(size))
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            must("garbage: the connection stayed open", is_closed(s, 10))


def other_protocols():
    for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)):
        s = connect()
        s.sendall(text)
        must("another protocol was not refused", is_closed(s, 10))


def hostile_lengths():
    for length in (-1, 0, 1, 0x7FFFFFFF, -(1 << 31), 200 << 20):
        s = connect()
        s.sendall(struct.pack(">i", length) + b"\0" * 16)
        s.shutdown(socket.SHUT_WR)
        must(f"length {length}: the connection stayed open", is_closed(s, 10))
    # Lengths inside requests: each of them far beyond what follows.
    for hostile in (0x7FFFFFFF, 0x7FFF0000, -2):
        for api, version, before in ((3, 1, b""), (0, 7, struct.pack(">hhi", -1, -1, 1000)),
                                     (1, 4, struct.pack(">iiiib", -1, 100, 1, 1 << 20, 0)), (19, 2, b"")):
            if hostile < 0 and api == 3:
                continue  # There it means null, as in Kafka.
            s = connect()
            s.sendall(request(api, version, before + struct.pack(">i", hostile)))
            must(f"api {api}: an array of {hostile} was not refused", is_closed(s, 10))


def unknown():
    for api, version in ((999, 0), (-5, 0), (3, 99), (0, 2), (1, 3), (3, -1)):
        s = connect()
        s.sendall(request(api, version, b"\0" * 32))
        must(f"api {api} version {version}: not refused", is_closed(s, 10))
    # ApiVersions is answered in any version, with error 35 in the oldest form.
    s = connect()
    s.sendall(request(18, 99, b"\0" * 8))
    must("ApiVersions 99: no UNSUPPORTED_VERSION", struct.unpack(">h", response(s)[4:6])[0] == 35)


def half_requests():
    whole = request(3, 1, struct.pack(">i", 0))
    halves = [connect() for _ in range(20)]
    for i, s in enumerate(halves):
        s.sendall(whole[:1 + i % (len(whole) - 1)])
    others_unharmed("half requests are under way")
    for s in halves:
        must("half a request: the connection stayed open", is_closed(s, 20))


def peak_memory(reset=False):
    """The most that the broker had since it was reset."""
    if reset:
        with open(f"/proc/{pid}/clear_refs", "w") as refs:
            refs.write("5")
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))


def send_if_open(s, data):
    try:
        s.sendall(data)
    except OSError:
        pass


def answer_if_open(s):
    try:
        return response(s)
    except OSError:
        return None


def decompression_bombs():
    """Sound batches of one record of zeros: 32 MiB are taken, what is larger than the limit of 64 MiB is not, and is not
    unpacked beyond it."""
    topic = b"bombs"
    make_topic(topic, {b"max.message.bytes": b"10000000"})
    if not armed:
        for codec in bombs.codecs:
            armed[codec] = [produce(topic, batch(bombs.bomb(codec, size), attributes=codec))
                            for size in (32 << 20, 160 << 20 if codec == 2 else 1 << 30)]
    for codec, (small, large) in armed.items():
        with connect() as s:
            s.sendall(small)
            must(f"codec {codec}: 32 MiB of zeros were refused", produce_error(response(s), topic) == 0)
            before = memory()
            peak_memory(reset=True)
            s.sendall(large)
            must(f"codec {codec}: a bomb was taken", produce_error(response(s), topic) == TOO_LARGE)
            grown = peak_memory() - before
            must(f"codec {codec}: a bomb took {grown >> 20} MiB", grown < 96 << 20)
    # All at once, of every kind: each shard unpacks one at a time.
    before = memory()
    peak_memory(reset=True)
    attackers = [(connect(), large) for _, large in armed.values() for _ in range(4)]
    senders = [threading.Thread(target=send_if_open, args=attacker) for attacker in attackers]
    for sender in senders:
        sender.start()
    others_unharmed("bombs are under way", within=15)
    answers = [answer_if_open(s) for s, _ in attackers]  # Who sends too slowly for that is sent away.
    must("a bomb among many was taken", all(produce_error(each, topic) == TOO_LARGE for each in answers if each))
    must("nobody of many was answered", any(answers))
    for (s, _), sender in zip(attackers, senders):
        s.close()
        sender.join()
    grown = peak_memory() - before
    must(f"many bombs took {grown >> 20} MiB", grown < 256 << 20)


def damaged_batches():
    topic = b"damaged"
    make_topic(topic)
    s = connect()
    whole = batch(record(b"value" * 20))
    s.sendall(produce(topic, whole))
    must("a sound batch was refused", produce_error(response(s), topic) == 0)
    for at in range(17, len(whole)):
        hurt = bytearray(whole)
        hurt[at] ^= 0x10
        s.sendall(produce(topic, bytes(hurt)))
        must(f"a batch damaged at {at} was taken", produce_error(response(s), topic) == 2)
    for attributes in (5, 6, 7, 0x20, 0x10):
        s.sendall(produce(topic, batch(record(b"x"), attributes=attributes)))
        must(f"attributes {attributes} were taken", produce_error(response(s), topic) != 0)
    for cut in (1, 12, 30, 61, len(whole) - 1):
        s.sendall(produce(topic, whole[:cut]))
        must(f"{cut} bytes of a batch were taken", produce_error(response(s), topic) != 0)


def has_ended(s):
    s.setblocking(False)
    try:
        return s.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def answers_a_new_connection():
    try:
        with connect() as s:
            s.sendall(request(3, 1, struct.pack(">i", 0)))
            return len(response(s)) > 0
    except OSError:
        return False


def wait_for(condition, seconds=10):
    deadline = time.time() + seconds
    while not condition():
        if time.time() > deadline:
            return False
        time.sleep(0.1)
    return True


def floods():
    held, refused = [], 0
    for _ in range(600):
        try:
            s = socket.create_connection(address, timeout=5)
            held.append(s)
        except OSError:
            refused += 1
    others_unharmed("a flood of connections")
    must("600 connections are within the limit of 200", wait_for(lambda: refused + sum(map(has_ended, held)) >= 390))
    for s in held:
        s.close()
    must("connections that ended still count", wait_for(answers_a_new_connection))


def slow_readers():
    topic = b"slow"
    make_topic(topic)
    s = connect()
    for _ in range(40):
        s.sendall(produce(topic, batch(record(os.urandom(200_000)))))
        must("the records to be read slowly were refused", produce_error(response(s), topic) == 0)
    fetch = request(1, 4, struct.pack(">iiiibi", -1, 100, 1, 50 << 20, 0, 1) + struct.pack(">h", len(topic)) + topic +
                    struct.pack(">iiqi", 1, 0, 0, 50 << 20))
    before, held = memory(), sockets()
    slow = []
    for _ in range(30):
        s = connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(fetch * 60)  # More than the kernel takes on behalf of a client.
        slow.append(s)
    time.sleep(1)
    must(f"answers nobody reads take {(memory() - before) >> 20} MiB", memory() - before < 96 << 20)
    others_unharmed("slow readers")
    must("slow readers were kept", wait_for(lambda: sockets() <= held))
    for s in slow:
        s.close()


def unread_answers():
    """Many who ask for much, again and again, and read nothing: a little for each, beyond what there is for all."""
    names = [b"described-%d" % i for i in range(60)]
    for name in names:
        make_topic(name)
    resources = b"".join(struct.pack(">bh", 2, len(name)) + name + struct.pack(">i", -1) for name in names)
    one = request(32, 1, struct.pack(">i", len(names)) + resources + b"\1")  # DescribeConfigs, with synonyms.
    good.sendall(one)
    length = len(response(good))
    must(f"a description of 60 topics has {length} bytes", length > 64 << 10)
    before, held = memory(), sockets()
    peak_memory(reset=True)
    unread = []
    for _ in range(150):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(address)
        s.settimeout(0.1)
        send_if_open(s, one * 500)  # More than the kernel takes on behalf of a client.
        unread.append(s)
    others_unharmed("many answers that nobody reads")
    time.sleep(1)
    grown = peak_memory() - before
    must(f"answers that 150 clients do not read took {grown >> 20} MiB", grown < 80 << 20)
    must("clients that do not read were kept", wait_for(lambda: sockets() <= held, 30))
    for s in unread:
        s.close()


def promised_requests():
    """Lengths that are allowed, and nothing behind them."""
    promised = [connect() for _ in range(60)]
    for s in promised:
        s.sendall(struct.pack(">i", 10 << 20))
    others_unharmed("requests are promised")
    with connect() as s:
        metadata(s, b"warm")
    for s in promised:
        must("a promised request: the connection stayed open", is_closed(s, 20))


def sessions():
    """Fetch sessions of partitions that do not exist, and connections that end at once."""
    count = 5_000
    partitions = b"".join(struct.pack(">iqqi", i, 0, -1, 1) for i in range(count))
    body = (struct.pack(">iiiibiii", -1, 0, 0, 1 << 20, 0, 0, 0, 1) + struct.pack(">h", 5) + b"bogus" +
            struct.pack(">i", count) + partitions + struct.pack(">i", 0))
    before = memory()
    for _ in range(160):
        with connect() as s:
            s.sendall(request(1, 7, body))
            must("a session begins with what does not exist", struct.unpack(">i", response(s)[10:14])[0] == 0)
    must(f"sessions take {(memory() - before) >> 20} MiB", memory() - before < 32 << 20)
    others_unharmed("sessions")


def amplifiers():
    """Small requests that ask for the same thing again and again: told once, or refused."""
    before = memory()
    for api, version, each, count, behind in (
            (32, 1, struct.pack(">bh", 2, 4) + b"warm" + struct.pack(">i", -1), 20_000, b"\1"),  # DescribeConfigs
            (32, 1, struct.pack(">bh", 2, 4) + b"warm" + struct.pack(">i", -1), 400_000, b"\1"),
            (15, 0, struct.pack(">h", 1) + b"g", 300_000, b""),  # DescribeGroups
            (3, 4, struct.pack(">h", 4) + b"warm", 300_000, b"\0"),  # Metadata
            (9, 1, struct.pack(">h", 4) + b"warm" + struct.pack(">ii", 1, 0), 100_000, b"")):  # OffsetFetch
        group = struct.pack(">h", 1) + b"g" if api == 9 else b""
        s = connect()
        try:
            s.sendall(request(api, version, group + struct.pack(">i", count) + each * count + behind))
            must(f"api {api}: a small request brings a large answer", len(response(s)) < 8 << 20)
        except OSError:
            pass  # Refused.
        s.close()
        must(f"api {api}: an answer takes {(memory() - before) >> 20} MiB", memory() - before < 64 << 20)
        others_unharmed(f"api {api} was asked for one thing many times")


def pipelines():
    """Requests without an end, and nobody who reads the answers."""
    s = connect()
    s.settimeout(3)
    one = request(3, 1, struct.pack(">i", -1))
    sent = 0
    try:
        while sent < 64 << 20:
            s.sendall(one * 1000)
            sent += len(one) * 1000
    except OSError:
        pass
    must("64 MiB of requests were taken and none of the answers read", sent < 64 << 20)
    s.close()


others_unharmed("nothing")
make_topic(b"warm")
for _ in range(50):
    good.sendall(produce(b"warm", batch(record(os.urandom(100_000)))))
    response(good)
# The first, as a kind of line has its budget.
attacks = [other_protocols, garbage, hostile_lengths, unknown, half_requests, decompression_bombs, damaged_batches, floods,
           slow_readers, unread_answers, promised_requests, sessions, amplifiers, pipelines]
for attack in attacks:  # Once to grow whatever is kept for good,
    attack()
    others_unharmed(attack.__name__)
time.sleep(6)  # The heap trimmer looks every two seconds, and acts on what it sees twice.
before = memory()
for attack in attacks:  # and once to see that nothing more is.
    attack()
    others_unharmed(attack.__name__)
time.sleep(6)  # The heap trimmer looks every two seconds, and acts on what it sees twice.
must(f"memory grew from {before >> 20} to {memory() >> 20} MiB", memory() - before < MEMORY_SLACK)
for event in ("request.refused", "connection.refused", "connection.closed"):
    must(f"no line says {event}", logged(event) > 0)
with open(log) as lines:
    said = lines.readlines()
for remedy in ("the client speaks TLS", "the client speaks HTTP"):
    must(f"no line says that {remedy}", any(remedy in line for line in said))
count = len(said)
must(f"the log was flooded: {count} lines", count < 600)
print(f"{len(attacks)} kinds of attack, twice; {before >> 20} MiB before the second time, {memory() >> 20} MiB after; "
      f"{count} lines of log")
