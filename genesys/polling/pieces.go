package polling

import (
	"context"
	"errors"
	"time"
)

// pieces reads a long interval in pieces that the platform accepts, the oldest
// first. A piece that it refuses is halved. What it refuses at the smallest size
// is lost, and reading goes on after it; but only when it answers the same
// question about another interval: when everything is refused, by the platform
// or by a proxy, that says nothing about this interval. What it fails on is lost,
// too, once that has lasted for lostAfter.
type pieces struct {
	what string                                // is asked for
	end  func(from time.Time) time.Time        // of the piece that begins then
	ask  func(context.Context, interval) error // asks about one piece
	done func(context.Context, time.Time)      // everything before is read or lost; may be nil
	lost func(context.Context, interval, error) error
	// losses are the intervals that are known to be lost; they are left out.
	losses  *losses
	failing *outliers // the intervals that the platform fails on

	refusals    map[interval]error // of this read: the same question is not repeated
	unannounced interval           // lost, but not announced yet: what follows may be lost, too
	reason      error
}

// unreadError says that a part of a piece was read, and which part was not.
type unreadError struct {
	rest interval
	err  error
}

func (e *unreadError) Error() string { return e.err.Error() }
func (e *unreadError) Unwrap() error { return e.err }

// errUnlisted: asking again would bring nothing new.
var errUnlisted = errors.New("the platform lists no more of them than it has")

func (p *pieces) read(ctx context.Context, whole interval) error {
	err := p.readAll(ctx, whole)
	if failed := p.announce(ctx); err == nil {
		err = failed
	}
	return err
}

func (p *pieces) readAll(ctx context.Context, whole interval) error {
	for rest := whole; !rest.empty(); {
		piece := interval{rest.from, p.end(rest.from)}
		if piece.to.After(whole.to) {
			piece.to = whole.to
		}
		for _, part := range p.losses.except(piece) {
			if err := p.piece(ctx, whole, part); err != nil {
				return err
			}
		}
		if err := p.passed(ctx, piece.to); err != nil {
			return err
		}
		rest.from = piece.to
	}
	return nil
}

// question asks about an interval, unless it was refused already.
func (p *pieces) question(ctx context.Context, i interval) error {
	if err := p.refusals[i]; err != nil {
		return err
	}
	err := p.ask(ctx, i)
	if refused(err) && !errors.As(err, new(*unreadError)) {
		if p.refusals == nil {
			p.refusals = map[interval]error{}
		}
		p.refusals[i] = err
	}
	return err
}

// passed notes that everything before is read or lost.
func (p *pieces) passed(ctx context.Context, t time.Time) error {
	if !p.unannounced.empty() {
		if p.unannounced.to.Equal(t) {
			return nil // announced when it is known how far the loss reaches
		}
		if err := p.announce(ctx); err != nil {
			return err
		}
	}
	if p.done != nil {
		p.done(ctx, t)
	}
	return nil
}

// lose records that an interval is lost. Adjacent losses are announced as one, not
// one for each piece.
func (p *pieces) lose(ctx context.Context, i interval, err error) error {
	if p.follows(i) {
		p.unannounced.to = i.to
		return nil
	}
	if err := p.announce(ctx); err != nil {
		return err
	}
	p.unannounced, p.reason = i, err
	return nil
}

// announce announces what is lost, before the position passes it.
func (p *pieces) announce(ctx context.Context) error {
	i := p.unannounced
	if i.empty() {
		return nil
	}
	if err := p.lost(ctx, i, p.reason); err != nil {
		return err
	}
	p.unannounced = interval{}
	return p.passed(ctx, i.to)
}

// piece reads a piece, or what can be read of it.
func (p *pieces) piece(ctx context.Context, whole, piece interval) error {
	err := p.question(ctx, piece)
	var unread *unreadError
	if errors.As(err, &unread) {
		piece, err = unread.rest, unread.err
	}
	switch {
	case errors.Is(err, errUnlisted):
		return p.lose(ctx, piece, err)
	case err == nil:
		p.failing.succeeded(p.part(piece), time.Now())
		return nil
	case !divisible(err):
		return err // smaller pieces do not avoid it
	}
	if older, newer, ok := piece.halves(whole.smallest()); ok {
		return p.both(ctx, whole, older, newer)
	}
	if !p.answers(ctx, whole, piece, failedOn(err)) {
		p.failing.unclear(p.part(piece))
		return err
	}
	// An hour may be too long for the platform, and a minute not.
	if older, newer, ok := piece.halves(time.Minute); ok && failedOn(err) {
		return p.both(ctx, whole, older, newer)
	}
	if failedOn(err) && !p.failing.failed(p.part(piece), time.Now()) && !p.follows(piece) {
		return err
	}
	// The cause may have gone meanwhile, so it is tried once more. A refused
	// question is not repeated unchanged, so this one is a little wider.
	again := p.question(ctx, interval{piece.from, piece.to.Add(time.Millisecond)})
	if divisible(again) && failedOn(again) == failedOn(err) {
		return p.lose(ctx, piece, again)
	}
	return again
}

// both reads the halves of a piece.
func (p *pieces) both(ctx context.Context, whole, older, newer interval) error {
	if err := p.piece(ctx, whole, older); err != nil {
		return err
	}
	if err := p.passed(ctx, older.to); err != nil {
		return err
	}
	return p.piece(ctx, whole, newer)
}

// part is an interval as one of those that may fail.
func (p *pieces) part(i interval) part { return part{p.what, i.String()} }

// follows reports whether a piece begins where a loss ends.
func (p *pieces) follows(piece interval) bool {
	return !p.unannounced.empty() && p.unannounced.to.Equal(piece.from)
}

// answers reports whether the platform answers the question about an interval
// other than the one with which it has just failed: the latest, or the earliest. When
// it fails, only the latest counts: while everything since a time fails, nothing waits
// for it that could be read.
func (p *pieces) answers(ctx context.Context, whole, failed interval, onlyLatest bool) bool {
	size := whole.smallest()
	others := []interval{{whole.to.Add(-size), whole.to}, {whole.from, whole.from.Add(size)}}
	if onlyLatest {
		others = others[:1]
	}
	for _, other := range others {
		if whole.to.Sub(whole.from) < 2*size || other.overlaps(failed) {
			continue
		}
		if err := p.question(ctx, other); err == nil || errors.As(err, new(*unreadError)) {
			p.failing.succeeded(p.part(other), time.Now())
			return true
		}
	}
	return false
}
