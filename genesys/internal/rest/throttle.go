package rest

import "time"

// throttle pauses all calls after a 429: for as long as it says, else until
// the platform's window ends, else for a time that doubles.
func (b *budget) throttle(path string, now time.Time, wait time.Duration) time.Duration {
	fresh := !now.Before(b.pausedUntil) // not one of several that were under way
	if fresh {
		b.throttled = min(b.throttled+1, 7)
		b.pausedSince, b.pausedBy = now, path
	}
	if wait <= 0 {
		if wait = b.limit.resets.Sub(now); wait <= 0 {
			wait = min(time.Second<<(b.throttled-1), minute)
		}
	}
	until := now.Add(wait)
	if !until.After(b.pausedUntil) {
		return 0
	}
	b.pausedUntil = until
	return wait
}

// mostResting is of how many paths it is remembered that they rest.
const mostResting = 1000

// restFor lets one path rest: 503 says nothing about the others.
func (b *budget) restFor(path string, now time.Time, wait time.Duration) {
	for p, until := range b.resting {
		if !now.Before(until) || len(b.resting) >= mostResting {
			delete(b.resting, p)
		}
	}
	b.resting[path] = latest(b.resting[path], now.Add(wait))
}

// rest returns how long a path must rest.
func (b *budget) rest(path string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.restLocked(path)
}

func (b *budget) restLocked(path string) time.Duration {
	until, ok := b.resting[path]
	if !ok {
		return 0
	}
	rest := time.Until(until)
	if rest <= 0 {
		delete(b.resting, path)
	}
	return rest
}
