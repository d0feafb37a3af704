package polling

import (
	"context"
	"slices"
	"sync"

	"github.com/dcmkit/convtrack/conversation"
)

// losses are the intervals that the platform refused to answer for. They are
// announced once and not asked for again, though later reads overlap them.
type losses struct {
	mu    sync.Mutex
	known []interval // the latest mostLosses
}

const mostLosses = 1000

func newLosses() *losses { return &losses{} }

func (l *losses) add(i interval) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.known); n > 0 && l.known[n-1].to.Equal(i.from) {
		l.known[n-1].to = i.to
		return
	}
	l.known = append(l.known, i)
	if len(l.known) > mostLosses {
		l.known = slices.Delete(l.known, 0, 1)
	}
}

// except returns what is left of an interval without the losses, in order.
func (l *losses) except(i interval) []interval {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := []interval{i}
	for _, lost := range l.known {
		var next []interval
		for _, part := range left {
			if !part.overlaps(lost) {
				next = append(next, part)
				continue
			}
			for _, side := range []interval{{part.from, lost.from}, {lost.to, part.to}} {
				if !side.empty() {
					next = append(next, side)
				}
			}
		}
		left = next
	}
	return left
}

// announceLoss tells the host what could not be read of an interval.
func (s *Source) announceLoss(ctx context.Context, of *losses, what string, i interval, err error) error {
	g := conversation.Gap{Source: s.config.Name, From: i.from, To: i.to, Reason: what + " could not be read: " + err.Error(), Lost: true}
	if err := s.reader.sink(ctx, conversation.Update{Gap: &g}); err != nil {
		return asStoreError(err)
	}
	of.add(i)
	s.stats.lost.Add(1)
	return nil
}
