package polling

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// mostQuiet is how long a read may go on without an answer from the API. Beyond
// that the source counts as blind: its calls are paused, or the network is down.
const mostQuiet = time.Minute

// readRecords is the permission without which no record is read.
const readRecords = "analytics:conversationDetail:view"

// hearing is since when the source hears, that is, since when its watched tasks
// succeed and the API answers. It is safe for concurrent use.
type hearing struct {
	mu       sync.Mutex
	answered time.Time // when the API last answered
	tasks    []*task
}

// task is a repeated read, such as discovery.
type task struct {
	began   time.Time // when the present run began; zero: none is under way
	ended   time.Time // when it last succeeded
	heard   time.Time // since when it succeeds; zero: it failed last, or has not run
	failing time.Time // since when it fails; zero: it does not
	err     error
}

// answer records that the API has answered.
func (h *hearing) answer(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answered = now
}

// watch returns do with its runs and results recorded.
func (h *hearing) watch(do func(context.Context) error) func(context.Context) error {
	is := &task{}
	h.mu.Lock()
	h.tasks = append(h.tasks, is)
	h.mu.Unlock()
	return func(ctx context.Context) error {
		h.begin(is, time.Now())
		err := do(ctx)
		h.end(is, err, ctx.Err() != nil, time.Now())
		return err
	}
}

func (h *hearing) begin(is *task, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	is.began = now
}

func (h *hearing) end(is *task, err error, stopped bool, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case stopped: // an interrupted run says nothing
	case err == nil:
		if is.heard.IsZero() {
			is.heard = now
		}
		is.ended, is.failing, is.err = now, time.Time{}, nil
	default:
		if is.failing.IsZero() {
			is.failing = is.ended
			if is.ended.IsZero() {
				is.failing = is.began
			}
		}
		is.heard, is.err = time.Time{}, err
	}
	is.began = time.Time{}
}

// hears reports whether all watched tasks have succeeded when they last ran.
func (h *hearing) hears() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !slices.ContainsFunc(h.tasks, func(t *task) bool { return t.heard.IsZero() })
}

// say fills in since when the source hears or is blind.
func (h *hearing) say(is *conversation.SourceHealth, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	is.LastHeard = utc(h.answered)
	for _, task := range h.tasks {
		if task.failing.IsZero() {
			continue
		}
		if is.BlindSince.IsZero() || task.failing.Before(is.BlindSince) {
			is.BlindSince = utc(task.failing)
			is.Reason, is.MissingPermissions = task.err.Error(), genesys.MissingPermissions(task.err)
			if is.MissingPermissions == nil && genesys.IsForbidden(task.err) {
				is.MissingPermissions = []string{readRecords}
			}
		}
	}
	if !is.BlindSince.IsZero() {
		return
	}
	for _, task := range h.tasks {
		if quiet := latest(task.began, h.answered); !task.began.IsZero() && now.Sub(quiet) > mostQuiet {
			is.BlindSince, is.Reason = utc(quiet), "what is being read has got no answer since"
			if is.API != nil && is.API.PauseReason != "" {
				is.Reason = is.API.PauseReason
			}
			return
		}
		if task.heard.IsZero() {
			is.HeardSince = time.Time{}
			return // it has not succeeded yet
		}
		is.HeardSince = utc(latest(is.HeardSince, task.heard))
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// utc returns a time in UTC, without its monotonic part; zero stays zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}
