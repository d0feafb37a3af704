package polling_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// jobs records which jobs were requested, and which of them were read to the end.
type jobs struct {
	mu          sync.Mutex
	requested   map[string]interval // by id
	read        []interval
	interrupts  int           // the number of the job that is interrupted while it is under way
	interrupted chan struct{} // closed then
	cut         bool          // nothing is heard of jobs any more

	fails func(interval) bool // which jobs fail; nil: none
	odd   func(interval) bool // of which jobs the results are not understood; nil: none
}

func newJobs(interrupts int) *jobs {
	return &jobs{requested: map[string]interval{}, interrupts: interrupts, interrupted: make(chan struct{})}
}

func (j *jobs) answer(r genesys.Request, body []byte, err error) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	id, isOne := strings.CutPrefix(r.Path, jobsPath+"/")
	id, areResults := strings.CutSuffix(id, "/results")
	switch {
	case err != nil:
	case j.cut && strings.HasPrefix(r.Path, jobsPath):
		return nil, errors.New("the connection is cut")
	case r.Path == jobsPath:
		var made struct{ JobID string }
		if err := json.Unmarshal(body, &made); err != nil {
			return nil, err
		}
		from, to, _ := readQuestion(r.Body)
		if j.requested[made.JobID] = (interval{From: from, To: to}); len(j.requested) == j.interrupts {
			j.cut = true
			close(j.interrupted)
		}
	case areResults && j.odd != nil && j.odd(j.requested[id]):
		return []byte("<html>sorry</html>"), nil
	case isOne && !areResults && j.fails != nil && j.fails(j.requested[id]):
		return []byte(`{"state":"FAILED"}`), nil
	case isOne && r.Method == http.MethodDelete:
		j.read = append(j.read, j.requested[id])
	}
	return body, err
}

// resume ends the interruption.
func (j *jobs) resume() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cut = false
}

// orders returns how many jobs were requested.
func (j *jobs) orders() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.requested)
}

// done returns those that were read to the end.
func (j *jobs) done() []interval {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.read)
}

// hole returns the first interval that was neither read nor lost; zero: none.
func (j *jobs) hole(lost []conversation.Gap) interval {
	j.mu.Lock()
	defer j.mu.Unlock()
	known := slices.Clone(j.read)
	for _, g := range lost {
		if strings.HasPrefix(g.Reason, "attributes") {
			known = append(known, interval(g))
		}
	}
	slices.SortFunc(known, func(a, b interval) int { return a.From.Compare(b.From) })
	until := known[0].From
	for _, i := range known {
		if i.From.After(until) {
			return interval{From: until, To: i.From}
		}
		if i.To.After(until) {
			until = i.To
		}
	}
	return interval{}
}

// TestNoActivityIsSkippedWhicheverJobIsInterrupted interrupts each of the jobs in
// turn with which the source reads around a time that the platform refuses: the
// parts of a long interval, and the questions that show whether it answers at all.
func TestNoActivityIsSkippedWhicheverJobIsInterrupted(t *testing.T) {
	config := polling.Config{Lookback: 4 * day, LateAfter: []time.Duration{}}
	for _, by := range []string{"the end of the process", "a connection that is cut"} {
		for n := 1; n <= 40; n++ {
			reached := false
			t.Run(fmt.Sprint("job ", n, " by ", by), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.settle(5 * day)
					bad := time.Now().Add(-2*day + 20*time.Minute)
					w.server.Faults().RefuseTime(bad, bad.Add(time.Minute))
					j := newJobs(n)
					w.calls.answer(j.answer)
					stop := w.start(config)
					select {
					case <-j.interrupted:
						reached = true
					case <-time.After(time.Hour):
						return // there are no more jobs
					}
					if by == "the end of the process" {
						w.settle(time.Second)
						stop()
						j.resume()
						w.start(config)
					} else {
						w.settle(20 * time.Minute)
						j.resume()
					}
					w.settle(90 * time.Minute)
					require.Zero(t, j.hole(w.lost()), "%+v", j.read)
				})
			})
			if !reached {
				require.Greater(t, n, 6, "it does not come to the jobs around the refusal")
				break
			}
		}
	}
}

