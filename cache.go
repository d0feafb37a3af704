package convtrack

import (
	"bytes"
	"container/list"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// cache holds the records used last. Most of them rest, and are packed: what
// has no pointers takes a fifth of the memory and costs the garbage collector
// nothing. How many stay open follows from the use: whenever a packed one is
// asked for it is some more, with each conversation that comes it is one less.
type cache struct {
	mu       sync.Mutex
	mostOpen int // records as they are
	most     int // with those that are packed
	byID     map[string]*list.Element
	open     list.List // of *record, the one used last at the front
	packed   list.List // of *packedRecord, the one packed last at the front
}

const (
	openShare = 16 // which part of a cache is open at least
	openMore  = 8  // by how much more is open when one was packed too early
)

func newCache(most int) *cache {
	return &cache{most: most, mostOpen: leastOpen(most), byID: map[string]*list.Element{}}
}

func leastOpen(most int) int { return (most + openShare - 1) / openShare }

// get returns the record, open. Only who works on the conversation may call it.
func (c *cache) get(id string) *record {
	r, packed := c.find(id)
	if r == nil && packed.data != nil {
		var err error
		if r, err = packed.unpack(); err != nil {
			return nil // it is in the store
		}
		c.putBack(r)
	}
	return r
}

// find returns the open record, or the packed one, which it takes out.
func (c *cache) find(id string) (*record, packedRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil, packedRecord{}
	}
	if r, ok := e.Value.(*record); ok {
		c.open.MoveToFront(e)
		return r, packedRecord{}
	}
	c.remove(e)
	return nil, *e.Value.(*packedRecord)
}

// asOf returns the conversation if it is open here and at least as new as the
// event with the sequence number; else nil.
func (c *cache) asOf(id string, seq int64) *conversation.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[id]; e != nil {
		if r, ok := e.Value.(*record); ok {
			if s := r.latest.Load(); s.lastSeq >= seq {
				return s.conversation
			}
		}
	}
	return nil
}

func (c *cache) put(r *record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[r.ID]; e != nil {
		c.remove(e)
	} else {
		c.mostOpen = max(c.mostOpen-1, leastOpen(c.most))
	}
	c.byID[r.ID] = c.open.PushFront(r)
}

// putBack puts a record that was unpacked.
func (c *cache) putBack(r *record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mostOpen = min(c.mostOpen+openMore, c.most)
	c.byID[r.ID] = c.open.PushFront(r)
}

func (c *cache) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[id]; e != nil {
		c.remove(e)
	}
}

// remove removes a record. The caller holds the lock.
func (c *cache) remove(e *list.Element) {
	switch r := e.Value.(type) {
	case *record:
		c.open.Remove(e)
		delete(c.byID, r.ID)
	case *packedRecord:
		c.packed.Remove(e)
		delete(c.byID, r.ID)
	}
}

// excess returns the open record that was not used for longest, when there are
// too many.
func (c *cache) excess() (id string, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.Len() <= c.mostOpen {
		return "", false
	}
	return c.open.Back().Value.(*record).ID, true
}

// touch says that the record is in use.
func (c *cache) touch(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[id]; e != nil {
		if _, ok := e.Value.(*record); ok {
			c.open.MoveToFront(e)
		}
	}
}

// take takes an open record away, which nobody may work on, and leaves its
// place for it to be packed; nil when there is none.
func (c *cache) take(id string) (*record, *packedRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil, nil
	}
	r, ok := e.Value.(*record)
	if !ok {
		return nil, nil
	}
	c.remove(e)
	place := &packedRecord{Record: store.Record{ID: id}}
	c.byID[id] = c.packed.PushFront(place)
	for c.packed.Len() > c.most-c.mostOpen {
		c.remove(c.packed.Back())
	}
	if c.byID[id] == nil {
		return nil, nil // there is no place for packed ones
	}
	return r, place
}

// fill puts the packed record into its place. Who asks for it before that finds
// none.
func (c *cache) fill(place *packedRecord, with packedRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*place = with
}

// mostInUse is how many records that are worked on are passed over: others that
// rest are packed the next time.
const mostInUse = 8

// packExcess packs the open records that are too many, and that nobody works on.
func (t *Tracker) packExcess() {
	var b []byte
	for inUse := 0; inUse < mostInUse; {
		id, found := t.cache.excess()
		if !found {
			return
		}
		var r *record
		var place *packedRecord
		rests := false
		t.lanes.resting(id, func() {
			rests = true
			r, place = t.cache.take(id)
		})
		switch {
		case !rests:
			inUse++
			t.cache.touch(id)
		case place != nil:
			var p packedRecord
			p, b = r.pack(b)
			t.cache.fill(place, p)
		}
	}
}

// packedRecord is a record almost without pointers.
type packedRecord struct {
	store.Record        // but what is in data
	data         []byte // the announced events, then the conversation if there is one
}

// pack returns the record packed, and the memory that it was packed in.
func (r *record) pack(b []byte) (packedRecord, []byte) {
	p := packedRecord{Record: r.Record}
	p.Conversation, p.Backlog = nil, slices.Collect(maps.Keys(r.backlog))
	b = binary.AppendUvarint(b[:0], uint64(len(r.announced)))
	for id := range r.announced {
		b = append(binary.AppendUvarint(b, uint64(len(id))), id...)
	}
	if r.Conversation != nil {
		b = conversation.Pack(b, r.Conversation)
	}
	p.data = bytes.Clone(b)
	return p, b
}

var errPacked = errors.New("the packed record is damaged")

func (p packedRecord) unpack() (*record, error) {
	r, rest := p.Record, p.data
	number := func() int {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > uint64(len(rest)) {
			return -1
		}
		rest = rest[size:]
		return int(n)
	}
	for left := number(); left != 0; left-- {
		n := number()
		if left < 0 || n < 0 || n > len(rest) {
			return nil, errPacked
		}
		r.Announced = append(r.Announced, string(rest[:n]))
		rest = rest[n:]
	}
	if len(rest) > 0 {
		c, err := conversation.Unpack(rest)
		if err != nil {
			return nil, err
		}
		r.Conversation = c
	}
	return newRecord(r), nil
}
