package notifications

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// run hears, and when it cannot, tries again, until ctx ends or the platform
// refuses for good.
func (l *line) run(ctx context.Context) error {
	growing := pause.Growing(500*time.Millisecond, 30*time.Second)
	for {
		began := time.Now()
		heard, err := l.hear(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		case hopeless(err):
			return err
		case heard:
			l.source.stats.reconnects.Add(1)
		}
		if !l.announced {
			l.announced = true
			l.source.announce(ctx, l.name(), conversation.Gap{From: l.blindFrom, Reason: err.Error()})
		}
		if heard && time.Since(began) > time.Minute {
			growing.Reset()
		}
		wait := growing.NextBackOff()
		l.source.log.Warn("not listening", "line", l.number, "reason", err, "again_in", wait)
		if !pause.Sleep(ctx, wait) {
			return nil
		}
	}
}

// hopeless reports whether there is nothing to hear without what was refused:
// a wrong secret, or no right to have a channel.
func hopeless(err error) bool {
	return errors.Is(err, genesys.ErrCredentials) || genesys.HasStatus(err, http.StatusForbidden)
}

// gone reports whether the platform does not know the channel any more.
func gone(err error) bool {
	var e *genesys.APIError
	return errors.Is(err, errGone) ||
		errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Code == "notification.unable.to.get.channel.id")
}

// notice is what the platform says about a channel.
type notice struct {
	from *socket
	of   genesys.SystemType
}

// hear connects, subscribes and listens until it cannot any more. It reports
// whether it heard at all.
func (l *line) hear(ctx context.Context) (heard bool, err error) {
	if err := l.ensureChannel(ctx); err != nil {
		return false, err
	}
	defer func() {
		if gone(err) {
			l.abandon()
		}
	}()
	var sockets sync.WaitGroup
	defer sockets.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	notices := make(chan notice, 8)
	current, err := l.connect(ctx, &sockets, notices)
	if err != nil {
		return false, l.explain(ctx, err)
	}
	l.setSocket(current)
	defer func() {
		if last := l.lose(); heard {
			l.blindFrom = last
		}
	}()
	calls, interrupt := l.whileOpen(ctx, &sockets, current)
	defer func() { interrupt() }()

	missed := l.missing()
	if err := l.subscribe(calls); err != nil {
		return false, l.reason(current, err)
	}
	l.caughtUp(missed)
	from := l.blindFrom
	if !missed.IsZero() && missed.Before(from) {
		from = missed
	}
	l.source.announce(ctx, l.name(), conversation.Gap{From: from, To: time.Now(), Reason: "listening again"})
	l.announced = false
	l.source.log.Info("listening", "line", l.number, "topics", l.len())

	renew := time.NewTimer(pause.Jittered(renewEvery))
	defer renew.Stop()
	for {
		missed := l.missing()
		select {
		case <-calls.Done():
			return true, l.reason(current, ctx.Err())
		case <-l.changed:
			if !pause.Sleep(calls, gather) {
				continue
			}
			missed = l.missing()
		case <-l.soon:
			if !pause.Sleep(calls, gatherDetails) {
				continue
			}
			missed = l.missing()
		case <-renew.C:
			renew.Reset(pause.Jittered(renewEvery))
		case n := <-notices:
			next, err := l.heed(ctx, n, current, &sockets, notices)
			if err != nil {
				return true, err
			}
			if next != nil {
				current = next
				l.setSocket(current)
				interrupt()
				calls, interrupt = l.whileOpen(ctx, &sockets, current)
			}
			continue
		}
		if err := l.subscribe(calls); err != nil {
			return true, l.reason(current, err)
		}
		l.caughtUp(missed)
		if !missed.IsZero() && time.Since(missed) > 2*gather {
			l.source.announce(ctx, l.name(), conversation.Gap{From: missed, To: time.Now(), Reason: "topics that were added are heard"})
		}
	}
}

// heed does what a notice asks for. It returns the socket that takes over, if
// there is one.
func (l *line) heed(ctx context.Context, n notice, current *socket, sockets *sync.WaitGroup, notices chan<- notice) (*socket, error) {
	if n.from != current {
		return nil, nil // it was about a socket that is replaced
	}
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
		l.source.announce(ctx, l.name(), conversation.Gap{From: began, To: time.Now(), Reason: "the platform had the socket replaced"})
		return next, nil
	case genesys.SystemNoLongerSubscribed:
		l.abandon()
		return nil, errors.New("the channel was taken over by another subscriber")
	case genesys.SystemTokenRevoked:
		l.abandon()
		return nil, errors.New("the access token was revoked")
	}
	return nil, nil
}

// connect dials the channel and begins to read.
func (l *line) connect(ctx context.Context, sockets *sync.WaitGroup, notices chan<- notice) (*socket, error) {
	s, err := dial(ctx, l.source.config.DialContext, l.currentChannel().ConnectURI)
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

// explain asks the platform whether the channel is gone whose socket it
// refused: how it refuses is not documented (protocol 2.5).
func (l *line) explain(ctx context.Context, err error) error {
	if !errors.Is(err, errRefused) {
		return err
	}
	if is := l.source.channels.exists(ctx, l.currentChannel().ID); gone(is) {
		return errGone
	}
	return err
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

// errTaken: another process has claimed the line's channel.
var errTaken = errors.New("another process uses the channel")

// mostTries is how often a subscription is tried on one connection.
const mostTries = 5

// subscribe makes the line's topics those of the channel, which also renews it.
func (l *line) subscribe(ctx context.Context) error {
	growing := pause.Growing(time.Second, 30*time.Second)
	for try := 1; ; try++ {
		c := l.currentChannel()
		if c.ID == "" {
			return errTaken
		}
		refused, err := l.source.channels.subscribe(ctx, c.ID, l.source.acceptable(l.names()))
		if err == nil {
			c.Expires = time.Now().Add(channelLife)
			l.setChannel(c)
			l.source.refused(refused)
			return nil
		}
		if ctx.Err() != nil || gone(err) || hopeless(err) || try == mostTries {
			return err
		}
		l.source.log.Warn("the topics are not subscribed yet", "line", l.number, "error", err)
		if !pause.Sleep(ctx, growing.NextBackOff()) {
			return ctx.Err()
		}
	}
}
