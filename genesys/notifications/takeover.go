package notifications

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// takeovers are those of partitions that another living process heard when this one
// began to listen. If it did so until they were heard here, nothing was missed.
// They belong to sharing, whose lock guards them.
type takeovers map[int]*takeover

type takeover struct {
	known  bool      // last is read from the store
	last   time.Time // until when the partition is known to have been heard
	judged time.Time // the time of the sign that says so, by the clock of its process
	heard  time.Time // since when this process hears it; zero: not yet
	gone   bool      // no other process heard it at the last check
}

// judge takes note of a sign of life, once: one of a clock that is ahead says no more
// when its time has come.
func (t *takeover) judge(is sign) {
	if is.At.After(t.judged) {
		t.judged, t.last = is.At, later(t.last, is.until())
	}
}

// confirmWithin is how long the process that heard topics before may take to record
// that it did so until they were heard here.
const confirmWithin = fresh + 15*time.Second

// begin notes that a partition is taken over, and the last sign of life for it, if that
// is known.
func (ts takeovers) begin(p int, last sign, known bool) {
	ts[p] = &takeover{known: known}
	ts[p].judge(last)
}

// settle checks what the peers have recorded since. A takeover is settled once
// another process has recorded that it heard until this one did, or when that cannot
// be expected any more: then there is a gap. It reports whether one was settled.
func (ts takeovers) settle(is signs, by *peers, hears func(p int) bool) (gaps []conversation.Gap, settled bool) {
	before := len(ts)
	for p, t := range ts {
		if t.heard.IsZero() && hears(p) {
			t.heard = time.Now()
		}
		if !t.known {
			t.known = true
			t.judge(is.last(p, anybody))
		}
		t.judge(is.last(p, by.other))
		here := time.Since(is.latest(p, by.alive)) < fresh
		wasGone := t.gone
		t.gone = !here
		switch {
		case t.heard.IsZero():
		case !t.last.Before(t.heard):
			delete(ts, p)
		case !here && wasGone, time.Since(t.heard) > confirmWithin:
			gaps = joined(gaps, conversation.Gap{From: t.last, To: t.heard, Reason: "topics were taken over from a process that did not hear them any more"})
			delete(ts, p)
		}
	}
	return gaps, len(ts) < before
}

// joined adds a gap. Those that begin at the same time become one.
func joined(gaps []conversation.Gap, g conversation.Gap) []conversation.Gap {
	for i := range gaps {
		if gaps[i].From.Equal(g.From) {
			gaps[i].To = later(gaps[i].To, g.To)
			return gaps
		}
	}
	return append(gaps, g)
}
