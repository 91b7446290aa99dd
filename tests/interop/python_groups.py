"""Consumer groups of two members with librdkafka's and aiokafka's assignors: argument 1 is the broker. `check` as
argument 2 only asks what was committed before."""
import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer
from confluent_kafka.admin import AdminClient, NewTopic

broker = sys.argv[1]
admin = AdminClient({"bootstrap.servers": broker})
groups = ["range", "cooperative-sticky", "aiokafka"]


def until(what, condition, step):
    end = time.time() + 30
    while not condition():
        assert time.time() < end, what
        step()


def committed(group):
    wanted = [ConsumerGroupTopicPartitions(group)]
    known = admin.list_consumer_group_offsets(wanted)[group].result().topic_partitions
    return sorted((each.partition, each.offset) for each in known)


def librdkafka(strategy):
    def member(**more):
        consumer = Consumer({
            "bootstrap.servers": broker, "group.id": strategy, "partition.assignment.strategy": strategy,
            "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 6000, **more})
        consumer.subscribe(["shared"])
        return consumer

    one, two, seen = member(**{"group.instance.id": "static"}), member(), set()

    def poll():
        for consumer in (one, two):
            message = consumer.poll(0.05)
            if message and not message.error():
                seen.add((message.partition(), message.offset()))

    until("both have three partitions", lambda: len(one.assignment()) == len(two.assignment()) == 3, poll)
    until("all was read", lambda: len(seen) == 600, poll)
    one.commit(asynchronous=False)
    two.commit(asynchronous=False)
    two.close()
    until("the other takes over", lambda: len(one.assignment()) == 6, lambda: one.poll(0.1))
    members = admin.describe_consumer_groups([strategy])[strategy].result().members
    assert [each.group_instance_id for each in members] == ["static"], members
    one.close()


async def aiokafka():
    def member():
        return AIOKafkaConsumer("shared", bootstrap_servers=broker, group_id="aiokafka",
                                auto_offset_reset="earliest", enable_auto_commit=False)

    one, two, count, end = member(), member(), 0, time.time() + 60
    await one.start()
    await two.start()
    while not len(one.assignment()) == len(two.assignment()) == 3:
        assert time.time() < end, "both have three partitions"
        await asyncio.sleep(0.1)
    while count < 600:
        assert time.time() < end, "all was read"
        for consumer in (one, two):
            batches = await consumer.getmany(timeout_ms=100)
            count += sum(map(len, batches.values()))
    await one.commit()
    await two.commit()
    await two.stop()
    while len(one.assignment()) != 6:
        assert time.time() < end, "the other takes over"
        await asyncio.sleep(0.1)
    await one.stop()


if sys.argv[2:] != ["check"]:
    admin.create_topics([NewTopic("shared", 6, 1)])["shared"].result()
    producer = Producer({"bootstrap.servers": broker})
    for number in range(600):
        producer.produce("shared", str(number), partition=number % 6)
    producer.flush()
    for strategy in groups[:2]:
        librdkafka(strategy)
    asyncio.run(aiokafka())
for group in groups:
    assert committed(group) == [(partition, 100) for partition in range(6)], (group, committed(group))
