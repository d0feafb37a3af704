package notifications

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// session is the time in which a connection has a socket.
type session struct {
	*connection
	open   context.Context // ends with the session, and so do its sockets
	notice chan notice

	socket    *socket // the current one
	calls     context.Context
	interrupt func()           // ends calls
	replace   <-chan time.Time // when to open a socket in place of this one; nil: not at all
	running   sync.WaitGroup
}

// notice is what the platform says about a channel.
type notice struct {
	from *socket
	of   genesys.SystemType
}

// checkEvery is how often it is checked whether a channel is deaf.
const checkEvery = 15 * time.Second

// listen subscribes, and listens until something prevents it.
func (s *session) listen(ctx context.Context) (heard bool, err error) {
	missed, added := s.unheard()
	allowed, err := s.subscribe(false)
	if err != nil {
		return false, s.reason(err)
	}
	s.hearsNow(ctx, missed.and(allowed), added, "listening again")
	s.log.Info("listening", "connection", s.number, "topics", s.len())

	renew := time.NewTimer(pause.Jittered(renewEvery))
	defer renew.Stop()
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	growing := pause.Growing(5*time.Second, 30*time.Second)
	var again <-chan time.Time // when to subscribe again what could not be; nil: nothing
	retry := false             // the next time, refused topics too: they may be allowed by now
	for {
		changed, soon := s.changed, s.soon
		if again != nil {
			changed, soon = nil, nil // they wait for it
		}
		select {
		case <-s.calls.Done():
			return true, s.reason(ctx.Err())
		case n := <-s.notice:
			if err := s.heed(n); err != nil {
				return true, err
			}
			continue
		case <-s.replace:
			s.replaceSocket(ctx)
			continue
		case <-check.C:
			if err := s.silence.deaf(time.Now()); err != nil {
				s.stats.deaf.Add(1)
				s.log.Error("a channel is deaf and is replaced", "connection", s.number, "reason", err)
				return true, err
			}
			continue
		case <-changed:
			if !pause.Sleep(s.calls, gather) { //nolint:contextcheck // it is ctx, and ends with the socket
				continue
			}
		case <-soon:
			if !pause.Sleep(s.calls, gatherDetails) { //nolint:contextcheck // the same
				continue
			}
		case <-renew.C:
			renew.Reset(pause.Jittered(renewEvery))
			retry = true
		case <-again:
		}
		missed, added := s.unheard()
		allowed, err := s.subscribe(retry)
		if err != nil {
			if s.calls.Err() != nil || !passing(err) {
				return true, s.reason(err)
			}
			wait := growing.NextBackOff()
			s.log.Warn("a change of the topics is not subscribed, and the others are heard", "connection", s.number, "reason", err, "again_in", wait)
			s.lack(ctx, missed, err)
			again = time.After(wait)
			continue
		}
		again, retry = nil, false
		growing.Reset()
		missed = missed.and(allowed)
		missed.some = missed.some && time.Since(missed.from) > 2*gather
		s.hearsNow(ctx, missed, added, "topics that were added, or are allowed, are heard")
	}
}

// errAllRefused: there is a channel with a socket, and nothing to hear on it.
var errAllRefused = errors.New("the platform refuses all topics of the connection")

// hearsNow makes known what was missed until the topics were subscribed. Where the
// platform has accepted none of them, they go on being missed.
func (s *session) hearsNow(ctx context.Context, missed blindness, added int, reason string) {
	if all := s.refusedAll(time.Now()); all.some {
		s.lack(ctx, all, errAllRefused)
		return
	}
	if missed.some {
		s.announce(ctx, s.gapName(), conversation.Gap{From: missed.from, To: time.Now(), Reason: reason})
	}
	s.caughtUp(added)
	s.announced = false
}

// passing reports whether a subscription may succeed later on the same channel.
func passing(err error) bool { return !gone(err) && !hopeless(err) && !errors.Is(err, errTaken) }

// lack makes known that topics that were added are missed, although there is a socket.
func (s *session) lack(ctx context.Context, missed blindness, reason error) {
	if !missed.some {
		return
	}
	s.lacks(missed.from, reason)
	if !s.announced {
		s.announced = true
		s.announce(ctx, s.gapName(), conversation.Gap{From: missed.from, Reason: reason.Error()})
	}
}

// use makes a socket the current one.
func (s *session) use(ctx context.Context, next *socket) {
	if s.interrupt != nil {
		s.interrupt()
	}
	s.socket = next
	s.setSocket(next)
	calls, cancel := context.WithCancel(ctx)
	s.calls, s.interrupt = calls, cancel
	s.running.Go(func() { // so that a call that is under way does not delay noticing the end of the socket
		select {
		case <-next.ended:
			cancel()
		case <-calls.Done():
		}
	})
}

