package polling

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// failedJobs counts failed jobs by the start of their intervals, and how many times
// the job that is under way could not be resumed.
type failedJobs struct {
	mu      sync.Mutex
	times   map[time.Time]int
	job     string // the one that could not be resumed last
	resumed int
}

// mostResumed is how many times it is tried to resume a job.
const mostResumed = 3

func newFailedJobs() *failedJobs { return &failedJobs{times: map[time.Time]int{}} }

// judge turns the failure of a job into a refusal of its interval unless it is the
// first one: a failure may be temporary, but the same job must not be requested
// for ever.
func (f *failedJobs) judge(from time.Time, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var failed *jobError
	if !errors.As(err, &failed) {
		if err == nil {
			delete(f.times, from)
		}
		return err
	}
	if f.times[from]++; f.times[from] == 1 {
		return err
	}
	return fmt.Errorf("%w: %w", errRefused, failed)
}

// unreadable notes that a job could not be resumed, and reports whether it is not
// to be tried again: there may be something in its results that is never answered.
func (f *failedJobs) unreadable(job string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job != job {
		f.job, f.resumed = job, 0
	}
	f.resumed++
	return f.resumed >= mostResumed
}
