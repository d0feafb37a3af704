package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	watermillnats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// remembers is how long JetStream knows the ids of messages: at least as long as
// a process can be away between publishing and marking that it has. The default
// of two minutes is less than a restart may take.
const remembers = time.Hour

// makeStream makes the stream. One that is there belongs to its administrator: it
// keeps its configuration, but remembers ids for long enough.
func makeStream(ctx context.Context, conn *nats.Conn, topic string) (jetstream.Stream, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	stream, err := js.Stream(ctx, topic)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		stream, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: topic, Subjects: []string{topic}, Duplicates: remembers})
		if err != nil {
			return nil, fmt.Errorf("making the stream %q: %w", topic, err)
		}
		return stream, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the stream %q: %w (does the server run with JetStream, as in nats-server -js?)", topic, err)
	}
	config := stream.CachedInfo().Config
	if !slices.ContainsFunc(config.Subjects, func(of string) bool { return server.SubjectMatchesFilter(topic, of) }) {
		return nil, fmt.Errorf("the stream %q does not have the subject %[1]q: add it to the stream's subjects, or choose another -topic", topic)
	}
	if config.Duplicates >= remembers {
		return stream, nil
	}
	was := config.Duplicates
	config.Duplicates = remembers
	if stream, err = js.UpdateStream(ctx, config); err != nil {
		return nil, fmt.Errorf("the stream %q remembers ids for %v, and must for %v, so that nothing is in it twice: %w; change the stream, or choose another -topic", topic, was, remembers, err)
	}
	return stream, nil
}

// openNATS returns a publisher that waits until JetStream has stored a message,
// which drops those whose id it knows.
func openNATS(ctx context.Context, url, topic string) (message.Publisher, error) {
	conn, err := nats.Connect(url, nats.Name("convtrack"), nats.MaxReconnects(-1))
	if err != nil {
		return nil, fmt.Errorf("-nats: %w; see that the server runs and that the URL is right", err) // which may hold a password
	}
	if _, err := makeStream(ctx, conn, topic); err != nil {
		conn.Close()
		return nil, err
	}
	return watermillnats.NewPublisherWithNatsConn(conn, watermillnats.PublisherPublishConfig{
		Marshaler:         &watermillnats.NATSMarshaler{},
		SubjectCalculator: watermillnats.DefaultSubjectCalculator,
		JetStream:         watermillnats.JetStreamConfig{TrackMsgId: true},
	}, watermill.NopLogger{})
}

// ownServer starts a server on loopback that forgets everything when it stops.
func ownServer() (url string, stop func(), err error) {
	folder, err := os.MkdirTemp("", "convtrack-broker-")
	if err != nil {
		return "", nil, err
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: folder, NoLog: true, NoSigs: true})
	if err != nil {
		return "", nil, err
	}
	s.Start()
	stop = func() {
		s.Shutdown()
		s.WaitForShutdown()
		_ = os.RemoveAll(folder)
	}
	if !s.ReadyForConnections(time.Minute) {
		stop()
		return "", nil, fmt.Errorf("the NATS server does not start")
	}
	return s.ClientURL(), stop, nil
}

// subscribe begins to listen. What it returns writes everything that is in the
// stream.
func subscribe(ctx context.Context, url, topic string) (heard func(io.Writer) error, err error) {
	conn, err := nats.Connect(url)
	if err != nil {
		return nil, err
	}
	stream, err := makeStream(ctx, conn, topic)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return func(out io.Writer) error {
		defer conn.Close()
		return eachMessage(ctx, stream, func(m jetstream.Msg) error {
			var e struct{ Type, Subject string }
			if err := json.Unmarshal(m.Data(), &e); err != nil {
				return err
			}
			_, err := fmt.Fprintf(out, "%s  %-22s %s\n", e.Subject, e.Type, m.Headers().Get(nats.MsgIdHdr))
			return err
		})
	}, nil
}

// eachMessage hands on everything that is in a stream, in order.
func eachMessage(ctx context.Context, stream jetstream.Stream, do func(jetstream.Msg) error) error {
	info, err := stream.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		return err
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for range info.State.Msgs {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if err := do(m); err != nil {
			return err
		}
	}
	return nil
}
