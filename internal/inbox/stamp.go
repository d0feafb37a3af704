package inbox

import "time"

// stamp is the time of an entry that is deposited now. Of two entries of one key the
// store keeps the later one, so that of a process each is later than those before,
// also when its clock is set back.
func (b *Inbox) stamp() time.Time {
	return b.stamps.After(b.Now())
}
