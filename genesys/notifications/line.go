package notifications

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// line keeps one channel connected and subscribed.
type line struct {
	source  *Source
	number  int           // for the log: the channel's id is a part of the address, and so secret
	changed chan struct{} // the topics are others

	mu      sync.Mutex
	topics  map[string]bool
	channel channel // zero: none
	socket  *socket // nil while blind

	missed time.Time // since when topics that were added since are not heard

	blindFrom time.Time // zero: unknown
}

func newLine(s *Source, number int, ch channel, blindFrom time.Time) *line {
	return &line{source: s, number: number, changed: make(chan struct{}, 1), topics: map[string]bool{}, channel: ch, blindFrom: blindFrom}
}

// notice is what the platform says about a channel.
type notice struct {
	from *socket
	of   genesys.SystemType
}

// run hears, and when it cannot, tries again, until ctx ends or the platform
// refuses for good.
func (l *line) run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(500*time.Millisecond), backoff.WithMaxInterval(30*time.Second), backoff.WithMaxElapsedTime(0))
	first := true
	for {
		began := time.Now()
		heard, err := l.hear(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to stop
		}
		if genesys.IsPermanent(err) && !gone(err) {
			return err
		}
		if heard {
			l.source.stats.reconnects.Add(1)
			l.source.announce(ctx, conversation.Gap{From: l.blindFrom, Reason: err.Error()})
			first = false
		}
		if heard && time.Since(began) > time.Minute {
			pause.Reset()
		}
		wait := pause.NextBackOff()
		if errors.Is(err, errGone) && first || gone(err) {
			wait = 0 // a channel of an earlier life; a new one is created
		}
		l.source.log.Warn("not listening", "line", l.number, "reason", err, "again_in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// gone reports whether the platform does not know the channel any more.
func gone(err error) bool {
	var e *genesys.APIError
	return errors.Is(err, errGone) ||
		errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Code == "notification.unable.to.get.channel.id")
}

// hear connects, subscribes and listens until it cannot any more. It reports
// whether it heard at all.
func (l *line) hear(ctx context.Context) (heard bool, err error) {
	defer func() {
		if gone(err) {
			l.forget()
		}
	}()
	if err := l.ensureChannel(ctx); err != nil {
		return false, err
	}
	var sockets sync.WaitGroup
	defer sockets.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	notices := make(chan notice, 8)
	current, err := l.connect(ctx, &sockets, notices)
	if err != nil {
		return false, err
	}
	l.setSocket(current)
	defer func() {
		if last := l.lose(); heard {
			l.blindFrom = last
		}
	}()
	calls, interrupt := l.whileOpen(ctx, &sockets, current)
	defer func() { interrupt() }()

	if err := l.subscribe(calls); err != nil {
		return false, l.reason(current, err)
	}
	from := l.blindFrom
	if missed := l.missing(); !missed.IsZero() && missed.Before(from) {
		from = missed
	}
	l.source.announce(ctx, conversation.Gap{From: from, To: time.Now(), Reason: "listening again"})
	l.source.log.Info("listening", "line", l.number, "topics", l.len())

	renew := time.NewTimer(jittered(renewEvery))
	defer renew.Stop()
	for {
		select {
		case <-calls.Done():
			return true, l.reason(current, ctx.Err())
		case <-l.changed:
			if !sleep(calls, gather) {
				continue
			}
			missed := l.missing()
			if err := l.subscribe(calls); err != nil {
				l.miss(missed)
				return true, l.reason(current, err)
			}
			if !missed.IsZero() && time.Since(missed) > gather*2 {
				l.source.announce(ctx, conversation.Gap{From: missed, To: time.Now(), Reason: "topics of another process are taken over"})
			}
		case <-renew.C:
			if err := l.subscribe(calls); err != nil {
				return true, l.reason(current, err)
			}
			renew.Reset(jittered(renewEvery))
		case n := <-notices:
			if n.from != current {
				continue
			}
			next, err := l.heed(ctx, n, &sockets, notices)
			if err != nil {
				return true, err
			}
			if next != nil {
				l.setSocket(next)
				current = next
				interrupt()
				calls, interrupt = l.whileOpen(ctx, &sockets, current)
			}
		}
	}
}

// heed does what a notice asks for. It returns the socket that takes over, if
// there is one.
func (l *line) heed(ctx context.Context, n notice, sockets *sync.WaitGroup, notices chan<- notice) (*socket, error) {
	switch n.of {
	case genesys.SystemSocketClosing:
		// Subscriptions belong to the channel, so the new socket hears at
		// once; the platform ends the old one when the new one connects.
		began := time.Now()
		next, err := l.connect(ctx, sockets, notices)
		if err != nil {
			l.source.log.Warn("the platform is about to close the socket, and there is no new one yet", "line", l.number, "reason", err)
			return nil, nil // the old one still hears
		}
		l.source.announce(ctx, conversation.Gap{From: began, To: time.Now(), Reason: "the platform had the socket replaced"})
		return next, nil
	case genesys.SystemNoLongerSubscribed:
		l.forget()
		return nil, errors.New("the channel was taken over by another subscriber")
	case genesys.SystemTokenRevoked:
		l.forget()
		return nil, errors.New("the access token was revoked")
	}
	return nil, nil
}

// connect dials the channel and begins to read.
func (l *line) connect(ctx context.Context, sockets *sync.WaitGroup, notices chan<- notice) (*socket, error) {
	l.mu.Lock()
	address := l.channel.ConnectURI
	l.mu.Unlock()
	s, err := dial(ctx, l.source.config.DialContext, address)
	if err != nil {
		return nil, err
	}
	sockets.Go(func() {
		s.read(func(frame []byte, read time.Time) {
			if of := l.source.take(frame, read); of != "" {
				select {
				case notices <- notice{s, of}:
				default: // the line has notices enough
				}
			}
		})
	})
	sockets.Go(s.watch)
	sockets.Go(func() {
		select {
		case <-ctx.Done():
			_ = s.conn.Close()
		case <-s.ended:
		}
	})
	return s, nil
}

// whileOpen returns a context that ends with the socket, so that a call that is
// under way does not keep the line from noticing.
func (l *line) whileOpen(ctx context.Context, sockets *sync.WaitGroup, s *socket) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	sockets.Go(func() {
		select {
		case <-s.ended:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, cancel
}

// reason prefers why the socket ended to what failed because of it.
func (l *line) reason(s *socket, err error) error {
	select {
	case <-s.ended:
		return s.err
	default:
		return err
	}
}

// ensureChannel creates a channel where there is none.
func (l *line) ensureChannel(ctx context.Context) error {
	l.mu.Lock()
	has := l.channel.ID != ""
	l.mu.Unlock()
	if has {
		return nil
	}
	l.source.creating.Lock() // or two lines take the last place
	defer l.source.creating.Unlock()
	made, err := l.source.channels.create(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.channel = made
	l.mu.Unlock()
	l.source.remember(ctx)
	return nil
}

// forget gives the channel up.
func (l *line) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.channel = channel{}
}

// subscribe makes the line's topics those of the channel, which also renews it.
func (l *line) subscribe(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(time.Second), backoff.WithMaxInterval(30*time.Second), backoff.WithMaxElapsedTime(0))
	for {
		refused, err := l.source.channels.subscribe(ctx, l.channelID(), l.names())
		if err == nil {
			l.source.refused(refused)
			return nil
		}
		if ctx.Err() != nil || gone(err) || genesys.IsPermanent(err) {
			return err
		}
		l.source.log.Warn("the topics are not subscribed yet", "line", l.number, "error", err)
		if !sleep(ctx, pause.NextBackOff()) {
			return ctx.Err()
		}
	}
}

func (l *line) setSocket(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.socket = s
}

// lose says that the line is blind, and returns since when.
func (l *line) lose() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	heard := l.socket.lastHeard()
	l.socket = nil
	return heard
}

// lastHeard returns when the line heard last; false while it is blind.
func (l *line) lastHeard() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socket == nil {
		return time.Time{}, false
	}
	return l.socket.lastHeard(), true
}

func (l *line) channelID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.channel.ID
}

// names returns the topics in a fixed order.
func (l *line) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := make([]string, 0, len(l.topics))
	for name := range l.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (l *line) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.topics)
}

// set adds a topic that was heard until heard, or removes one.
func (l *line) set(name string, wanted bool, heard time.Time) {
	l.mu.Lock()
	if wanted {
		l.topics[name] = true
	} else {
		delete(l.topics, name)
	}
	l.mu.Unlock()
	if wanted {
		l.miss(heard)
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// miss notes since when added topics are not heard.
func (l *line) miss(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.missed.IsZero() || !since.IsZero() && since.Before(l.missed) {
		l.missed = since
	}
}

// missing returns since when topics that were added were not heard; it is asked
// once they are.
func (l *line) missing() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	missed := l.missed
	l.missed = time.Time{}
	return missed
}

func jittered(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d/10)))
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
