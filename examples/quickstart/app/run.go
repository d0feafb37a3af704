package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/platform"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

type options struct {
	database                       string
	speed                          float64
	temporary                      bool // the database is gone in the end
	verbose, colour                bool
	region, clientID, clientSecret string
}

// real reports whether a real organisation is to be followed.
func (o options) real() bool { return o.region != "" || o.clientID != "" || o.clientSecret != "" }

// errInterrupted: Ctrl-C came before the call was over.
var errInterrupted = errors.New("interrupted")

var errOutput = errors.New("the output cannot be written")

func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &printer{out: stdout, colour: o.colour, failed: func(err error) { cancel(fmt.Errorf("%w: %w", errOutput, err)) }}
	level := slog.LevelError // what keeps the example from going on, such as a full disk
	if o.verbose {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))

	// Where conversations are kept.
	if o.temporary = o.database == ""; o.temporary {
		folder, err := os.MkdirTemp("", "convtrack-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }()
		o.database = filepath.Join(folder, "convtrack.db")
	}
	db, err := sqlitestore.Open(ctx, o.database, nil)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	defer func() { _ = db.Close() }()

	// What is to happen when something happens.
	hooks := events.NewHooks()
	events.After(hooks, "quickstart-print", func(_ context.Context, e events.Event) error {
		p.event(e)
		return nil
	})
	tracker, err := convtrack.New(db, &convtrack.Config{Hooks: hooks, Logger: log})
	if err != nil {
		return err
	}

	// Whom to listen to.
	follow := followSimulator
	if o.real() {
		follow = followOrganisation
	}
	err = follow(ctx, o, tracker, p, log)
	if cause := context.Cause(ctx); errors.Is(cause, errOutput) {
		return cause
	}
	return err
}

// followSimulator plays a call and follows it to its end.
func followSimulator(ctx context.Context, o options, tracker *convtrack.Tracker, p *printer, log *slog.Logger) error {
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
	// Processes with the same file would share the work; but each has a
	// simulator, and so an organisation, of its own.
	socket, poller, err := sources(client, tracker, log, topics, " of "+tracker.Instance())
	if err != nil {
		return err
	}
	story := genesystest.BlindTransferToQueue().Fresh(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	p.say("A simulator of Genesys Cloud at %s, a tracker on %s.", server.URL(), o.database)
	p.say("A call is played %g times as fast as it was: an agent answers and transfers it to another queue.\n", o.speed)

	limited, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(float64(10*time.Minute)/o.speed))
	defer cancel()
	running, stop := context.WithCancel(limited)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(running, socket, poller) }()
	if err := listening(limited, socket, ended); err != nil {
		return interruptedOr(ctx, err)
	}
	server.Play(story, genesystest.Speed(o.speed))
	if err := untilOver(limited, tracker, story.ID, ended); err != nil {
		return interruptedOr(ctx, err)
	}
	c, err := tracker.Get(limited, story.ID)
	if err != nil {
		return err
	}
	p.timeline(c)
	stop()
	return <-ended
}

// interruptedOr prefers that somebody pressed Ctrl-C to what failed because of it.
func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// untilOver waits until the end of the call is stored and the hooks have been
// told. It asks the tracker: of several processes with one file any may run
// the hooks.
func untilOver(ctx context.Context, tracker *convtrack.Tracker, call string, ended <-chan error) error {
	for {
		announced, err := tracker.Events(ctx, call)
		if err != nil && !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
			return err
		}
		if slices.ContainsFunc(announced, func(e store.LoggedEvent) bool {
			return e.Type == string(events.TypeConversationEnded) && len(e.Deliveries) == 0
		}) {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case err := <-ended:
			return errors.Join(errors.New("the tracker ended before the call"), err)
		case <-ctx.Done():
			return errors.New("the call did not come to its end in time; -v tells what the sources do")
		}
	}
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
	if o.temporary {
		p.say("Conversations are kept in a temporary file; -db FILE keeps them for longer.")
	}
	p.say("Listing the queues of %s …", region.Domain)
	// A program that keeps running leaves this to notifications.Config.Follow, as
	// examples/backend does: that follows new queues, and users, by itself.
	var queues []string
	for q, err := range client.Queues(ctx) {
		if err != nil {
			return interruptedOr(ctx, fmt.Errorf("listing the queues: %w; see that this machine reaches Genesys Cloud, and that the client and its permissions are right", err))
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
	socket, poller, err := sources(client, tracker, log, notifications.QueueTopics(queues...), "")
	if err != nil {
		return err
	}
	p.say("Following %d queues. Conversations are kept in %s. Ctrl-C ends it.\n", len(queues), o.database)
	return tracker.Run(ctx, socket, poller)
}

// sources are the ways to hear the organisation.
func sources(api genesys.API, tracker *convtrack.Tracker, log *slog.Logger, topics []string, of string) (*notifications.Source, *polling.Source, error) {
	socket, err := notifications.New(notifications.Config{
		API: api, Topics: topics, Tracked: tracker, Logger: log, Name: "notifications" + of,
		OnRefused: func(r notifications.Refusal) {
			log.Error("Genesys refuses a topic", "topic", r.Topic, "reason", r.Reason, "missing_permissions", r.MissingPermissions)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	poller, err := polling.New(polling.Config{API: api, Tracked: tracker, Beside: socket, Logger: log, Name: "polling" + of})
	return socket, poller, err
}
