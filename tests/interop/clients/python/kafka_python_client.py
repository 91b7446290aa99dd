"""kafka_python_client.py write|read|admin BROKER LINES: what kafka-python can ask of a broker, without groups."""

import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import InvalidConfigurationError, MessageSizeTooLargeError, TopicAlreadyExistsError

CODECS = [None, "gzip", "snappy", "lz4", "zstd"]
PARTITIONS = 3
FIRST_TIME = 1_700_000_000_000
broker = sys.argv[2]
with open(sys.argv[3], encoding="utf-8") as file:
    lines = file.read().splitlines()


def topic_of(codec):
    return f"lines-{codec or 'none'}"


def refused(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"not refused with {kind.__name__}")


def write():
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(topic_of(codec), PARTITIONS, 1, topic_configs={"retention.ms": "-1"})
                         for codec in CODECS])
    admin.close()
    for codec in CODECS:
        producer = KafkaProducer(bootstrap_servers=broker, compression_type=codec, linger_ms=20)
        sent = [producer.send(topic_of(codec), line.encode(), f"key {number}".encode(),
                              [("number", str(number).encode())], number % PARTITIONS, FIRST_TIME + number)
                for number, line in enumerate(lines)]
        producer.flush(60)
        for number, future in enumerate(sent):
            assert future.get(10).offset == number // PARTITIONS
        producer.close()


def read():
    for codec in CODECS:
        consumer = KafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", group_id=None,
                                 check_crcs=True)
        partitions = [TopicPartition(topic_of(codec), index) for index in range(PARTITIONS)]
        consumer.assign(partitions)
        read = {}
        while len(read) < len(lines):
            batches = consumer.poll(timeout_ms=10000, max_records=5000)
            assert batches, f"{topic_of(codec)}: only {len(read)} were read"
            for record in (record for batch in batches.values() for record in batch):
                read[record.offset * PARTITIONS + record.partition] = record
        for number, line in enumerate(lines):
            record = read[number]
            assert record.value == line.encode() and record.key == f"key {number}".encode(), record
            assert record.timestamp == FIRST_TIME + number, record
            assert [tuple(header) for header in record.headers] == [("number", str(number).encode())], record
        middle = len(lines) // PARTITIONS // 2
        found = consumer.offsets_for_times({p: FIRST_TIME + middle * PARTITIONS for p in partitions})
        assert all(found[p].offset == middle for p in partitions), found
        consumer.seek(partitions[1], middle)
        consumer.pause(partitions[0], partitions[2])
        first = consumer.poll(timeout_ms=10000, max_records=1)[partitions[1]][0]
        assert first.value == lines[middle * PARTITIONS + 1].encode(), first
        assert sum(consumer.end_offsets(partitions).values()) == len(lines)
        assert set(consumer.beginning_offsets(partitions).values()) == {0}
        consumer.close()


def admin():
    client = KafkaAdminClient(bootstrap_servers=broker)
    cluster = client.describe_cluster()
    assert len(cluster["brokers"]) == 1 and len(cluster["cluster_id"]) == 22, cluster
    refused(TopicAlreadyExistsError, lambda: client.create_topics([NewTopic("lines-gzip", 3, 1)]))
    refused(InvalidConfigurationError, lambda: client.create_topics(
        [NewTopic("compacted", 1, 1, topic_configs={"cleanup.policy": "compact"})]))
    client.create_topics([NewTopic("made", 1, 1, topic_configs={"max.message.bytes": "2000"})])
    assert "made" in client.list_topics()
    # Without idempotence: with it, this client's producer is of no more use after such an error.
    producer = KafkaProducer(bootstrap_servers=broker, enable_idempotence=False)
    refused(MessageSizeTooLargeError, lambda: producer.send("made", b"x" * 5000).get(10))
    assert producer.send("made", b"x" * 100).get(10).offset == 0
    producer.close()
    client.create_partitions({"made": 4})
    (topic,) = client.describe_topics(["made"])
    assert len(topic["partitions"]) == 4, topic
    client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "made", {"retention.ms": "3600000"})])
    described = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "made")])
    assert "'3600000'" in str(described), described
    partition = TopicPartition("lines-lz4", 0)
    client.delete_records({partition: 10})
    consumer = KafkaConsumer(bootstrap_servers=broker, group_id=None)
    assert consumer.beginning_offsets([partition]) == {partition: 10}
    consumer.close()
    client.delete_topics(["made"])
    assert "made" not in client.list_topics()
    client.close()


{"write": write, "read": read, "admin": admin}[sys.argv[1]]()
