// main ACTION BROKER [LINES]: what franz-go can ask of a broker. The actions are in main(); groups and producers have files
// of their own.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions = 3
	firstTime  = 1_700_000_000_000
)

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func check(holds bool, format string, arguments ...any) {
	if !holds {
		fmt.Printf(format+"\n", arguments...)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err == nil, "%v", err)
	return value
}

func refused(expected error, err error) {
	check(errors.Is(err, expected), "%v was expected, not %v", expected, err)
}

func client(options ...kgo.Opt) *kgo.Client {
	return must(kgo.NewClient(append(options, kgo.SeedBrokers(os.Args[2]), kgo.RequestRetries(3))...))
}

// write sends the line of number n to partition n % 3, with a key, headers and a time of its own.
func write(ctx context.Context, lines [][]byte) {
	admin := kadm.NewClient(client())
	defer admin.Close()
	forever := "-1"
	for name, codec := range codecs {
		topic := "lines-" + name
		must(admin.CreateTopic(ctx, partitions, 1, map[string]*string{"retention.ms": &forever}, topic))
		producer := client(kgo.ProducerBatchCompression(codec), kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.ProducerLinger(20*time.Millisecond), kgo.MaxBufferedRecords(len(lines)+1))
		failures := make(chan error, len(lines))
		for number, line := range lines {
			n := number
			producer.Produce(ctx, &kgo.Record{
				Topic: topic, Partition: int32(n % partitions), Key: []byte(fmt.Sprint("key ", n)), Value: line,
				Timestamp: time.UnixMilli(firstTime + int64(n)),
				Headers:   []kgo.RecordHeader{{Key: "number", Value: []byte(fmt.Sprint(n))}, {Key: "none"}},
			}, func(record *kgo.Record, err error) {
				if err == nil && record.Offset != int64(n/partitions) {
					err = fmt.Errorf("record %d is at %d", n, record.Offset)
				}
				if err != nil {
					failures <- err
				}
			})
		}
		check(producer.Flush(ctx) == nil, "%s: flush", topic)
		check(len(failures) == 0, "%s: %d failures", topic, len(failures))
		producer.Close()
	}
}

func positions(topic string, offset kgo.Offset) kgo.Opt {
	from := map[int32]kgo.Offset{}
	for index := int32(0); index < partitions; index++ {
		from[index] = offset
	}
	return kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
}

func read(ctx context.Context, lines [][]byte) {
	for name := range codecs {
		topic := "lines-" + name
		consumer := client(positions(topic, kgo.NewOffset().AtStart()))
		for count := 0; count < len(lines); {
			fetches := consumer.PollFetches(ctx)
			check(len(fetches.Errors()) == 0, "%s: %v after %d", topic, fetches.Errors(), count)
			fetches.EachRecord(func(record *kgo.Record) {
				n := int(record.Offset)*partitions + int(record.Partition)
				check(bytes.Equal(record.Value, lines[n]), "%s: line %d is %q", topic, n, record.Value)
				check(string(record.Key) == fmt.Sprint("key ", n), "%s: key %q", topic, record.Key)
				check(record.Timestamp.UnixMilli() == firstTime+int64(n), "%s: %v", topic, record.Timestamp)
				check(len(record.Headers) == 2 && string(record.Headers[0].Value) == fmt.Sprint(n) &&
					record.Headers[1].Value == nil, "%s: headers %v", topic, record.Headers)
				count++
			})
		}
		consumer.Close()
		// From the first record at or after a time.
		middle := len(lines) / partitions / 2
		late := client(positions(topic, kgo.NewOffset().AfterMilli(firstTime+int64(middle*partitions))))
		first := map[int32]int64{}
		for len(first) < partitions {
			fetches := late.PollFetches(ctx)
			check(len(fetches.Errors()) == 0, "%s: %v", topic, fetches.Errors())
			fetches.EachRecord(func(record *kgo.Record) {
				if _, seen := first[record.Partition]; !seen {
					first[record.Partition] = record.Offset
				}
			})
		}
		for index, offset := range first {
			check(offset == int64(middle), "%s: partition %d is read from %d", topic, index, offset)
		}
		late.Close()
	}
}

