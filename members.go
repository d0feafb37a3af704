package convtrack

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// members knows which trackers share the store, and so which of them is to
// look after what. Each one says now and then that it is alive; who has not
// done so for a lease is gone. Being wrong about it costs work done twice, or
// by nobody for a while, never a fact: versions and leases in the store decide.
type members struct {
	name    string
	sources []string // that this one runs; set before the first sign of life
	store   store.Store
	lease   time.Duration

	mu    sync.Mutex
	live  map[string][]string // the sources of each, this one among them
	seen  map[string]sign
	beats int64
	moved chan struct{} // closed when live changes
}

// sign is the last sign of life of a member that was new to us, and when.
type sign struct {
	beats int64
	at    time.Time
}

// roll is what the members keep in the store.
type roll struct {
	Members map[string]entry `json:"members"`
}

type entry struct {
	Beats   int64     `json:"beats"`
	At      time.Time `json:"at"` // by the member's own clock
	Sources []string  `json:"sources,omitempty"`
}

// membersValue is the name of the roll in the store.
const membersValue = "convtrack/members"

func newMembers(name string, s store.Store, lease time.Duration) *members {
	return &members{name: name, store: s, lease: lease, live: map[string][]string{name: nil}, seen: map[string]sign{}, moved: make(chan struct{})}
}

// owns reports whether this process is to look after the key: of all that are
// alive and run the source the one whose name, with the key, has the greatest
// hash. When a process comes or goes only its share moves. The empty source is
// what all run.
func (m *members) owns(source, key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	best, most := m.name, uint64(0)
	for name, sources := range m.live {
		if source != "" && name != m.name && !slices.Contains(sources, source) {
			continue
		}
		if w := weight(name, key); w > most || w == most && name > best {
			best, most = name, w
		}
	}
	return best == m.name
}

func weight(member, key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(member))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(key))
	x := h.Sum64() // FNV alone orders similar keys alike
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

func (m *members) alive(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, alive := m.live[name]
	return alive
}

func (m *members) change() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moved
}

// beat says that this process is alive, and looks who else is.
func (m *members) beat(ctx context.Context) error {
	return m.update(ctx, func(r *roll, now time.Time) {
		m.beats++
		r.Members[m.name] = entry{m.beats, now, m.sources}
	})
}

// leave says that this process is going.
func (m *members) leave(ctx context.Context) error {
	return m.update(ctx, func(r *roll, _ time.Time) { delete(r.Members, m.name) })
}

func (m *members) update(ctx context.Context, do func(*roll, time.Time)) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	for {
		value, version, err := m.store.Value(ctx, membersValue)
		if err != nil {
			return err
		}
		r := roll{}
		if len(value) > 0 {
			if err := json.Unmarshal(value, &r); err != nil {
				r = roll{} // it is written anew, and who is alive adds itself
			}
		}
		if r.Members == nil {
			r.Members = map[string]entry{}
		}
		now := time.Now()
		m.bury(&r, now)
		do(&r, now)
		if value, err = json.Marshal(r); err != nil {
			return err
		}
		_, err = m.store.SetValue(ctx, membersValue, value, version)
		switch {
		case err == nil:
			m.set(&r)
			return nil
		case !errors.Is(err, store.ErrConflict):
			return err
		}
	}
}

// bury strikes out the members that have shown no sign of life for a lease, by
// the clock of this process. Of one that it sees for the first time only the
// member's own clock tells, so it is given a second lease.
func (m *members) bury(r *roll, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, is := range r.Members {
		if name == m.name {
			continue
		}
		was, known := m.seen[name]
		switch {
		case !known && now.Sub(is.At) > 2*m.lease, known && was.beats == is.Beats && now.Sub(was.at) >= m.lease:
			delete(r.Members, name)
		case !known || was.beats != is.Beats:
			m.seen[name] = sign{is.Beats, now}
		}
	}
	maps.DeleteFunc(m.seen, func(name string, _ sign) bool { _, is := r.Members[name]; return !is })
}

func (m *members) set(r *roll) {
	m.mu.Lock()
	defer m.mu.Unlock()
	live := map[string][]string{m.name: m.sources}
	for name, is := range r.Members {
		live[name] = is.Sources
	}
	if maps.EqualFunc(live, m.live, slices.Equal) {
		return
	}
	m.live = live
	close(m.moved)
	m.moved = make(chan struct{})
}

// memberLoop beats until ctx ends.
func (t *Tracker) memberLoop(ctx context.Context) {
	ticker := time.NewTicker(t.config.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := t.members.beat(ctx); err != nil && ctx.Err() == nil {
			t.log.Warn("the store does not take a sign of life; other processes may take over", "error", err)
		}
	}
}

// What is heard of a conversation that another process looks after waits a
// little: when that one heard it too, nothing is left to do. How long depends
// on how long a commit takes at present.
const (
	leastYield = 25 * time.Millisecond
	mostYield  = 500 * time.Millisecond
)

// yield waits for the process that looks after a conversation.
func (t *Tracker) yield(ctx context.Context, mine bool) {
	if mine {
		return
	}
	t.pauseFor(ctx, min(leastYield+4*time.Duration(t.commitTime.Load()), mostYield))
}

// took notes how long a commit took, as a moving average.
func (t *Tracker) took(d time.Duration) {
	was := t.commitTime.Load()
	t.commitTime.Store(was + (int64(d)-was)/8)
}