// TestAJobWhoseResultsAreNeverUnderstoodHoldsUpNoLaterOne has its process end, or
// its connection cut, at each of the jobs in turn; zero: at none.
func TestAJobWhoseResultsAreNeverUnderstoodHoldsUpNoLaterOne(t *testing.T) {
	for _, before := range []time.Duration{20 * time.Second, 2*day - 20*time.Minute} {
		for _, by := range []string{"the end of the process", "a connection that is cut"} {
			for n := range 11 {
				t.Run(fmt.Sprint(before, ", job ", n, " by ", by), func(t *testing.T) {
					inBubble(t, func(t *testing.T, w *world) {
						w.settle(5 * day)
						bad := time.Now().Add(-before)
						j := newJobs(n)
						j.odd = func(i interval) bool { return i.overlaps(bad, bad.Add(time.Second)) }
						w.calls.answer(j.answer)
						config := polling.Config{Lookback: 4 * day, LateAfter: []time.Duration{}}
						stop := w.start(config)
						select {
						case <-j.interrupted:
							if by == "the end of the process" {
								stop()
								j.resume()
								w.start(config)
							} else {
								w.settle(20 * time.Minute)
								j.resume()
							}
						case <-time.After(2 * time.Hour):
						}
						w.settle(4 * time.Hour)
						require.Zero(t, j.hole(w.lost()), "%+v", j.read)
						require.WithinDuration(t, time.Now(), j.read[len(j.read)-1].To, 70*time.Minute)
					})
				})
			}
		}
	}
}

// TestJobsWhoseResultsAreNotReadyInTimeAreMadeSmaller has the client wait in vain for the
// results of jobs that are longer than an hour.
func TestJobsWhoseResultsAreNotReadyInTimeAreMadeSmaller(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.settle(2 * day)
		j := newJobs(0)
		w.calls.answer(j.answer)
		w.calls.wait(func(r genesys.Request) time.Duration {
			j.mu.Lock()
			defer j.mu.Unlock()
			id, areResults := strings.CutSuffix(strings.TrimPrefix(r.Path, jobsPath+"/"), "/results")
			if i := j.requested[id]; areResults && i.To.Sub(i.From) > time.Hour {
				return 16 * time.Second
			}
			return 0
		})
		w.start(polling.Config{Lookback: day, LateAfter: []time.Duration{}})
		w.settle(4 * time.Hour)
		read, ordered := j.done(), j.orders()
		require.NotEmpty(t, read)
		require.Zero(t, j.hole(w.lost()), "%+v", read)
		require.Empty(t, w.lost())
		require.WithinDuration(t, time.Now(), read[len(read)-1].To, 70*time.Minute)
		w.settle(3 * time.Hour)
		require.LessOrEqual(t, j.orders()-ordered, 12, "three jobs, of an hour and ten minutes each")
	})
}

func TestAFirstJobThatAlwaysFailsIsALossOfWhatItFailsOnAndTheRestIsRead(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.settle(5 * day)
		bad := time.Now().Add(-2*day + 20*time.Minute)
		j := newJobs(0)
		j.fails = func(i interval) bool { return i.overlaps(bad, bad.Add(time.Minute)) }
		w.calls.answer(j.answer)
		w.start(polling.Config{Lookback: 4 * day, LateAfter: []time.Duration{}})
		w.settle(12 * time.Hour)
		require.Len(t, w.lost(), 1)
		require.LessOrEqual(t, w.lost()[0].To.Sub(w.lost()[0].From), time.Hour)
		require.True(t, interval(w.lost()[0]).overlaps(bad, bad.Add(time.Minute)))
		require.Zero(t, j.hole(w.lost()), "%+v", j.read)
	})
}
