package notifications

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// takeovers are of partitions that another process, which was alive, heard when
// this one began to. Where it did so until then, nothing was missed. They are a
// part of sharing, which guards them.
type takeovers map[int]*takeover

type takeover struct {
	last  time.Time // until when the partition is known to have been heard
	heard time.Time // when this process heard; zero: not yet
	gone  bool      // nobody else was there when it was last looked
}

// confirmWithin is how long it may take until the process that heard topics
// before says that it did so until they were heard here.
const confirmWithin = fresh + 15*time.Second

// begin notes that a partition is taken over that was last heard then.
func (ts takeovers) begin(p int, last time.Time) { ts[p] = &takeover{last: last} }

// settle looks what the peers have put down since. A takeover is settled once
// another process says that it heard until this one did, or when that is not to be
// expected any more: then there is a gap. It reports whether one is settled.
func (ts takeovers) settle(is signs, by *peers, hears func(p int) bool) (gaps []conversation.Gap, settled bool) {
	before := len(ts)
	for p, t := range ts {
		if t.heard.IsZero() && hears(p) {
			t.heard = time.Now()
		}
		if last := is.latest(p, by.other); last.After(t.last) {
			t.last = last
		}
		here := time.Since(is.latest(p, by.alive)) < fresh
		wasGone := t.gone
		t.gone = !here
		switch {
		case t.heard.IsZero():
		case !t.last.Before(t.heard):
			delete(ts, p)
		case !here && wasGone, time.Since(t.heard) > confirmWithin:
			g := conversation.Gap{From: t.last, To: t.heard, Reason: "topics were taken over from a process that did not hear them any more"}
			if !slices.Contains(gaps, g) {
				gaps = append(gaps, g)
			}
			delete(ts, p)
		}
	}
	return gaps, len(ts) < before
}
