package eventbridge

import (
	"errors"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Health says since when the queue can be read or not and why, how old what is
// being read is, and what cannot be understood.
func (q *Queue) Health() conversation.SourceHealth {
	is := q.Stats()
	h := conversation.SourceHealth{LastHeard: utc(is.LastHeard), Waiting: is.Held, Queue: &conversation.QueueHealth{
		Waiting: is.Waiting, InFlight: is.InFlight, NotUnderstood: is.NotUnderstood, NotStored: is.NotStored, LastRefused: moment(&q.stats.lastRefused),
	}}
	if oldest := q.reading.oldest(); !oldest.IsZero() {
		h.Queue.OldestSent, h.Queue.DropsOldest = utc(oldest), utc(oldest.Add(q.kept()))
	}
	q.outage.say(&h)
	if err := q.uninspected.Load(); err != nil {
		h.RefusedReads = []conversation.RefusedRead{{Read: "the queue's attributes: its dead-letter queue, how long it keeps messages and how many wait", MissingPermissions: missing(*err)}}
	}
	return h
}

// missing returns the permissions that an error of SQS names as missing.
func missing(err error) []string {
	var failed *CallError
	if !errors.As(err, &failed) {
		return nil
	}
	return failed.MissingPermissions()
}

// utc is a time as it is told to people; zero stays zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}
