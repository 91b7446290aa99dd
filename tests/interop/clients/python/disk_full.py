"""A disk that fills: produce is refused in time, reads and deletes go on, and room makes it all well again.

usage: disk_full.py HOST:PORT"""

import os
import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

servers = {"bootstrap.servers": sys.argv[1]}
admin = AdminClient(servers)
value = os.urandom(10_000)


def must(what, holds):
    if not holds:
        raise SystemExit(what)


def create(topic):
    config = {"file.delete.delay.ms": "0", "segment.bytes": "8388608"}
    admin.create_topics([NewTopic(topic, 2, 1, config=config)])[topic].result(30)


def produce(topic, count, timeout_ms):
    """How many were acknowledged, and the errors of the others."""
    acked, errors = 0, set()

    def delivered(error, message):
        nonlocal acked
        if error is None:
            acked += 1
        else:
            errors.add(error.name())

    producer = Producer({**servers, "acks": "all", "message.timeout.ms": timeout_ms, "linger.ms": 5,
                         "queue.buffering.max.messages": 1000})
    for _ in range(count):
        while not errors:
            try:
                producer.produce(topic, value, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        if errors:
            break
        producer.poll(0)
    producer.flush(60)
    return acked, errors


def read_all(topic):
    consumer = Consumer({**servers, "group.id": "none", "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, p, 0) for p in (0, 1)])
    count = ended = 0
    deadline = time.time() + 60
    while ended < 2:
        must(f"reading stopped after {count} records", time.time() < deadline)
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            must(str(message.error()), message.error().code() == KafkaError._PARTITION_EOF)
            ended += 1
            continue
        must("a record came back changed", message.value() == value)
        count += 1
    consumer.close()
    return count


create("first")
small, errors = produce("first", 500, 30_000)
must(f"the disk is full too early: {errors}", small == 500 and not errors)
create("second")
acked, errors = produce("second", 100_000, 10_000)
must("a full disk refused nothing", errors)
read = read_all("second")
must(f"{acked} were acknowledged and {read} are there", read >= acked > 1000)
must("reading another topic failed", read_all("first") == 500)
admin.delete_topics(["second"])["second"].result(30)
create("third")
deadline = time.time() + 60
while True:
    acked_again, errors_again = produce("third", 200, 5_000)
    if acked_again == 200:
        break
    must(f"there is room, and produce is refused: {errors_again}", time.time() < deadline)
must("what was read before is gone", read_all("first") == 500)
print(f"{acked} records of 10 kB filled the disk ({', '.join(sorted(errors))}), all there; after a delete it went on by itself")
