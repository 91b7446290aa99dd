"""aiokafka_client.py write|read|admin BROKER LINES: what aiokafka can ask of a broker, without groups."""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

CODECS = [None, "gzip", "snappy", "lz4", "zstd"]
PARTITIONS = 3
FIRST_TIME = 1_700_000_000_000
broker = sys.argv[2]
with open(sys.argv[3], encoding="utf-8") as file:
    lines = file.read().splitlines()


def topic_of(codec):
    return f"lines-{codec or 'none'}"


async def write():
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    made = await admin.create_topics([
        NewTopic(topic_of(codec), PARTITIONS, 1, topic_configs={"retention.ms": "-1"}) for codec in CODECS])
    assert all(error[1] == 0 for error in made.topic_errors), made
    await admin.close()
    for codec in CODECS:
        producer = AIOKafkaProducer(bootstrap_servers=broker, compression_type=codec, enable_idempotence=True,
                                    linger_ms=20)
        await producer.start()
        sent = [await producer.send(topic_of(codec), line.encode(), f"key {number}".encode(), number % PARTITIONS,
                                    FIRST_TIME + number, [("number", str(number).encode())])
                for number, line in enumerate(lines)]
        await producer.flush()
        for number, future in enumerate(sent):
            assert (await future).offset == number // PARTITIONS
        await producer.stop()


async def read():
    for codec in CODECS:
        consumer = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", group_id=None)
        await consumer.start()
        partitions = [TopicPartition(topic_of(codec), index) for index in range(PARTITIONS)]
        consumer.assign(partitions)
        read = {}
        while len(read) < len(lines):
            batches = await consumer.getmany(timeout_ms=10000, max_records=5000)
            assert batches, f"{topic_of(codec)}: only {len(read)} were read"
            for record in (record for batch in batches.values() for record in batch):
                read[record.offset * PARTITIONS + record.partition] = record
        for number, line in enumerate(lines):
            record = read[number]
            assert record.value == line.encode() and record.key == f"key {number}".encode(), record
            assert record.timestamp == FIRST_TIME + number, record
            assert record.headers == (("number", str(number).encode()),), record
        middle = len(lines) // PARTITIONS // 2
        found = await consumer.offsets_for_times({p: FIRST_TIME + middle * PARTITIONS for p in partitions})
        assert all(found[p].offset == middle for p in partitions), found
        consumer.seek(partitions[1], middle)
        assert (await consumer.getone(partitions[1])).value == lines[middle * PARTITIONS + 1].encode()
        ends = await consumer.end_offsets(partitions)
        assert sum(ends.values()) == len(lines), ends
        assert set((await consumer.beginning_offsets(partitions)).values()) == {0}
        await consumer.stop()


async def admin():
    client = AIOKafkaAdminClient(bootstrap_servers=broker)
    await client.start()
    cluster = await client.describe_cluster()
    assert len(cluster["brokers"]) == 1 and len(cluster["cluster_id"]) == 22, cluster
    again = await client.create_topics([NewTopic("lines-gzip", 3, 1)])
    assert again.topic_errors[0][1] == 36, again  # TOPIC_ALREADY_EXISTS
    await client.create_topics([NewTopic("made", 1, 1)])
    await client.create_partitions({"made": NewPartitions(4)})
    (topic,) = await client.describe_topics(["made"])
    assert topic["error_code"] == 0 and len(topic["partitions"]) == 4, topic
    resource = ConfigResource(ConfigResourceType.TOPIC, "made", {"retention.ms": "3600000"})
    await client.alter_configs([resource])
    described = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "made")])
    configs = {config[0]: config[1] for config in described[0].resources[0][4]}
    assert configs["retention.ms"] == "3600000" and configs["cleanup.policy"] == "delete", configs
    partition = TopicPartition("lines-lz4", 0)
    assert await client.delete_records({partition: RecordsToDelete(before_offset=10)}) == {partition: 10}
    assert {"made", "lines-none", "lines-zstd"} <= set(await client.list_topics())
    await client.delete_topics(["made"])
    assert "made" not in await client.list_topics()
    await client.close()


asyncio.run({"write": write, "read": read, "admin": admin}[sys.argv[1]]())
