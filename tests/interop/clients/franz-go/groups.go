package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const sharedPartitions = 6

var balancers = map[string]kgo.GroupBalancer{
	"range": kgo.RangeBalancer(), "sticky": kgo.StickyBalancer(), "cooperative-sticky": kgo.CooperativeStickyBalancer(),
}

// seen are the numbers that the members of one group have read.
type seen struct {
	mutex   sync.Mutex
	numbers map[int]bool
}

func (s *seen) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.numbers)
}

func (s *seen) add(record *kgo.Record) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.numbers[must(strconv.Atoi(string(record.Value)))] = true
}

// member polls until it is closed; what it has read is committed when it is, and at every rebalance.
func member(ctx context.Context, group string, read *seen, options ...kgo.Opt) *kgo.Client {
	consumer := client(append(options, kgo.ConsumerGroup(group), kgo.ConsumeTopics("shared"), kgo.Balancers(balancers[group]),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.AutoCommitMarks(), kgo.HeartbeatInterval(200*time.Millisecond))...)
	go func() {
		for {
			fetches := consumer.PollFetches(ctx)
			if fetches.IsClientClosed() || ctx.Err() != nil {
				return
			}
			fetches.EachRecord(read.add)
			consumer.MarkCommitRecords(fetches.Records()...)
		}
	}()
	return consumer
}

func leave(ctx context.Context, consumer *kgo.Client) {
	check(consumer.CommitMarkedOffsets(ctx) == nil, "what was read is not committed")
	consumer.CloseAllowingRebalance()
}

func send(ctx context.Context, first, count int) {
	producer := client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer producer.Close()
	for number := first; number < first+count; number++ {
		record := &kgo.Record{Topic: "shared", Partition: int32(number % sharedPartitions), Value: []byte(fmt.Sprint(number))}
		producer.Produce(ctx, record, func(_ *kgo.Record, err error) { check(err == nil, "%v", err) })
	}
	check(producer.Flush(ctx) == nil, "not all was written")
}

// shares are how many partitions each member has, once the group is stable.
func shares(ctx context.Context, admin *kadm.Client, group string) []int {
	described := must(admin.DescribeGroups(ctx, group))[group]
	if described.State != "Stable" {
		return nil
	}
	var counts []int
	for _, each := range described.Members {
		count := 0
		if assignment, ok := each.Assigned.AsConsumer(); ok {
			for _, topic := range assignment.Topics {
				count += len(topic.Partitions)
			}
		}
		counts = append(counts, count)
	}
	return counts
}

func until(ctx context.Context, what string, condition func() bool) {
	for !condition() {
		check(ctx.Err() == nil, "%s", what)
		time.Sleep(50 * time.Millisecond)
	}
}

func untilShared(ctx context.Context, admin *kadm.Client, group string, expected ...int) {
	until(ctx, fmt.Sprintf("%s: partitions are shared as %v", group, expected), func() bool {
		return fmt.Sprint(shares(ctx, admin, group)) == fmt.Sprint(expected)
	})
}

func checkCommitted(ctx context.Context, admin *kadm.Client, group string, expected int64) {
	known := must(admin.FetchOffsets(ctx, group))
	for index := int32(0); index < sharedPartitions; index++ {
		offset, ok := known.Lookup("shared", index)
		check(ok && offset.At == expected, "%s: %d is committed of partition %d, not %d", group, offset.At, index, expected)
	}
}

// share lets two members of each kind of group read a topic; one leaves and the other takes over.
func share(ctx context.Context, _ [][]byte) {
	admin := kadm.NewClient(client())
	defer admin.Close()
	must(admin.CreateTopic(ctx, sharedPartitions, 1, nil, "shared"))
	send(ctx, 0, 600)
	for group := range balancers {
		read := &seen{numbers: map[int]bool{}}
		one := member(ctx, group, read, kgo.InstanceID("static"))
		untilShared(ctx, admin, group, 6)
		two := member(ctx, group, read)
		untilShared(ctx, admin, group, 3, 3)
		until(ctx, "all was read", func() bool { return read.count() == 600 })
		described := must(admin.DescribeGroups(ctx, group))[group]
		check(described.Protocol == group, "%s: the protocol is %s", group, described.Protocol)
		leave(ctx, two)
		untilShared(ctx, admin, group, 6)
		leave(ctx, one)
		// A static member stays one until it is removed.
		left := must(admin.LeaveGroup(ctx, kadm.LeaveGroup(group).InstanceIDs("static").Reason("the end")))
		check(left.Ok(), "%v", left.Error())
		checkCommitted(ctx, admin, group, 100)
	}
}

// resume finds the groups where they were, and ends them.
func resume(ctx context.Context, _ [][]byte) {
	admin := kadm.NewClient(client())
	defer admin.Close()
	for group := range balancers {
		check(must(admin.ListGroupsByType(ctx, []string{"classic"}, "Empty"))[group].Group == group, "%s is not listed", group)
		checkCommitted(ctx, admin, group, 100)
	}
	send(ctx, 600, 60)
	for group := range balancers {
		read := &seen{numbers: map[int]bool{}}
		one := member(ctx, group, read)
		until(ctx, "what is new was read", func() bool { return read.count() == 60 })
		leave(ctx, one)
		for number := range read.numbers {
			check(number >= 600, "%s: %d was committed and is read again", group, number)
		}
		checkCommitted(ctx, admin, group, 110)
		check(must(admin.Lag(ctx, group))[group].Lag.Total() == 0, "%s lags behind", group)
		moved := kadm.Offsets{"shared": {2: {Topic: "shared", Partition: 2, At: 7, LeaderEpoch: -1, Metadata: "moved"}}}
		check(admin.CommitAllOffsets(ctx, group, moved) == nil, "%s: an offset is not moved", group)
		offset, _ := must(admin.FetchOffsets(ctx, group)).Lookup("shared", 2)
		check(offset.At == 7 && offset.Metadata == "moved", "%s: %v", group, offset)
		var set kadm.TopicsSet
		set.Add("shared", 3)
		check(must(admin.DeleteOffsets(ctx, group, set)).Error() == nil, "%s: an offset is not deleted", group)
		_, known := must(admin.FetchOffsets(ctx, group)).Lookup("shared", 3)
		check(!known, "%s: an offset that was deleted is known", group)
		must(admin.DeleteGroup(ctx, group))
		_, err := admin.DeleteGroup(ctx, group)
		refused(kerr.GroupIDNotFound, err)
	}
}
