package observe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store/memstore"
)

// Config says where to listen.
type Config struct {
	API genesys.API // nil: neither the WebSocket nor polling
	// WithoutSocket leaves notifications out.
	WithoutSocket bool
	// DialContext opens sockets; nil: that of net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Queue opens a queue, whose messages are then taken; nil: none.
	Queue func(*eventbridge.QueueConfig) (*eventbridge.Queue, error)

	For   time.Duration // how long
	Grace time.Duration // see New
	// Logger gets what the sources say, which holds ids.
	Logger *slog.Logger
	// Failed is told of a source that has failed for good while others go on; nil: nobody is.
	Failed func(error)
	// Progress is called every Every while it is listened; nil: it is not.
	Progress func(*Observer)
	Every    time.Duration
}

// Times of what is read.
const (
	// lookback is how far back polling looks at first: what began before nobody has
	// listened to.
	lookback = 10 * time.Minute
	// discoverEvery and followEvery are how often new conversations are looked for
	// and open ones are read: how exactly the lag of records is known.
	discoverEvery = 10 * time.Second
	followEvery   = 20 * time.Second
	// closing is how long the last reads may take.
	closing = time.Minute
	// mostLive is how many conversations that have ended are asked for at the live
	// API in the end.
	mostLive = 20
)

// Listen listens until the time is over or ctx ends, and reports. The error says
// that nothing could be heard.
func Listen(ctx context.Context, c *Config) (*Report, error) {
	o := New(c.Grace)
	var api genesys.API
	if c.API != nil {
		api = o.API(c.API)
	}
	var failed atomic.Pointer[error]
	working := atomic.Int64{}
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: c.Logger, OnGap: o.Gap, OnSourceFailed: func(e *convtrack.SourceError) bool {
		var err error = e
		failed.Store(&err)
		goesOn := working.Add(-1) > 0
		if goesOn && c.Failed != nil {
			c.Failed(err)
		}
		return goesOn
	}})
	if err != nil {
		return nil, err
	}
	sources, err := c.sources(o, api, tracker)
	if err != nil {
		return nil, err
	}
	working.Store(int64(len(sources)))
	listening, stop := context.WithTimeout(ctx, c.For)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		c.watch(listening, o)
	}()
	err = tracker.Run(listening, sources...)
	end := time.Now()
	stop()
	<-watched
	if err != nil {
		if why := failed.Load(); why != nil {
			err = *why
		}
		return nil, err
	}
	o.close(context.WithoutCancel(ctx), api)
	return o.Report(end), nil
}

func (c *Config) sources(o *Observer, api genesys.API, tracker *convtrack.Tracker) (all []convtrack.Source, err error) {
	var beside polling.Comparer
	if api != nil && !c.WithoutSocket {
		socket, err := notifications.New(notifications.Config{API: api, Tracked: tracker, Logger: c.Logger, DialContext: c.DialContext, OnFrame: o.Frame,
			Follow: &directory.Selection{Queues: directory.All(), Users: directory.All()}, DetailEvents: notifications.DetailEvents()})
		if err != nil {
			return nil, fmt.Errorf("the WebSocket: %w", err)
		}
		all, beside = append(all, socket), socket
		o.expect(Snapshots, DetailEvents)
	}
	if api != nil {
		poller, err := polling.New(polling.Config{API: api, Tracked: tracker, Logger: c.Logger, Beside: beside, Lookback: lookback,
			DiscoverEvery: discoverEvery, FollowEvery: followEvery, FollowBeside: followEvery, JobsEvery: -1, LateAfter: []time.Duration{}})
		if err != nil {
			return nil, fmt.Errorf("polling: %w", err)
		}
		all = append(all, poller)
		o.expect(Records)
	}
	if c.Queue != nil {
		queue, err := c.Queue(&eventbridge.QueueConfig{Tracked: tracker, Logger: c.Logger, OnMessage: o.Message})
		if err != nil {
			return nil, fmt.Errorf("the queue: %w", err)
		}
		all = append(all, queue)
		o.expect(Queue)
	}
	if all == nil {
		return nil, errors.New("nothing is configured that could be listened to")
	}
	return all, nil
}

// watch tells of the progress.
func (c *Config) watch(ctx context.Context, o *Observer) {
	if c.Progress == nil {
		return
	}
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.Progress(o)
		}
	}
}

// close reads once more what was heard of, so that it is known what the records
// say, and leaves no channel behind that tells of something.
func (o *Observer) close(ctx context.Context, api genesys.API) {
	if api == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	for _, channel := range o.Channels() { // it expires by itself if this fails
		_, _ = api.Call(ctx, genesys.Request{Method: http.MethodDelete, Path: channelsPath + "/" + url.PathEscape(channel) + "/subscriptions"})
	}
	ids := o.Conversations()
	for some := range slices.Chunk(ids, hundred) {
		_, _ = api.Call(ctx, genesys.Request{Path: recordsPath + "details", Query: url.Values{"id": {strings.Join(some, ",")}}, Repair: true})
	}
	for _, id := range o.ended(ids) {
		_, _ = api.Call(ctx, genesys.Request{Path: livePath + url.PathEscape(id), Repair: true})
	}
}

// ended are some of the conversations whose records say that they have ended.
func (o *Observer) ended(ids []string) (some []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		record := o.conversations[id].pictures[Records]
		if record != nil && record.Status == conversation.StatusEnded && len(some) < mostLive {
			some = append(some, id)
		}
	}
	return some
}
