"""A member of a group until SIGTERM, printing what it reads: broker, group, topic, assignment strategy."""
import signal
import sys

from confluent_kafka import Consumer

broker, group, topic, strategy = sys.argv[1:]
running = True


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
consumer = Consumer({
    "bootstrap.servers": broker, "group.id": group, "partition.assignment.strategy": strategy,
    "auto.offset.reset": "earliest", "session.timeout.ms": 6000, "auto.commit.interval.ms": 200})
consumer.subscribe([topic])
while running:
    message = consumer.poll(0.1)
    if message and not message.error():
        print(message.value().decode(), flush=True)
consumer.close()
