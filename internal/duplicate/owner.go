package duplicate

import "time"

// A process waits for an owner that announces nearly all that it hears: each that
// was announced counts one, each that was not takes missed away. What waits while
// one is not announced in time tells of the same disturbance, and does not count.
const (
	enough = 8
	most   = 64
	missed = 16
)

const (
	// leastPatience and mostPatience are how long a message waits for its
	// announcement: several times as long as announcements take at present.
	leastPatience, mostPatience = 500 * time.Millisecond, 5 * time.Second
	several                     = 4
	// probeEvery is how often something is deposited although it is waited for: the
	// owner announces as long as copies reach it.
	probeEvery = 10 * time.Second
)

// owner is what is known of a process that looks after conversations.
type owner struct {
	score int
	waits bool          // this process waits for what it announces
	takes time.Duration // until an announcement comes, a moving average
	since time.Time     // when something was not announced in time last
	probe time.Time     // when the next copy is deposited all the same
}

// announced counts a message that was announced, in time or too late.
func (o *owner) announced(h *heard, now time.Time) {
	o.takes += (now.Sub(h.at) - o.takes) / 8
	o.score = min(o.score+1, most)
	o.waits = o.waits || o.score >= enough
}

// missing counts a message that was not announced in time.
func (o *owner) missing(h *heard, now time.Time) {
	if h.at.Before(o.since) {
		return
	}
	o.since = now
	o.score = max(o.score-missed, -most)
	o.waits = o.waits && o.score > 0
}

// patience is how long to wait for an announcement now; zero: not at all.
func (o *owner) patience(now time.Time) time.Duration {
	switch {
	case !o.waits:
		return 0
	case !now.Before(o.probe):
		o.probe = now.Add(probeEvery)
		return 0
	}
	return min(max(several*o.takes, leastPatience), mostPatience)
}
