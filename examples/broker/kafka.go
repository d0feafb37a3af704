package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
)

// openKafka returns a publisher that waits until all replicas in sync have a
// message. The conversation is the key: its messages are in one partition, in
// order. Kafka knows no ids of messages beyond one producer's life, so a
// subscriber drops those whose header [kafka.UUIDHeaderKey] it has seen; for the
// length of the topic's retention, or as long as a process can be away.
func openKafka(brokers string) (message.Publisher, error) {
	config := kafka.DefaultSaramaSyncPublisherConfig()
	config.ClientID = "convtrack"
	config.Version = sarama.V2_1_0_0
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Idempotent = true // its own tries again make no second message
	config.Net.MaxOpenRequests = 1
	config.Producer.Partitioner = sarama.NewHashPartitioner
	config.Metadata.Retry.Backoff = 100 * time.Millisecond
	to, err := kafka.NewPublisher(kafka.PublisherConfig{
		Brokers: strings.Split(brokers, ","),
		Marshaler: kafka.NewWithPartitioningMarshaler(func(_ string, m *message.Message) (string, error) {
			return m.Metadata.Get(conversationID), nil
		}),
		OverwriteSaramaConfig: config,
	}, watermill.NopLogger{})
	if err != nil {
		return nil, fmt.Errorf("-kafka %s: %w", brokers, err)
	}
	return to, nil
}
