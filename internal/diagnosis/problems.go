package diagnosis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/store"
)

// How much may be out of order before Health says so.
const (
	mostWaiting = 10 * time.Second // how long a fact may wait to be stored
	mostLag     = time.Minute      // how long a delivery may be due
	fewAttempts = 3                // how often a delivery may fail
	mostBehind  = 10 * time.Minute // how far a source may be behind with what it reads
	mostOld     = 5 * time.Minute  // how old a message may be when it is read
	lately      = time.Hour        // for how long a message that was refused is spoken of
	thisDay     = 24 * time.Hour   // and something that was lost
)

// problems are sentences on what is wrong, each with what to do about it.
type problems []string

func (p *problems) say(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// judge says in sentences what is wrong.
func (h *State) judge() {
	p := problems(h.Problems)
	if h.Store.Trouble != "" {
		p.say("the store is %s since %s: %s", h.Store.Trouble, when(h.Store.TroubleSince), storeRemedies[h.Store.Trouble])
	}
	for _, name := range slices.Sorted(maps.Keys(h.Sources)) {
		judgeSource(&p, h.Sources[name], name, h.At)
	}
	if !h.FactsSince.IsZero() && h.At.Sub(h.FactsSince) > mostWaiting {
		p.say("facts wait to be stored since %s: see how the store does, and whether a Before hook fails or is slow (the log names it)", when(h.FactsSince))
	}
	if h.Overdue > 0 {
		p.say("conclusions of %d conversations are overdue: no process has come to them; see how the store does, and whether Before hooks are slow", h.Overdue)
	}
	for _, hook := range slices.Sorted(maps.Keys(h.Deliveries)) {
		d := h.Deliveries[hook]
		d.judge(&p, hook, h.At)
	}
	for _, of := range slices.Sorted(maps.Keys(h.Undefined)) {
		p.say("events of the type %s are not defined in %s: register it with events.Define in every process", of, strings.Join(h.Undefined[of], ", "))
	}
	for _, f := range h.Failed {
		more := ""
		if !f.Counted {
			more = " or more"
		}
		then := "then retry or skip them"
		if f.Kind == store.FailedChange {
			then = "or skip them; they are tried again by themselves for a while, or at once with Retry"
		}
		p.say("%d%s of the hook %s have failed (%s): mend the cause, %s", f.N, more, f.Hook, f.Kind, then)
	}
	h.Problems = p
}

var storeRemedies = map[string]string{
	"full":     "free space where the database has its files, or raise what it may take",
	"readOnly": "see whether it is a standby, was set to read-only, or its file may not be written",
	"slow":     "look at its load, at who holds locks, and at the network between",
	"lost":     "see that it runs and can be reached, and what its own log says",
}

// judgeSource says what is wrong with a source.
func judgeSource(p *problems, s heard.Source, name string, now time.Time) {
	switch {
	case s.Failed != "":
		p.say("the source %s has failed for good: %s; mend the cause and start the process again", name, s.Failed)
	case !s.BlindSince.IsZero():
		p.say("the source %s is blind since %s: %s%s", name, when(s.BlindSince), s.Reason, grant(s.MissingPermissions))
	}
	if n := len(s.Refused); n > 0 {
		var missing []string
		for _, r := range s.Refused {
			missing = append(missing, r.MissingPermissions...)
		}
		p.say("%d topics of the source %s are refused%s", n, name, grant(missing))
	}
	if s.Left > 0 {
		p.say("%d topics of the source %s are not heard, as its channels have no room: follow fewer, or use EventBridge", s.Left, name)
	}
	for _, r := range s.RefusedReads {
		p.say("the source %s may not read %s%s", name, r.Read, grant(r.MissingPermissions))
	}
	if !s.ReadUpTo.IsZero() && now.Sub(s.ReadUpTo) > mostBehind {
		p.say("the source %s is behind: what began after %s is not read yet", name, when(s.ReadUpTo))
	}
	if !s.RepairingSince.IsZero() {
		p.say("what was missed since %s is being read by the source %s: until then it is not complete", when(s.RepairingSince), name)
	}
	if s.Losses > 0 && now.Sub(s.LostAt) < thisDay {
		p.say("the source %s could not read what happened from %s to %s: %s; who needs it must get it in another way", name, when(s.Lost.From), when(s.Lost.To), s.Lost.Reason)
	}
	if s.API != nil && !s.API.PausedUntil.IsZero() {
		p.say("the source %s makes no calls until %s: %s; see which other programs use the same OAuth client", name, when(s.API.PausedUntil), s.API.PauseReason)
	}
	if s.Queue != nil {
		judgeQueue(p, s.Queue, name, now)
	}
}

func judgeQueue(p *problems, q *conversation.QueueHealth, name string, now time.Time) {
	if old := now.Sub(q.OldestSent); !q.OldestSent.IsZero() && old > mostOld {
		p.say("the source %s reads messages that came into the queue %v ago, and it drops them at %s: run more processes, or a faster store",
			name, old.Round(time.Second), when(q.DropsOldest))
	}
	if !q.LastRefused.IsZero() && now.Sub(q.LastRefused) < lately {
		p.say("of the messages of the source %s %d could not be understood and %d could not be stored, the last at %s: look into the dead-letter queue",
			name, q.NotUnderstood, q.NotStored, when(q.LastRefused))
	}
}

// judge says what is wrong with the deliveries of a hook.
func (d *Delivery) judge(p *problems, hook string, now time.Time) {
	n := fmt.Sprint(d.Unfinished)
	if !d.Counted {
		n = "more than " + n
	}
	switch {
	case d.Orphaned:
		p.say("%s deliveries wait for the hook %s, which no running process has: register it again under this name to give them up, with a function that does nothing, on *events.ConversationCreated: what a hook does not take counts as done", n, hook)
	case d.Attempts >= fewAttempts:
		p.say("the hook %s fails: a delivery has failed %d times and %s deliveries are unfinished; the log has its errors", hook, d.Attempts, n)
	case !d.DueSince.IsZero() && now.Sub(d.DueSince) > mostLag:
		p.say("the hook %s is behind: its oldest delivery is due since %s, %s deliveries are unfinished; see how long it takes and what it waits for", hook, when(d.DueSince), n)
	}
}

// when is a time in a sentence.
func when(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// grant is the end of a sentence that says which permissions are missing.
func grant(missing []string) string {
	missing = slices.Compact(slices.Sorted(slices.Values(missing)))
	if len(missing) == 0 {
		return ""
	}
	return ": grant " + strings.Join(missing, ", ")
}