func administer(ctx context.Context, lines [][]byte) {
	plain := client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	admin := kadm.NewClient(plain)
	defer admin.Close()
	cluster := must(admin.BrokerMetadata(ctx))
	check(len(cluster.Brokers) == 1 && len(cluster.Cluster) == 22, "%v", cluster)
	versions := must(admin.ApiVersions(ctx))
	ours := versions[cluster.Controller]
	fetch, _ := ours.KeyMaxVersion(1)
	check(fetch >= 17, "the newest Fetch is %d", fetch)

	soon, small, policy := "3600000", "2000", "compact"
	_, err := admin.CreateTopic(ctx, 3, 1, nil, "lines-gzip")
	refused(kerr.TopicAlreadyExists, err)
	_, err = admin.CreateTopic(ctx, 3, 1, map[string]*string{"cleanup.policy": &policy}, "compacted")
	refused(kerr.InvalidConfig, err)
	_, err = admin.CreateTopic(ctx, 1, 3, nil, "too-many")
	refused(kerr.InvalidReplicationFactor, err)
	made := must(admin.CreateTopic(ctx, 2, -1, map[string]*string{"max.message.bytes": &small}, "made"))
	check(made.NumPartitions == 2 && made.ReplicationFactor == 1, "%+v", made)
	check(*made.Configs["max.message.bytes"].Value == small, "%+v", made.Configs)
	check(*made.Configs["retention.ms"].Value == "864000000", "not the broker's own: %+v", made.Configs["retention.ms"])
	listed := must(admin.ListTopics(ctx, "made"))
	check(listed["made"].ID == made.ID && len(listed["made"].Partitions) == 2, "%+v", listed)

	refused(kerr.MessageTooLarge, plain.ProduceSync(ctx, &kgo.Record{Topic: "made", Value: make([]byte, 5000)}).FirstErr())
	check(plain.ProduceSync(ctx, &kgo.Record{Topic: "made", Value: make([]byte, 100)}).FirstErr() == nil, "100 bytes fit")
	altered := must(admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &soon},
		{Op: kadm.DeleteConfig, Name: "max.message.bytes"}}, "made"))
	check(altered[0].Err == nil, "%v", altered[0].Err)
	for _, config := range must(admin.DescribeTopicConfigs(ctx, "made"))[0].Configs {
		if config.Key == "retention.ms" {
			check(config.MaybeValue() == soon, "%+v", config)
		}
		if config.Key == "max.message.bytes" {
			check(config.MaybeValue() == "1048588", "%+v", config)
		}
	}
	must(admin.UpdatePartitions(ctx, 4, "made"))
	check(len(must(admin.ListTopics(ctx, "made"))["made"].Partitions) == 4, "four partitions were asked for")

	cut := must(admin.DeleteRecords(ctx, kadm.Offsets{"lines-lz4": {0: {Topic: "lines-lz4", Partition: 0, At: 10}}}))
	check(cut["lines-lz4"][0].LowWatermark == 10, "%+v", cut)
	start, _ := must(admin.ListStartOffsets(ctx, "lines-lz4")).Lookup("lines-lz4", 0)
	check(start.Offset == 10, "%+v", start)
	var total int64
	must(admin.ListEndOffsets(ctx, "lines-zstd")).Each(func(each kadm.ListedOffset) { total += each.Offset })
	check(total == int64(len(lines)), "the ends add up to %d", total)
	epochs := must(admin.OffsetForLeaderEpoch(ctx, kadm.OffsetForLeaderEpochRequest{"lines-zstd": {0: 0}}))
	check(epochs["lines-zstd"][0].Err == nil, "%+v", epochs)
	producers := must(admin.DescribeProducers(ctx, must(admin.ListTopics(ctx, "lines-zstd")).TopicsSet()))
	check(producers["lines-zstd"].Partitions[0].Err == nil, "%+v", producers)
	var stored int64
	must(admin.DescribeAllLogDirs(ctx, nil)).Each(func(dir kadm.DescribedLogDir) { stored += dir.Size() })
	check(stored > int64(len(lines)), "%d bytes are stored", stored)

	must(admin.DeleteTopic(ctx, "made"))
	check(!must(admin.ListTopics(ctx)).Has("made"), "it is still listed")
	_, err = admin.DeleteTopic(ctx, "made")
	refused(kerr.UnknownTopicOrPartition, err)
}

func readLines() [][]byte {
	if len(os.Args) < 4 {
		return nil
	}
	text := string(must(os.ReadFile(os.Args[3])))
	var lines [][]byte
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		lines = append(lines, []byte(line))
	}
	return lines
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	actions := map[string]func(context.Context, [][]byte){
		"write": write, "read": read, "admin": administer, "share": share, "resume": resume,
		"forgotten": forgotten, "remembered": remembered,
	}
	actions[os.Args[1]](ctx, readLines())
}
