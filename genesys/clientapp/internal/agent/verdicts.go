package agent

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// verdicts keeps what was said of the tokens that were used last, by digest.
type verdicts struct {
	most int

	mu     sync.Mutex
	by     map[[sha256.Size]byte]*list.Element // of *kept
	recent list.List                           // the one used last first
}

type kept struct {
	digest [sha256.Size]byte
	verdict
	until time.Time
}

func newVerdicts(most int) *verdicts {
	return &verdicts{most: most, by: map[[sha256.Size]byte]*list.Element{}}
}

// get returns what was said last of a token, and whether that holds now.
func (vs *verdicts) get(digest [sha256.Size]byte, now time.Time) (last verdict, holds bool) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	e := vs.by[digest]
	if e == nil {
		return verdict{}, false
	}
	vs.recent.MoveToFront(e)
	k := e.Value.(*kept)
	return k.verdict, now.Before(k.until)
}

// put keeps a verdict. Whose the token is stays known when it could not be
// verified.
func (vs *verdicts) put(digest [sha256.Size]byte, is verdict, until time.Time) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if e := vs.by[digest]; e != nil {
		k := e.Value.(*kept)
		if is.agent.ID == "" {
			is.agent.ID = k.agent.ID
		}
		k.verdict, k.until = is, until
		vs.recent.MoveToFront(e)
		return
	}
	for len(vs.by) >= vs.most {
		oldest := vs.recent.Back()
		delete(vs.by, oldest.Value.(*kept).digest)
		vs.recent.Remove(oldest)
	}
	vs.by[digest] = vs.recent.PushFront(&kept{digest, is, until})
}

func (vs *verdicts) forget(digest [sha256.Size]byte) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if e := vs.by[digest]; e != nil {
		e.Value.(*kept).until = time.Time{}
	}
}
