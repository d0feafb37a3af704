package duplicate

import "time"

// A process waits for an owner that announces nearly all that it hears: each that
// was announced counts one, each that was not takes missed away.
const (
	enough = 8
	most   = 64
	missed = 8
)

const (
	// leastPatience and mostPatience are how long a message waits for its
	// announcement: several times as long as announcements take at present.
	leastPatience, mostPatience = 250 * time.Millisecond, 2 * time.Second
	several                     = 4
	// probeEvery is how often something is deposited although it is waited for: the
	// owner announces as long as copies reach it.
	probeEvery = 2 * time.Second
)

// owner is what is known of a process that looks after conversations.
type owner struct {
	score int
	waits bool          // this process waits for what it announces
	takes time.Duration // until an announcement comes, a moving average
	probe time.Time     // when the next copy is deposited all the same
}

// judge counts a message that was announced after a time, or not in time.
func (o *owner) judge(announced bool, after time.Duration) {
	if !announced {
		o.score = max(o.score-missed, -most)
		o.waits = o.waits && o.score > 0
		return
	}
	o.takes += (after - o.takes) / 8
	o.score = min(o.score+1, most)
	o.waits = o.waits || o.score >= enough
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
