"""client.py write|read|admin|errors BROKER [LINES]: what confluent-kafka can ask of a broker, without groups."""

import sys
import time

from confluent_kafka import (
    Consumer, IsolationLevel, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition,
)
from confluent_kafka import OFFSET_BEGINNING
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec,
    ResourceType,
)

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
PARTITIONS = 3
FIRST_TIME = 1_700_000_000_000
broker = sys.argv[2]
admin = AdminClient({"bootstrap.servers": broker})


def lines():
    with open(sys.argv[3], encoding="utf-8") as file:
        return file.read().splitlines()


def result(futures):
    """The result of a call about one thing."""
    (future,) = futures.values()
    return future.result(20)


def refused(code, call):
    try:
        call()
    except KafkaException as error:
        assert error.args[0].code() == code, error
        return error.args[0].str()
    raise AssertionError(f"not refused with {code}")


def offset_of(topic, partition, spec, **options):
    return result(admin.list_offsets({TopicPartition(topic, partition): spec}, **options))


def consumer(more={}):
    return Consumer({**more, "bootstrap.servers": broker, "group.id": "none", "enable.auto.commit": False,
                     "enable.partition.eof": True, "check.crcs": True})


def read_from(positions):
    """Every record from these positions to the ends, by partition."""
    reader = consumer()
    reader.assign(positions)
    read = {position.partition: [] for position in positions}
    ends, deadline = set(), time.monotonic() + 30
    while len(ends) < len(positions):
        assert time.monotonic() < deadline, f"only the ends of {ends} were reached"
        for message in reader.consume(1000, 1):
            if message.error() is None:
                read[message.partition()].append(message)
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ends.add(message.partition())
    reader.close()
    return read


# The line of number n goes to partition n % 3, with a key, headers and a time of its own.
def write():
    created = admin.create_topics([
        NewTopic(f"lines-{codec}", PARTITIONS, 1,
                 config={"retention.ms": "-1", "segment.bytes": "1048576"}) for codec in CODECS])
    for future in created.values():
        future.result(20)
    for codec in CODECS:
        failures = []
        producer = Producer({"bootstrap.servers": broker, "enable.idempotence": True, "linger.ms": 20,
                             "compression.type": codec, "queue.buffering.max.messages": 1000000})
        told = lambda error, message: failures.append(error) if error else None
        for number, line in enumerate(lines()):
            producer.produce(f"lines-{codec}", line, f"key {number}", number % PARTITIONS,
                             timestamp=FIRST_TIME + number, on_delivery=told,
                             headers=[("number", str(number)), ("number", b"\xff\x00"), ("none", None)])
            if number % 1000 == 0:
                producer.poll(0)
        assert producer.flush(60) == 0 and not failures, failures[:3]


def check(message, expected, number):
    assert message.value() == expected[number].encode(), (number, message.value())
    assert message.key() == f"key {number}".encode(), message.key()
    assert message.timestamp() == (1, FIRST_TIME + number), message.timestamp()
    assert message.headers() == [("number", str(number).encode()), ("number", b"\xff\x00"), ("none", None)]
    assert message.offset() == number // PARTITIONS, message.offset()


