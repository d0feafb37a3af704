package storetest

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is a testing.TB that notes what becomes of a rule, so that a rule
// may fail without failing the test that expects it to.
type recorder struct {
	testing.TB // for what a rule does not change: directories of its own

	mu              sync.Mutex
	failed, skipped bool
	log             []string
	cleanups        []func()
	ctx             context.Context
}

// verdict is what became of a rule.
type verdict struct {
	failed, skipped bool
	log             string
}

// judge tries a rule on a store of the harness. A rule that does not come to
// an end has failed.
func judge(t testing.TB, r rule, h Harness) verdict {
	ctx, cancel := context.WithCancel(context.Background())
	rec := &recorder{TB: t, ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rec.cleanUp()
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				rec.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		r.try(rec, h)
	}()
	select {
	case <-done:
	case <-time.After(4*h.Patience + 5*time.Second):
		rec.Errorf("the rule does not come to an end")
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return verdict{rec.failed, rec.skipped, strings.Join(rec.log, "\n")}
}

func (r *recorder) cleanUp() {
	for {
		r.mu.Lock()
		n := len(r.cleanups)
		if n == 0 {
			r.mu.Unlock()
			return
		}
		do := r.cleanups[n-1]
		r.cleanups = r.cleanups[:n-1]
		r.mu.Unlock()
		do()
	}
}

func (r *recorder) note(fail, skip bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed, r.skipped = r.failed || fail, r.skipped || skip
	r.log = append(r.log, text)
}

func (r *recorder) Helper()                  {}
func (r *recorder) Name() string             { return "rule" }
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Cleanup(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, do)
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Skipped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.skipped
}

func (r *recorder) Log(args ...any) { r.note(false, false, fmt.Sprint(args...)) }
func (r *recorder) Logf(format string, args ...any) {
	r.note(false, false, fmt.Sprintf(format, args...))
}
func (r *recorder) Fail()             { r.note(true, false, "failed") }
func (r *recorder) Error(args ...any) { r.note(true, false, fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.note(true, false, fmt.Sprintf(format, args...))
}

func (r *recorder) FailNow()          { r.Fail(); runtime.Goexit() }
func (r *recorder) Fatal(args ...any) { r.Error(args...); runtime.Goexit() }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) SkipNow()         { r.note(false, true, "skipped"); runtime.Goexit() }
func (r *recorder) Skip(args ...any) { r.note(false, true, fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Skipf(format string, args ...any) {
	r.note(false, true, fmt.Sprintf(format, args...))
	runtime.Goexit()
}
