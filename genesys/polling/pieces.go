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
// or by a proxy, that says nothing about this interval.
type pieces struct {
	end  func(from time.Time) time.Time        // of the piece that begins then
	ask  func(context.Context, interval) error // asks about one piece
	done func(context.Context, time.Time)      // everything before is read or lost; may be nil
	lost func(context.Context, interval, error) error
	// losses are the intervals that are known to be lost; they are left out.
	losses *losses

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
	if !p.unannounced.empty() && p.unannounced.to.Equal(i.from) {
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
	case !divisible(err):
		return err // nil, or an error that smaller pieces do not avoid
	}
	if older, newer, ok := piece.halves(whole.smallest()); ok {
		if err := p.piece(ctx, whole, older); err != nil {
			return err
		}
		if err := p.passed(ctx, older.to); err != nil {
			return err
		}
		return p.piece(ctx, whole, newer)
	}
	if failedOn(err) || !p.answers(ctx, whole, piece) {
		return err
	}
	// The cause may have gone meanwhile, so it is tried once more. A refused
	// question is not repeated unchanged, so this one is a little wider.
	err = p.question(ctx, interval{piece.from, piece.to.Add(time.Millisecond)})
	if divisible(err) && !failedOn(err) {
		return p.lose(ctx, piece, err)
	}
	return err
}

// answers reports whether the platform answers the question about an interval
// other than the one that it has just refused: the latest, or the earliest.
func (p *pieces) answers(ctx context.Context, whole, refused interval) bool {
	size := whole.smallest()
	for _, other := range []interval{{whole.to.Add(-size), whole.to}, {whole.from, whole.from.Add(size)}} {
		if whole.to.Sub(whole.from) < 2*size || other.overlaps(refused) {
			continue
		}
		if err := p.question(ctx, other); err == nil || errors.As(err, new(*unreadError)) {
			return true
		}
	}
	return false
}
