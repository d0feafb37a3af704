package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/platform"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

type options struct {
	database                       string
	speed                          float64
	verbose, colour                bool
	region, clientID, clientSecret string
}

// real reports whether a real organisation is to be followed.
func (o options) real() bool { return o.region != "" || o.clientID != "" || o.clientSecret != "" }

func run(ctx context.Context, o options, out io.Writer) error {
	p := &printer{out: out, colour: o.colour}
	log := slog.New(slog.DiscardHandler)
	if o.verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}

	// Where conversations are kept.
	if o.database == "" {
		folder, err := os.MkdirTemp("", "convtrack-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }()
		o.database = filepath.Join(folder, "convtrack.db")
		p.say("Conversations are kept in a temporary file; -db FILE keeps them for longer.")
	}
	db, err := sqlitestore.Open(ctx, o.database, nil)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	// What is to happen when something happens.
	over := make(chan string, 1)
	hooks := events.NewHooks()
	events.After(hooks, "print", func(_ context.Context, e events.Event) error {
		p.event(e)
		if ended, ok := e.(*events.ConversationEnded); ok {
			select {
			case over <- ended.ConversationID:
			default:
			}
		}
		return nil
	})
	tracker, err := convtrack.New(db, &convtrack.Config{Hooks: hooks, Logger: log})
	if err != nil {
		return err
	}

	// Whom to listen to.
	if o.real() {
		return followOrganisation(ctx, o, tracker, p, log)
	}
	return followSimulator(ctx, o, tracker, p, log, over)
}

// followSimulator plays a call and follows it to its end.
func followSimulator(ctx context.Context, o options, tracker *convtrack.Tracker, p *printer, log *slog.Logger, over <-chan string) error {
	server, err := genesystest.Start() //nolint:contextcheck // it lives until Close
	if err != nil {
		return err
	}
	defer server.Close()
	id, secret := server.Credentials()
	client, err := platform.New(platform.Config{BaseURL: server.URL(), ClientID: id, ClientSecret: secret, Logger: log})
	if err != nil {
		return err
	}
	defer client.Close()
	topics := notifications.QueueTopics("q-1", "q-2")
	socket, poller, err := sources(client, tracker, log, topics)
	if err != nil {
		return err
	}
	p.say("A simulator of Genesys Cloud at %s, a tracker on %s.", server.URL(), o.database)
	p.say("A call is played %g times as fast as it was: an agent answers and transfers it to another queue.\n", o.speed)

	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(float64(10*time.Minute)/o.speed))
	defer cancel()
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(running, socket, poller) }()
	if err := listening(ctx, socket, ended); err != nil {
		return err
	}
	server.Play(genesystest.BlindTransferToQueue(), genesystest.Speed(o.speed))
	select {
	case call := <-over:
		c, err := tracker.Get(ctx, call)
		if err != nil {
			return err
		}
		p.timeline(c)
	case err := <-ended:
		return errors.Join(errors.New("the tracker ended before the call"), err)
	case <-ctx.Done():
		return errors.New("the call did not come to its end in time; -v tells why")
	}
	stop()
	return <-ended
}

// listening waits until the socket hears its topics.
func listening(ctx context.Context, socket *notifications.Source, ended <-chan error) error {
	for socket.Stats().Listening == 0 {
		select {
		case <-time.After(20 * time.Millisecond):
		case err := <-ended:
			return err
		case <-ctx.Done():
			return errors.New("the simulator does not answer")
		}
	}
	return nil
}

// followOrganisation follows all queues of an organisation until ctx ends.
func followOrganisation(ctx context.Context, o options, tracker *convtrack.Tracker, p *printer, log *slog.Logger) error {
	region, err := genesys.ParseRegion(o.region)
	if err != nil {
		return fmt.Errorf("GENESYS_REGION: %w", err)
	}
	client, err := platform.New(platform.Config{Region: region, ClientID: o.clientID, ClientSecret: o.clientSecret, Logger: log})
	if err != nil {
		return fmt.Errorf("GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET: %w", err)
	}
	defer client.Close()
	p.say("Listing the queues of %s …", region.Domain)
	var queues []string
	for q, err := range client.Queues(ctx) {
		if err != nil {
			return err
		}
		queues = append(queues, q.ID)
	}
	if most := notifications.MostTopics; len(queues) > most {
		p.say("There are %d queues; this example listens to the first %d.", len(queues), most)
		queues = queues[:most]
	}
	if len(queues) == 0 {
		return errors.New("the OAuth client sees no queues; give its role access to the divisions they are in")
	}
	socket, poller, err := sources(client, tracker, log, notifications.QueueTopics(queues...))
	if err != nil {
		return err
	}
	p.say("Following %d queues. Conversations are kept in %s. Ctrl-C ends it.\n", len(queues), o.database)
	return tracker.Run(ctx, socket, poller)
}

func sources(api genesys.API, tracker *convtrack.Tracker, log *slog.Logger, topics []string) (*notifications.Source, *polling.Source, error) {
	socket, err := notifications.New(notifications.Config{
		API: api, Topics: topics, Tracked: tracker, Logger: log,
		OnRefused: func(r notifications.Refusal) {
			_, _ = fmt.Fprintf(os.Stderr, "Genesys refuses %s: %s\n", r.Topic, r.Reason)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	poller, err := polling.New(polling.Config{API: api, Tracked: tracker, Logger: log})
	return socket, poller, err
}
