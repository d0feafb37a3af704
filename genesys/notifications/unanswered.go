package notifications

import (
	"errors"
	"net/http"
	"sync"

	"github.com/dcmkit/convtrack/genesys"
)

// unanswered are attempts to create a channel of which it is not known whether they
// succeeded. A channel of theirs takes up a place for a day, so it is looked for before
// another one is created. It is safe for concurrent use.
type unanswered struct {
	mu     sync.Mutex
	before map[string]bool // the ids that were listed before the first of them; nil: there is none
}

// note notes how an attempt ended before which these channels were listed.
func (u *unanswered) note(listed []channel, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case err == nil:
		u.before = nil
	case u.before == nil && !refuses(err):
		u.before = make(map[string]bool, len(listed))
		for _, c := range listed {
			u.before[c.ID] = true
		}
	}
}

// found returns the channel that an attempt created, once it is listed. Other processes
// with the same token can have created one, too, so it must not be used.
func (u *unanswered) found(listed []channel, used func(id string) bool) (channel, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.before == nil {
		return channel{}, false
	}
	for _, c := range listed {
		if c.ID != "" && c.ConnectURI != "" && !u.before[c.ID] && !used(c.ID) {
			u.before = nil
			return c, true
		}
	}
	return channel{}, false
}

// refuses reports whether an error says that nothing was done. A timeout, a fault on the
// way, and an answer that is not understood do not.
func refuses(err error) bool {
	var e *genesys.APIError
	return errors.As(err, &e) && !errors.Is(err, genesys.ErrNotUnderstood) &&
		e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError
}
