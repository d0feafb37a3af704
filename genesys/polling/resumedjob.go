package polling

import "sync"

// resumedJob counts how many times in a row the same job could not be resumed.
type resumedJob struct {
	mu    sync.Mutex
	id    string
	times int
}

// mostResumed is how many times it is tried to resume a job.
const mostResumed = 3

// failed notes that a job could not be resumed, and reports whether it is to be given
// up: there may be something in its results that is never answered.
func (r *resumedJob) failed(id string) (giveUp bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.id != id {
		r.id, r.times = id, 0
	}
	r.times++
	return r.times >= mostResumed
}
