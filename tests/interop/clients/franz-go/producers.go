package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// produceTen writes ten records, the first of which must get this offset.
func produceTen(ctx context.Context, producer *kgo.Client, topic string, begin int64) {
	for i := int64(0); i < 10; i++ {
		record := must(producer.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("value")}).First())
		check(record.Offset == begin+i, "record %d is at %d", begin+i, record.Offset)
	}
}

// producersOf are the sequences at which the broker expects those who write to a topic to go on.
func producersOf(ctx context.Context, admin *kadm.Client, topic string) []int32 {
	described := must(admin.DescribeProducers(ctx, must(admin.ListTopics(ctx, topic)).TopicsSet()))
	partition := described[topic].Partitions[0]
	check(partition.Err == nil, "%v", partition.Err)
	var sequences []int32
	for _, each := range partition.ActiveProducers {
		sequences = append(sequences, each.LastSequence)
	}
	return sequences
}

// forgotten is an idempotent producer whom the broker forgets while he is silent; he may go on.
func forgotten(ctx context.Context, _ [][]byte) {
	admin, producer := kadm.NewClient(client()), client()
	defer admin.Close()
	defer producer.Close()
	must(admin.CreateTopic(ctx, 1, 1, nil, "forgotten"))
	produceTen(ctx, producer, "forgotten", 0)
	known := producersOf(ctx, admin, "forgotten")
	check(len(known) == 1 && known[0] == 9, "who has just written is known as %v", known)
	until(ctx, "the producer is not forgotten", func() bool { return len(producersOf(ctx, admin, "forgotten")) == 0 })
	produceTen(ctx, producer, "forgotten", 10)
}

// remembered is one whom the broker knows as long as he is told to, for a day if nobody says.
func remembered(ctx context.Context, _ [][]byte) {
	admin, producer := kadm.NewClient(client()), client()
	defer admin.Close()
	defer producer.Close()
	must(admin.CreateTopic(ctx, 1, 1, nil, "remembered"))
	produceTen(ctx, producer, "remembered", 0)
	time.Sleep(4 * time.Second)
	known := producersOf(ctx, admin, "remembered")
	check(len(known) == 1 && known[0] == 9, "the producer is known as %v", known)
	check(len(producersOf(ctx, admin, "forgotten")) == 1, "who has written a while ago is forgotten")
}
