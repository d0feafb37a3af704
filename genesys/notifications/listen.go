package notifications

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// calm is how long listening must last for the back-off to start again from its
// shortest pause.
const calm = time.Minute

// run listens until ctx ends, the connection is dismissed, or the platform refuses for
// good.
func (c *connection) run(ctx context.Context) error {
	listening, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(c.dismissed, stop)() //nolint:contextcheck // whoever shares the topics dismisses it
	err := c.persist(listening)
	if c.dismissed.Err() != nil {
		c.leave(ctx)
	}
	return err
}

// leave gives the channel back, for another process to use it. If the socket died before
// the topics were heard over others, that is a gap.
func (c *connection) leave(ctx context.Context) {
	c.log.Info("a connection is given back, as its topics have room on others", "connection", c.number)
	c.claims.release(c.currentChannel().ID)
	c.tellPeers()
	if missed, until := c.blindUntil(); missed.some {
		c.announce(ctx, c.gapName(), conversation.Gap{From: missed.from, To: until, Reason: "topics are heard over another connection"})
	}
}

// persist listens, and listens again with a back-off whenever that ends, until ctx ends
// or the platform refuses for good.
func (c *connection) persist(ctx context.Context) error {
	growing := pause.Growing(500*time.Millisecond, 30*time.Second)
	for {
		began := time.Now()
		heard, err := c.listen(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		case hopeless(err):
			c.fail(err, time.Now())
			return err
		case heard:
			c.stats.reconnects.Add(1)
		}
		c.fail(err, time.Now())
		if missed, _ := c.unheard(); missed.some && !c.announced {
			c.announced = true
			c.announce(ctx, c.gapName(), conversation.Gap{From: missed.from, Reason: err.Error()})
		}
		if heard && time.Since(began) > calm {
			growing.Reset()
		}
		wait := growing.NextBackOff()
		c.log.Warn("not listening", "connection", c.number, "reason", err, "again_in", wait)
		if !pause.Sleep(ctx, wait) {
			return nil
		}
	}
}

// hopeless reports whether trying again cannot help: the secret is wrong, or there
// is no right to have a channel. That one channel is refused is no such thing.
func hopeless(err error) bool {
	return errors.Is(err, genesys.ErrCredentials) || errors.Is(err, errNoRight)
}

// refusesChannel reports whether a socket or subscriptions are refused in a way that
// may be about the channel.
func refusesChannel(err error) bool {
	if refused := (errRefusedSocket{}); errors.As(err, &refused) {
		return refused.final()
	}
	return genesys.IsPermanent(err) && !hopeless(err)
}

// gone reports whether the platform does not know the channel any more.
func gone(err error) bool {
	var e *genesys.APIError
	return errors.Is(err, errGone) ||
		errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Code == "notification.unable.to.get.channel.id")
}

// aboutChannel reports whether it is the platform that says so, in its own words (protocol
// 2.4). A proxy has none, and may answer so for a while.
func aboutChannel(err error) bool {
	var e *genesys.APIError
	return errors.As(err, &e) && (e.Code == "entity.not.found" || e.Code == "notification.unable.to.get.channel.id")
}

// errTaken: another process has claimed the connection's channel.
var errTaken = errors.New("another process uses the channel")

// ensureChannel gets a channel if the connection has none that is certain to be its own.
func (c *connection) ensureChannel(ctx context.Context) error {
	had := c.currentChannel().ID
	if c.claims.keeps(had) {
		return nil
	}
	is, err := c.claims.get(ctx, had)
	if err != nil {
		return err
	}
	c.setChannel(is)
	c.tellPeers()
	return nil
}

// abandon gives the channel up for good: the platform says that it does not know it
// any more, or it is deaf.
func (c *connection) abandon() {
	c.claims.abandon(c.currentChannel().ID)
	c.setChannel(channel{})
	c.tellPeers()
}

// doubt gives the channel up for now: it may be gone, or be somebody else's.
func (c *connection) doubt() {
	c.claims.doubt(c.currentChannel().ID)
	c.setChannel(channel{})
	c.tellPeers()
}

// shun gives the channel up for now if it was taken over and never served: another
// one may be accepted.
func (c *connection) shun() {
	if c.claims.shun(c.currentChannel().ID) {
		c.setChannel(channel{})
	}
}

// listen connects, subscribes and listens until it cannot any more. It reports
// whether it heard at all.
func (c *connection) listen(ctx context.Context) (heard bool, err error) {
	if err := c.ensureChannel(ctx); err != nil {
		return false, err
	}
	defer func() {
		switch {
		case aboutChannel(err) || errors.Is(err, errDeaf):
			c.abandon()
		case gone(err):
			c.doubt()
		case refusesChannel(err):
			c.shun()
		}
	}()
	open, close := context.WithCancel(context.WithoutCancel(ctx))
	s := &session{connection: c, open: open, notice: make(chan notice, 8)}
	defer s.running.Wait()
	defer close()
	first, err := s.connect(ctx)
	if err != nil {
		return false, c.explain(ctx, err)
	}
	s.use(ctx, first)
	defer func() {
		stopped := ctx.Err() != nil
		if stopped && heard {
			s.socket.proveAlive()
		}
		c.lose(stopped)
		if errors.Is(err, errDeaf) {
			c.deafened(c.silence.lastEvent())
		}
	}()
	defer func() { s.interrupt() }()
	return s.listen(ctx)
}

// explain asks the platform, when it has refused the socket, whether the channel is
// gone: with which status it refuses is not documented (protocol 2.5), and a proxy or
// a disturbed host answers 404 as well. To believe it would use up all channels.
func (c *connection) explain(ctx context.Context, err error) error {
	if !errors.Is(err, errRefused) {
		return err
	}
	if is := c.channels.exists(ctx, c.currentChannel().ID); gone(is) {
		return fmt.Errorf("%w: %w", errGone, is)
	}
	return err
}
