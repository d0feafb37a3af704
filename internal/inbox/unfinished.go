package inbox

import (
	"maps"
	"sync"

	"github.com/dcmkit/convtrack/store"
)

// unfinished are the bundles that were given back when some of their facts were stored:
// the next time the rest is taken, or its beginning could use up the room for its
// end each time. It is safe for concurrent use.
type unfinished struct {
	mu      sync.Mutex
	bundles map[store.EntryKey]facts
}

// facts are those of a bundle that are stored.
type facts map[fact]bool

// fact names what was heard of a conversation by its number among what the bundle has
// of it: that stays when another conversation is struck out.
type fact struct {
	conversationID string
	n              int
}

// mostUnfinished bounds how many bundles are remembered. What is forgotten of the
// others is taken again, which does no harm.
const mostUnfinished = 1000

// of returns what is stored of a bundle. It must not be changed.
func (u *unfinished) of(key store.EntryKey) facts {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.bundles[key]
}

// add says that more of the bundle is stored than was.
func (u *unfinished) add(key store.EntryKey, was facts, now []fact) {
	if len(now) == 0 {
		return
	}
	is := make(facts, len(was)+len(now))
	maps.Copy(is, was)
	for _, f := range now {
		is[f] = true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.bundles == nil || len(u.bundles) >= mostUnfinished {
		u.bundles = map[store.EntryKey]facts{}
	}
	u.bundles[key] = is
}

// drop forgets a bundle that is used up.
func (u *unfinished) drop(key store.EntryKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.bundles, key)
}
