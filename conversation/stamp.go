package conversation

import (
	"cmp"
	"math"
	"time"
)

// Source is the kind of message that states a fact. When two messages state a
// field differently, the higher source is believed; in what Genesys says anew
// topics and REST are one source, and the newer statement is believed.
// FIELDS.md has the rule of each field.
type Source uint8

// The sources, weakest first.
const (
	// SourceHint is somebody who may not know: a flow's data action, the
	// client app in an agent's iframe, a guess by a decoder.
	SourceHint Source = iota + 1
	// SourceDetailEvent is a v2.detail.events.conversation… event, over
	// WebSocket or EventBridge: one fact, with its own time.
	SourceDetailEvent
	// SourceMediaTopic is a …conversations.calls (or other medium) snapshot: it
	// shows one medium and no session ids.
	SourceMediaTopic
	// SourceTopic is a v2.users.{id}.conversations or
	// v2.routing.queues.{id}.conversations snapshot: all participants and legs
	// so far, no time of its own.
	SourceTopic
	// SourceMediaREST is GET /api/v2/conversations/calls/{id} and its siblings.
	SourceMediaREST
	// SourceREST is GET /api/v2/conversations/{id}.
	SourceREST
	// SourceAnalytics is an analytics conversation or metric record.
	SourceAnalytics
	// SourceHost is the embedding application itself.
	SourceHost
)

var sourceNames = [...]string{"", "hint", "detail event", "media topic", "topic", "media REST", "REST", "analytics", "host"}

// String returns the source's name, for logs.
func (s Source) String() string {
	if int(s) < len(sourceNames) {
		return sourceNames[s]
	}
	return "unknown"
}

// SingleFact reports whether a message of this source shows only a part of
// the conversation, so that a conclusion from it can be premature.
func (s Source) SingleFact() bool { return s < SourceTopic || s == SourceMediaREST }

// snapshot reports whether a message of this source shows the present state
// of each leg in it, so that a flag that is missing there is off.
func (s Source) snapshot() bool { return s >= SourceMediaTopic && s <= SourceREST }

// equals reports whether messages of both sources have the same authority in
// what Genesys says anew: all snapshots come from the same API, whether it was
// asked or told by itself.
func (s Source) equals(t Source) bool { return s == t || s.snapshot() && t.snapshot() }

// untimed reports whether messages of this source carry no time of their own.
func (s Source) untimed() bool { return s == SourceMediaTopic || s == SourceTopic }

// Statement says who states a partial conversation and when.
type Statement struct {
	By Source
	// At is the message's own time; zero when it carries none.
	At time.Time
	// Seen is when the message was read, or At where that is the better word;
	// of an answer when its request was sent, as what was told before it came may
	// be newer. It settles what can go back and forth (held, muted, parked, peer,
	// attributes, wrap-up) and, among statements of one source that carry no
	// time of their own, what Genesys restates (a queue, a scheduled time):
	// the newest is believed. A record, which lags behind, counts as older for the
	// former. FIELDS.md lists both.
	Seen time.Time
}

// A stamp orders the statements of one field. Zero is "not stated". Whether
// the source or the time leads depends on the field's rule.
type stamp uint64

const (
	stampSourceShift = 56
	stampTimeMask    = 1<<stampSourceShift - 1
)

func micros(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(max(t.UnixMicro(), 0)) & stampTimeMask
}

// restated returns the stamp of what Genesys restates. A snapshot of the live
// API is as new as its reading. A record is as new as what it mentions; of two
// that mention the same the one that was read later is newer. That fits into
// the same bits because the times of Genesys are whole milliseconds.
func (by Statement) restated() stamp {
	switch {
	case by.By == SourceAnalytics:
		at := by.At
		if at.IsZero() {
			at = by.Seen
		}
		return bySource(by.By, time.Time{}) | stamp(micros(at)/1000)<<lagBits&stampTimeMask | lag(by.Seen.Sub(at))
	case by.By.snapshot() || by.At.IsZero():
		return bySource(by.By, by.Seen)
	}
	return bySource(by.By, by.At)
}

// asOf returns when what goes back and forth was as the statement says. A record lags
// behind: it may show what was so nextSegmentWithin before it was read, but nothing
// from before what it mentions. Of two that mention the same the one that was read
// later is newer, by little; and exactly in the first second, as the records of a file
// count as read one after the other within it.
func (by Statement) asOf() time.Time {
	if by.By != SourceAnalytics || by.At.After(by.Seen) {
		return by.Seen
	}
	late := min(by.Seen.Sub(by.At), nextSegmentWithin)
	exact := min(late, time.Second)
	return latest(by.Seen.Add(-nextSegmentWithin), by.At.Add(exact+(late-exact)/(nextSegmentWithin/time.Millisecond)))
}

// compareRestated orders the stamps of two statements of what Genesys restates:
// of equal sources the one that was read later is the newer.
func (s stamp) compareRestated(t stamp) int {
	if s.sourceLeading().equals(t.sourceLeading()) {
		return cmp.Compare(s.timeFirst(), t.timeFirst())
	}
	return cmp.Compare(s, t)
}

// timeFirst moves the source of a stamp behind its time.
func (s stamp) timeFirst() stamp { return s<<8 | s>>stampSourceShift }

// recordTime is the time in a stamp that restated has made for a record.
func (s stamp) recordTime() time.Time {
	if at := s & stampTimeMask >> lagBits; at > 0 {
		return time.UnixMilli(int64(at)).UTC()
	}
	return time.Time{}
}

// lagBits are those of a record's stamp behind its milliseconds, which need 42
// until the year 2109.
const lagBits = stampSourceShift - 42

// lag maps how long after its own time a record was read to lagBits: longer is
// never less, and the steps grow with it, to a five-hundredth of it.
func lag(d time.Duration) stamp {
	return stamp(min(356*math.Log2(1+max(float64(d.Microseconds()), 0)), 1<<lagBits-1))
}

func bySource(s Source, at time.Time) stamp { return stamp(s)<<stampSourceShift | stamp(micros(at)) }
func byTime(s Source, seen time.Time) stamp { return stamp(micros(seen))<<8 | stamp(s) }

func (s stamp) sourceLeading() Source { return Source(s >> stampSourceShift) }
func (s stamp) timeLeading() Source   { return Source(s & 0xff) }
