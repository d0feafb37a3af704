package inbox

import "time"

// stamp is the time of an entry that is deposited now. Of two entries of one key the
// store keeps the later one, so that of a process each is later than those before,
// also when its clock is set back.
func (b *Inbox) stamp() time.Time {
	now := b.Now().UTC().Truncate(time.Microsecond)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !now.After(b.stamped) {
		now = b.stamped.Add(time.Microsecond)
	}
	b.stamped = now
	return now
}
