package events

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Code of the host's that must be quick, and is asked where others wait.
const (
	// answerSoon is how long an answer may take that is asked for again where it
	// matters, or has a substitute; answerLate is for one that has none.
	answerSoon = time.Second
	answerLate = 5 * time.Second
	// mostUnanswered is how many questions to one function may hang before it is
	// not asked again.
	mostUnanswered = 8
	// patience is into how many parts the limit is cut: a process that was paused
	// for longer than that, and could not answer, has used up one of them.
	patience = 4
)

// Why a function gave no answer.
var (
	errLate   = errors.New("it does not return")
	errExited = errors.New("it called runtime.Goexit")
)

// unanswered says why a function gave no answer. Of a panic it names the type:
// the value may quote a conversation.
type unanswered struct {
	error
	stack string // where it panicked or exited
}

// ask calls a function of the host's on a goroutine of its own, so that a panic,
// a Goexit or a hang is no trouble of who asks. hanging counts its calls that
// have not returned.
func ask[T any](hanging *atomic.Int64, limit time.Duration, do func() T) (T, *unanswered) {
	type reply struct {
		answer T
		failed *unanswered
	}
	var none T
	if hanging.Load() >= mostUnanswered {
		return none, &unanswered{error: errLate}
	}
	done := make(chan reply, 1)
	go func() {
		r := reply{failed: &unanswered{error: errExited}}
		defer func() {
			if p := recover(); p != nil {
				r.failed.error = fmt.Errorf("it panicked with a %T", p)
			}
			if r.failed != nil {
				r.failed.stack = string(debug.Stack())
			}
			done <- r
		}()
		r.answer = do()
		r.failed = nil
	}()
	late := time.NewTicker(limit / patience)
	defer late.Stop()
	for range patience {
		select {
		case r := <-done:
			return r.answer, r.failed
		case <-late.C:
		}
	}
	select {
	case r := <-done:
		return r.answer, r.failed
	default:
	}
	hanging.Add(1)
	go func() { <-done; hanging.Add(-1) }()
	return none, &unanswered{error: errLate}
}

// Wait asks the host's function how long to wait after a failed attempt; see
// [Backoff]. A function that is missing, panics or does not return, or an answer
// below zero, is no reason to stop: then it is the otherwise. It is for trackers.
func Wait(backoff func(attempt int) time.Duration, attempt int, otherwise time.Duration) time.Duration {
	if backoff == nil {
		return otherwise
	}
	wait, failed := ask(new(atomic.Int64), answerSoon, func() time.Duration { return backoff(attempt) })
	if failed != nil || wait < 0 {
		return otherwise
	}
	return wait
}
