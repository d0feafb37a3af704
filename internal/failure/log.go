package failure

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
)

const (
	// reminder is how often it is said again that a hook fails for good.
	reminder = time.Minute
	// quiet is how long a hook must not have failed until one that does what it should
	// counts as working again: it may fail for some conversations, and work for others.
	quiet = time.Minute
)

// Log says how hooks fail. A hook that fails on many conversations says the
// same many times: its first failure is a warning, its first one for good an
// error, and so is one in each minute after it; what comes between is for
// debugging, until it works again. It is safe for concurrent use.
type Log struct {
	log *slog.Logger

	troubled atomic.Int64 // how many hooks there are in the map

	mu    sync.Mutex
	hooks map[string]*trouble
}

// trouble is that of one hook, since it last worked.
type trouble struct {
	last    time.Time // when it last failed
	forGood int       // how often it has failed for good
	logged  time.Time // when the log last told of that
}

// NewLog returns a log that writes to l.
func NewLog(l *slog.Logger) *Log { return &Log{log: l, hooks: map[string]*trouble{}} }

// Again says that a try has failed and that there will be another one.
func (l *Log) Again(ctx context.Context, conversationID string, f *store.Failure, wait time.Duration) {
	level := slog.LevelDebug
	l.mu.Lock()
	if _, begins := l.of(f.Hook); begins {
		level = slog.LevelWarn
	}
	l.mu.Unlock()
	l.log.Log(ctx, level, "a hook failed and is tried again", "hook", f.Hook, "conversation", conversationID, "event", f.EventID, "type", f.Type,
		"attempt", f.Attempts, "again in", wait, "error", f.Error)
}

// ForGood says that the tries of a hook are used up, and what to do.
func (l *Log) ForGood(ctx context.Context, conversationID string, f *store.Failure, consequence string) {
	level, times := l.count(f.Hook)
	l.log.Log(ctx, level, "a hook has failed for good: "+consequence+"; mend its cause, then Retry or Skip what Failed lists", "hook", f.Hook,
		"conversation", conversationID, "event", f.EventID, "type", f.Type, "attempts", f.Attempts, "error", f.Error, "so far", times)
}

// Refused says that a hook has refused a change, which is tried again by itself
// at the time.
func (l *Log) Refused(ctx context.Context, conversationID string, f *store.Failure, next time.Time) {
	level, times := l.count(f.Hook)
	l.log.Log(ctx, level, "a hook refuses a change: what is heard of the conversation is kept aside, and tried again by itself; Retry and Skip decide now", "hook", f.Hook,
		"conversation", conversationID, "event", f.EventID, "type", f.Type, "attempts", f.Attempts, "next", next, "error", f.Error, "so far", times)
}

// count counts a failure of the hook, and returns how loud it is said.
func (l *Log) count(hook string) (level slog.Level, times int) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	t, _ := l.of(hook)
	t.forGood++
	level = slog.LevelDebug
	if t.logged.IsZero() || now.Sub(t.logged) >= reminder {
		t.logged, level = now, slog.LevelError
	}
	return level, t.forGood
}

// of returns the trouble of the hook, which has failed now, and whether it begins. The
// caller holds the lock.
func (l *Log) of(hook string) (t *trouble, begins bool) {
	now := time.Now()
	if t = l.hooks[hook]; t != nil {
		t.last = now
		return t, false
	}
	t = &trouble{last: now}
	l.hooks[hook] = t
	l.troubled.Add(1)
	return t, true
}

// Worked says that the hook has done what it should.
func (l *Log) Worked(hook string) {
	if l.troubled.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.hooks[hook]
	if t == nil || time.Since(t.last) < quiet {
		return
	}
	delete(l.hooks, hook)
	l.troubled.Add(-1)
	if t.forGood > 0 {
		l.log.Info("a hook works again", "hook", hook, "failed for good", t.forGood)
	}
}
