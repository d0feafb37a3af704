package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const (
	// live is how many conversations go on at a time.
	live = 400
	// versions is how many notifications a conversation has before another one
	// begins in its place. The first brings all Common Events, each of the
	// others changes two legs and brings one at most, for another wrap-up code:
	// more than the one for each notification that the peers announce.
	versions     = 7
	participants = 4
	// commonEvents is how many a conversation brings at least, whichever
	// notification is the first that is heard of it.
	commonEvents = 7
)

// traffic is a stream of notifications: full-size frames of a queue topic, of
// conversations that begin all the time.
type traffic struct {
	frames  [versions]frame
	endless bool // the conversations never end
	begun   atomic.Uint64
	heard   atomic.Int64 // conversations of which a notification was asked for
	slots   []slot
}

// slot is the place of one live conversation.
type slot struct {
	id    [12]byte
	next  int
	heard bool
	data  []byte // of the notification last asked for
}

// conversation is the id of the one in the slot.
func (s *slot) conversation() string {
	return string(s.id[:len(head)]) + templateID[len(head):len(templateID)-len(digits)] + string(s.id[:])
}

// frame is a notification whose conversation can be changed.
type frame struct {
	data   []byte
	heads  []int // the places of what is replaced
	places []int
}

// The id of the conversation in the templates. Both ends of it are replaced:
// the first in the id of the conversation, which is like a random one then,
// the second also in those of its objects.
const (
	head       = "0f1e2d3c"
	digits     = "0f1e2d3c4b5a"
	templateID = head + "-0000-4000-8000-" + digits
)

func newTraffic(conversations int) *traffic {
	t := &traffic{slots: make([]slot, conversations)}
	for v := range t.frames {
		data := genesystest.Notification(templateID, participants, v)
		t.frames[v] = frame{data, placesOf(data, head+"-0"), placesOf(data, digits)}
	}
	for i := range t.slots {
		t.slots[i] = slot{id: t.newID(), next: i % versions} // not all begin at once
	}
	return t
}

func placesOf(data []byte, text string) (places []int) {
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte(text))
		if i < 0 {
			return places
		}
		places = append(places, at+i)
		at += i + len(text)
	}
}

func (t *traffic) newID() [12]byte { return spread(t.begun.Add(1)) }

// spread returns digits that lie as far apart as those of random ids do. No two
// numbers below 2^48 get the same: the factor is odd.
func spread(n uint64) (id [12]byte) {
	n = n * 0x9e3779b97f4b & (1<<48 - 1)
	var b [6]byte
	for i := range b {
		b[i] = byte(n >> (40 - 8*i))
	}
	hex.Encode(id[:], b[:])
	return id
}

// notification returns the next one of the conversation in the slot, which is
// valid until the one after it is asked for: nobody is charged for the memory of
// what is only there to be measured with. Only one goroutine may ask for those
// of a slot.
func (t *traffic) notification(i int) []byte {
	s := &t.slots[i]
	if s.next == versions {
		s.next = 0
		if !t.endless {
			s.id, s.heard = t.newID(), false
		}
	}
	if !s.heard {
		s.heard = true
		t.heard.Add(1)
	}
	f := t.frames[s.next]
	s.next++
	s.data = append(s.data[:0], f.data...)
	for _, at := range f.heads {
		copy(s.data[at:], s.id[:len(head)])
	}
	for _, at := range f.places {
		copy(s.data[at:], s.id[:])
	}
	return s.data
}

// produce lets producers work on the notifications for a while: each has
// slots of its own, in turn, so that those of a conversation stay in order.
// Those that do nothing about a notification return false.
func (t *traffic) produce(ctx context.Context, producers int, d time.Duration, do func(slot int) (bool, error)) (n int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	var done atomic.Int64
	began := time.Now()
	for p := range producers {
		all.Go(func() {
			for i := p; time.Since(began) < d && ctx.Err() == nil; i += producers {
				did, err := do(i % len(t.slots))
				if err != nil {
					cancel(err)
					return
				}
				if did {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	return done.Load(), context.Cause(ctx)
}
