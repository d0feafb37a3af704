package record

import (
	"container/list"
	"maps"
	"slices"
	"sync"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Cache holds the records used last. Most of them rest, and are packed: what
// has no pointers takes a fifth of the memory and costs the garbage collector
// nothing. How many stay open follows from the use: whenever a packed one is
// asked for it is some more, with each conversation that comes it is one less.
type Cache struct {
	mu       sync.Mutex
	mostOpen int // records as they are
	most     int // with those that are packed
	byID     map[string]*list.Element
	open     list.List // of *Record, the one used last at the front
	packed   list.List // of *packedRecord, the one packed last at the front
	usage    Usage
}

// Usage is how a cache is used.
type Usage struct {
	Open, Packed int   // records that are in it
	Hits, Misses int64 // since the start
}

// Usage returns how the cache is used.
func (c *Cache) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := c.usage
	is.Open, is.Packed = c.open.Len(), c.packed.Len()
	return is
}

const (
	openShare = 16 // which part of a cache is open at least
	openMore  = 8  // by how much more is open when one was packed too early
)

// NewCache returns a cache for that many records.
func NewCache(most int) *Cache {
	return &Cache{most: most, mostOpen: leastOpen(most), byID: map[string]*list.Element{}}
}

func leastOpen(most int) int { return (most + openShare - 1) / openShare }

// Len returns how many records there are.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.byID)
}

// Get returns the record, open. Only who works on the conversation may call it.
func (c *Cache) Get(id string) *Record {
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
func (c *Cache) find(id string) (*Record, packedRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		c.usage.Misses++
		return nil, packedRecord{}
	}
	c.usage.Hits++
	if r, ok := e.Value.(*Record); ok {
		c.open.MoveToFront(e)
		return r, packedRecord{}
	}
	c.remove(e)
	return nil, *e.Value.(*packedRecord)
}

// AsOf returns the conversation if it is open here and at least as new as the
// event with the sequence number; else nil.
func (c *Cache) AsOf(id string, seq int64) *conversation.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[id]; e != nil {
		if r, ok := e.Value.(*Record); ok {
			if s := r.latest.Load(); s.lastSeq >= seq {
				return s.conversation
			}
		}
	}
	return nil
}

// Put puts a record that was loaded or changed.
func (c *Cache) Put(r *Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[r.ID]
	switch {
	case e == nil:
		c.mostOpen = max(c.mostOpen-1, leastOpen(c.most))
	case e.Value == r: // mostly
		c.open.MoveToFront(e)
		return
	default:
		c.remove(e)
	}
	c.byID[r.ID] = c.open.PushFront(r)
}

// putBack puts a record that was unpacked.
func (c *Cache) putBack(r *Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mostOpen = min(c.mostOpen+openMore, c.most)
	c.byID[r.ID] = c.open.PushFront(r)
}

// Drop takes a record out, which is then loaded anew.
func (c *Cache) Drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[id]; e != nil {
		c.remove(e)
	}
}

// IDs returns the ids of all records.
func (c *Cache) IDs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.byID))
}

// remove removes a record. The caller holds the lock.
func (c *Cache) remove(e *list.Element) {
	switch r := e.Value.(type) {
	case *Record:
		c.open.Remove(e)
		delete(c.byID, r.ID)
	case *packedRecord:
		c.packed.Remove(e)
		delete(c.byID, r.ID)
	}
}

// mostInUse is how many records that are worked on are passed over: others that
// rest are packed the next time.
const mostInUse = 8

// Pack packs the open records that are too many, and that nobody works on:
// resting calls its function unless somebody does, and reports whether it did.
func (c *Cache) Pack(resting func(id string, do func()) bool) {
	var b []byte
	for inUse := 0; inUse < mostInUse; {
		id, found := c.excess()
		if !found {
			return
		}
		var r *Record
		var place *packedRecord
		switch rests := resting(id, func() { r, place = c.take(id) }); {
		case !rests:
			inUse++
		case place != nil:
			var p packedRecord
			p, b = r.pack(b)
			c.fill(place, p)
		}
	}
}

// excess returns the open record that was not used for longest, when there are
// too many. It is not the next one: it is packed, or in use.
func (c *Cache) excess() (id string, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.Len() <= c.mostOpen {
		return "", false
	}
	last := c.open.Back()
	c.open.MoveToFront(last)
	return last.Value.(*Record).ID, true
}

// take takes an open record away, which nobody may work on, and leaves its
// place for it to be packed; nil when there is none.
func (c *Cache) take(id string) (*Record, *packedRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil, nil
	}
	r, ok := e.Value.(*Record)
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

// fill puts the packed record into its place. A reader that asks for it before that finds
// none.
func (c *Cache) fill(place *packedRecord, with packedRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*place = with
}
