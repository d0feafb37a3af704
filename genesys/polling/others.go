package polling

import "sync"

// others are the other sources that have reported whether they hear. While all of
// them do, open conversations need not be read often.
type others struct {
	mu    sync.Mutex
	known bool            // some source has heard
	blind map[string]bool // those that hear nothing now
}

func newOthers() *others { return &others{blind: map[string]bool{}} }

// note records that a source hears, or that it is blind.
func (o *others) note(source string, blind bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if blind {
		o.blind[source] = true
		return
	}
	delete(o.blind, source)
	o.known = true
}

// someBlind reports whether another source hears nothing now.
func (o *others) someBlind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.blind) > 0
}

// hear reports whether there are other sources, and all of them hear.
func (o *others) hear() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known && len(o.blind) == 0
}
