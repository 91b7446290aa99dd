"""Clients of librdkafka that record what they do and see, as docs/formats.md says of histories.

foreign.py BOOTSTRAP TOPIC PARTITIONS SECONDS FILE
"""
import sys
import threading
import time

from confluent_kafka import Consumer, OFFSET_BEGINNING, Producer, TopicPartition

bootstrap, topic, partitions, seconds, path = sys.argv[1:6]
partitions, end = int(partitions), time.monotonic() + float(seconds)
lines = [[] for _ in range(2 * partitions + 2)]  # Of each process, in its order.


def now():
    return int(time.monotonic() * 1e6)


def produce(first, values):
    """Idempotent, many under way, a process for each partition; what was not acknowledged is unknown."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 2,
                         "message.timeout.ms": 60000})
    for count, value in enumerate(values):
        if time.monotonic() >= end:
            break
        partition = count % partitions
        process = first + partition
        at = len(lines[process])
        begun = now()
        lines[process].append(f"{process} {begun}- unknown send {topic}-{partition} {value}")

        def delivered(error, message, process=process, at=at, begun=begun, partition=partition, value=value):
            if error is None:
                lines[process][at] = (f"{process} {begun}-{now()} ok send {topic}-{partition} "
                                      f"{value}@{message.offset()}")

        producer.produce(topic, str(value), partition=partition, on_delivery=delivered)
        producer.poll(0.005)
    producer.flush(60)


def poll(process, consumer, timeout):
    begun = now()
    messages = [each for each in consumer.consume(500, timeout) if each.error() is None]
    seen = {}
    for each in messages:
        seen.setdefault(each.partition(), []).append(f"{each.offset()}={each.value().decode()}")
    if seen:
        steps = "; ".join(f"poll {topic}-{partition} {' '.join(records)}" for partition, records in seen.items())
        lines[process].append(f"{process} {begun}-{now()} ok {steps}")


def reader():
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in range(partitions)])
    return consumer


def read(process):
    consumer = reader()
    while time.monotonic() < end:
        poll(process, consumer, 0.2)
    consumer.close()


def read_all(process):
    consumer = reader()
    asked = now()
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, each), timeout=30)[1] for each in range(partitions)]
    patience = time.monotonic() + 30
    while time.monotonic() < patience:
        poll(process, consumer, 0.2)
        at = {each.partition: each.offset for each in consumer.position([TopicPartition(topic, each) for each in range(partitions)])}
        if all(at[each] >= ends[each] for each in range(partitions)):
            steps = "; ".join(f"end {topic}-{each}" for each in range(partitions))
            lines[process].append(f"{process} {asked}-{now()} ok {steps}")
            consumer.close()
            return
    sys.exit("the end of the topic was not reached")


threads = [threading.Thread(target=produce, args=(0, range(1, 1 << 40, 2))),
           threading.Thread(target=produce, args=(partitions, range(2, 1 << 40, 2))),
           threading.Thread(target=read, args=(2 * partitions,))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
read_all(2 * partitions + 1)
with open(path, "w") as file:
    for of_one in lines:
        file.writelines(line + "\n" for line in of_one)
