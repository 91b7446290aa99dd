"""kafka_python_groups.py share|resume BROKER: groups of two members of kafka-python, eager and cooperative, and what its
admin client says about them."""

import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, MemberToRemove, NewTopic
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.structs import OffsetAndMetadata

broker = sys.argv[2]
admin = KafkaAdminClient(bootstrap_servers=broker)
strategies = {"range": RangePartitionAssignor, "sticky": StickyPartitionAssignor,
              "cooperative-sticky": CooperativeStickyAssignor}
partitions = [TopicPartition("shared", index) for index in range(6)]


def member(strategy, **more):
    return KafkaConsumer("shared", bootstrap_servers=broker, group_id=strategy, auto_offset_reset="earliest",
                         enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=200,
                         partition_assignment_strategy=[strategies[strategy]], **more)


def until(what, condition, members, seen):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"{what}: {[consumer.assignment() for consumer in members]}, {len(seen)} read"
        for consumer in members:
            for records in consumer.poll(timeout_ms=50).values():
                seen.update(int(record.value) for record in records)


def committed(strategy):
    known = admin.list_group_offsets({strategy: None})[strategy]
    return [known[partition].offset for partition in partitions]


def send(first, count):
    producer = KafkaProducer(bootstrap_servers=broker)
    for number in range(first, first + count):
        producer.send("shared", str(number).encode(), partition=number % 6)
    producer.flush(20)
    producer.close()


def share(strategy):
    one, two, seen = member(strategy, group_instance_id="static"), member(strategy), set()
    until("both have three partitions", lambda: len(one.assignment()) == len(two.assignment()) == 3, (one, two), seen)
    until("all was read", lambda: len(seen) == 600, (one, two), seen)
    one.commit()
    two.commit()
    described = admin.describe_groups([strategy])[strategy]
    assert described["group_state"] == "Stable" and described["protocol_data"] == strategy, described
    assert sorted(str(each["group_instance_id"]) for each in described["members"]) == ["None", "static"], described
    two.close()
    until("the other takes over", lambda: len(one.assignment()) == 6, (one,), seen)
    one.close()  # It is static and stays a member until it is removed.
    ((_, error),) = admin.remove_group_members(strategy, [MemberToRemove(group_instance_id="static")]).items()
    assert error.errno == 0, error
    assert committed(strategy) == [100] * 6, committed(strategy)


def resume():
    listed = str(admin.list_groups())
    for strategy in strategies:
        assert f"'{strategy}'" in listed, listed
        assert committed(strategy) == [100] * 6, (strategy, committed(strategy))
    send(600, 60)
    for strategy in strategies:
        one, seen = member(strategy), set()
        until("what is new was read", lambda: len(seen) == 60, (one,), seen)
        assert min(seen) == 600, "what was committed is read again"
        one.commit()
        one.close()
        assert committed(strategy) == [110] * 6, (strategy, committed(strategy))
        changed = admin.alter_group_offsets(strategy, {partitions[2]: OffsetAndMetadata(7, "moved", -1)})
        assert changed[partitions[2]].errno == 0, changed
        assert committed(strategy)[2] == 7
        gone = admin.delete_group_offsets(strategy, [partitions[3]])
        assert gone[partitions[3]].errno == 0, gone
        assert partitions[3] not in admin.list_group_offsets({strategy: None})[strategy]
        admin.delete_groups([strategy])
    assert not any(f"'{strategy}'" in str(admin.list_groups()) for strategy in strategies)


if sys.argv[1] == "share":
    admin.create_topics([NewTopic("shared", 6, 1)])
    send(0, 600)
    for each in strategies:
        share(each)
else:
    resume()
admin.close()