def read():
    expected = lines()
    for codec in CODECS:
        topic = f"lines-{codec}"
        records = read_from([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
        for partition, messages in records.items():
            numbers = range(partition, len(expected), PARTITIONS)
            assert len(messages) == len(numbers), (codec, partition, len(messages), len(numbers))
            for message, number in zip(messages, numbers):
                check(message, expected, number)
    # From an offset in the middle, and from the first record at or after a time.
    middle = len(expected) // PARTITIONS // 2
    tail = read_from([TopicPartition("lines-lz4", 1, middle)])[1]
    check(tail[0], expected, middle * PARTITIONS + 1)
    reader = consumer()
    moment = FIRST_TIME + middle * PARTITIONS
    found = reader.offsets_for_times(
        [TopicPartition("lines-zstd", p, moment) for p in range(PARTITIONS)], timeout=20)
    assert [position.offset for position in found] == [middle, middle, middle], found
    low, high = reader.get_watermark_offsets(TopicPartition("lines-zstd", 0), timeout=20)
    count = len(range(0, len(expected), PARTITIONS))
    assert (low, high) == (0, count)
    reader.close()
    # The same by the admin client, which knows a few more questions.
    assert offset_of("lines-zstd", 0, OffsetSpec.earliest()).offset == 0
    latest = offset_of("lines-zstd", 0, OffsetSpec.latest(), isolation_level=IsolationLevel.READ_COMMITTED)
    assert latest.offset == count, latest.offset
    newest = offset_of("lines-zstd", 0, OffsetSpec.max_timestamp())
    assert (newest.offset, newest.timestamp) == (count - 1, FIRST_TIME + (count - 1) * PARTITIONS), newest
    assert offset_of("lines-zstd", 0, OffsetSpec.for_timestamp(moment)).offset == middle


def configs_of(resource):
    return result(admin.describe_configs([resource]))


def admin_calls():
    cluster = admin.describe_cluster().result(20)
    assert len(cluster.nodes) == 1 and len(cluster.cluster_id) == 22, cluster
    assert f"{cluster.controller.host}:{cluster.controller.port}" == broker

    result(admin.create_topics([NewTopic("made", 2, 1, config={"max.message.bytes": "2000"})]))
    result(admin.create_topics([NewTopic("only-checked", 2, 1)], validate_only=True))
    deadline = time.monotonic() + 10
    while "made" not in (topics := admin.list_topics(timeout=20).topics):
        assert time.monotonic() < deadline
    assert "only-checked" not in topics
    described = result(admin.describe_topics(TopicCollection(["made"])))
    assert (described.name, described.is_internal, len(described.partitions)) == ("made", False, 2)
    assert all(p.leader.id == cluster.controller.id and len(p.isr) == 1 for p in described.partitions)

    resource = ConfigResource(ResourceType.TOPIC, "made")
    configs = configs_of(resource)
    assert configs["max.message.bytes"].value == "2000" and not configs["max.message.bytes"].is_default
    assert configs["retention.ms"].value == "604800000" and configs["retention.ms"].is_default
    result(admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, "made", incremental_configs=[
        ConfigEntry("retention.ms", "3600000", incremental_operation=AlterConfigOpType.SET),
        ConfigEntry("max.message.bytes", None, incremental_operation=AlterConfigOpType.DELETE)])]))
    configs = configs_of(resource)
    assert configs["retention.ms"].value == "3600000" and configs["retention.ms"].source == 1
    assert configs["max.message.bytes"].value == "1048588" and configs["max.message.bytes"].is_default
    on_broker = configs_of(ConfigResource(ResourceType.BROKER, str(cluster.controller.id)))
    assert "log.retention.ms" in on_broker or "message.max.bytes" in on_broker, sorted(on_broker)

    result(admin.create_partitions([NewPartitions("made", 5)]))
    assert len(result(admin.describe_topics(TopicCollection(["made"]))).partitions) == 5

    before = offset_of("lines-gzip", 2, OffsetSpec.latest()).offset
    left = result(admin.delete_records([TopicPartition("lines-gzip", 2, 100)]))
    assert left.low_watermark == 100
    assert offset_of("lines-gzip", 2, OffsetSpec.earliest()).offset == 100
    records = read_from([TopicPartition("lines-gzip", 2, OFFSET_BEGINNING)])[2]
    assert (records[0].offset(), len(records)) == (100, before - 100)

    result(admin.delete_topics(["made"]))
    deadline = time.monotonic() + 10
    while "made" in admin.list_topics(timeout=20).topics:
        assert time.monotonic() < deadline


def errors():
    def create(*args, **options):
        return lambda: result(admin.create_topics([NewTopic(*args, **options)]))

    refused(KafkaError.TOPIC_ALREADY_EXISTS, create("lines-gzip", 3, 1))
    refused(KafkaError.INVALID_PARTITIONS, create("none-at-all", 0, 1))
    refused(KafkaError.INVALID_REPLICATION_FACTOR, create("too-many", 1, 3))
    refused(KafkaError.TOPIC_EXCEPTION, create("no spaces", 1, 1))
    why = refused(KafkaError.INVALID_CONFIG, create("compacted", 1, 1, config={"cleanup.policy": "compact"}))
    assert "compact" in why, why
    refused(KafkaError.INVALID_CONFIG, create("odd", 1, 1, config={"retention.ms": "soon"}))
    refused(KafkaError.INVALID_CONFIG, create("odd", 1, 1, config={"no.such": "1"}))
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: result(admin.delete_topics(["unknown"])))
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: result(admin.create_partitions([NewPartitions("unknown", 2)])))
    refused(KafkaError.INVALID_PARTITIONS, lambda: result(admin.create_partitions([NewPartitions("lines-gzip", 2)])))
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: configs_of(ConfigResource(ResourceType.TOPIC, "unknown")))
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART,
            lambda: result(admin.describe_topics(TopicCollection(["unknown"]))))
    refused(KafkaError.INVALID_CONFIG, lambda: result(admin.incremental_alter_configs([
        ConfigResource(ResourceType.TOPIC, "lines-gzip", incremental_configs=[
            ConfigEntry("retention.ms", "soon", incremental_operation=AlterConfigOpType.SET)])])))
    refused(KafkaError.OFFSET_OUT_OF_RANGE,
            lambda: result(admin.delete_records([TopicPartition("lines-lz4", 0, 1 << 40)])))

    result(admin.create_topics([NewTopic("small", 1, 1, config={"max.message.bytes": "2000"})]))
    outcomes = []
    producer = Producer({"bootstrap.servers": broker, "message.max.bytes": 10_000_000})
    for size in [100, 5000, 200]:
        producer.produce("small", b"x" * size, partition=0, on_delivery=lambda e, m: outcomes.append(e and e.code()))
        assert producer.flush(20) == 0
    assert outcomes == [None, KafkaError.MSG_SIZE_TOO_LARGE, None], outcomes
    assert [len(m.value()) for m in read_from([TopicPartition("small", 0, OFFSET_BEGINNING)])[0]] == [100, 200]

    reader = consumer({"auto.offset.reset": "error"})
    reader.assign([TopicPartition("small", 0, 1 << 40)])
    message = reader.poll(20)
    assert message is not None and message.error().code() == KafkaError._AUTO_OFFSET_RESET, message
    assert "out of range" in message.error().str(), message.error().str()
    reader.close()


{"write": write, "read": read, "admin": admin_calls, "errors": errors}[sys.argv[1]]()
