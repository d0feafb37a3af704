package polling

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// failedJobs counts failed jobs by the start of their intervals.
type failedJobs struct {
	mu    sync.Mutex
	times map[time.Time]int
}

func newFailedJobs() *failedJobs { return &failedJobs{times: map[time.Time]int{}} }

// judge turns the failure of a job into a refusal of its interval unless it is the
// first one: a failure may be temporary, but the same job must not be requested
// for ever.
func (f *failedJobs) judge(from time.Time, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	from = utc(from) // as a key: the position may have been saved in another zone
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