// heed does what a notice asks for.
func (s *session) heed(n notice) error {
	if n.from != s.socket {
		return nil // it is about a socket that was replaced
	}
	switch n.of {
	case genesys.SystemSocketClosing:
		if s.replace == nil {
			s.replace = time.After(s.replacing.Next(time.Since(s.socket.opened)))
		}
	case genesys.SystemNoLongerSubscribed:
		s.doubt()
		return errors.New("the channel was taken over by another subscriber")
	case genesys.SystemTokenRevoked:
		s.doubt()
		return errors.New("the access token was revoked")
	}
	return nil
}

// replaceSocket opens a socket in place of one that the platform is about to
// close. Subscriptions belong to the channel, so the new one hears at once. The old
// one may have died meanwhile, so it counts as heard only until its last sign of life.
func (s *session) replaceSocket(ctx context.Context) {
	s.replace = nil
	s.socket.proveAlive()
	heard := s.socket.lastHeard()
	next, err := s.connect(ctx)
	if err != nil {
		wait := s.replacing.Next(0)
		s.log.Warn("the platform is about to close the socket, and there is no new one yet", "connection", s.number, "reason", err, "again_in", wait)
		s.replace = time.After(wait) // meanwhile the old one goes on
		return
	}
	s.announce(ctx, s.gapName(), conversation.Gap{From: heard, To: time.Now(), Reason: "the platform had the socket replaced"})
	s.socket.retire()
	s.use(ctx, next)
}

// connect dials the channel and begins to read.
func (s *session) connect(ctx context.Context) (*socket, error) {
	next, err := dial(ctx, s.dial, s.currentChannel().ConnectURI)
	if err != nil {
		return nil, err
	}
	s.running.Go(func() {
		next.read(func(frame []byte, read time.Time) {
			m := s.take(frame, read)
			s.silence.hears(m, read)
			if m.System == nil {
				return
			}
			select {
			case s.notice <- notice{next, m.System.Type}:
			default: // as many wait already
			}
		})
	})
	s.running.Go(next.watch)
	s.running.Go(func() {
		select {
		case <-s.open.Done():
			_ = next.conn.Close()
		case <-next.ended:
		}
	})
	return next, nil
}

// reason returns why the socket ended, if it has: err is only a consequence then.
func (s *session) reason(err error) error {
	select {
	case <-s.socket.ended:
		return s.socket.err
	default:
		return err
	}
}

// mostTries is how often a subscription is tried in a row.
const mostTries = 5

// subscribe makes the connection's topics those of the channel, which also renews it.
// Those that make the platform refuse a whole list are left out unless they are to be
// tried again. It returns what was missed of topics that were refused before and are
// allowed.
func (s *session) subscribe(retry bool) (allowed blindness, err error) {
	growing := pause.Growing(time.Second, 30*time.Second)
	found := map[string]bool{} // by earlier tries, to make the platform refuse a whole list
	for try := 1; ; try++ {
		is := s.currentChannel()
		if !s.claims.has(is.ID) {
			return blindness{}, errTaken
		}
		asked := time.Now()
		names := slices.DeleteFunc(s.refused.without(s.names(), retry), func(name string) bool { return found[name] })
		refused, err := s.channels.subscribe(s.calls, is.ID, names)
		if gone(err) && !aboutChannel(err) {
			if missing := s.channels.exists(s.calls, is.ID); gone(missing) {
				err = missing
			} else {
				// Not wrapped: the channel may be there, whoever has answered.
				err = fmt.Errorf("the subscriptions are not found, and nobody says that the channel is gone: %v", err) //nolint:errorlint // see above
			}
		}
		if err == nil {
			is.Expires = time.Now().Add(channelLife)
			s.setChannel(is)
			s.setSubscribed(names, refused)
			s.claims.renewed(is)
			allowed = s.refused.permitted(names, refused, s.misses)
			s.refused.report(refused, asked, s.gone(names))
			return allowed, nil
		}
		s.refused.report(refused, asked, s.gone(names))
		for _, r := range refused {
			found[r.Topic] = found[r.Topic] || r.fatal
		}
		if s.calls.Err() != nil || !passing(err) || try == mostTries {
			return blindness{}, err
		}
		s.log.Warn("the topics are not subscribed yet", "connection", s.number, "error", err)
		if !pause.Sleep(s.calls, growing.NextBackOff()) {
			return blindness{}, s.calls.Err()
		}
	}
}
