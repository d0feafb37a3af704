// Package membership knows which processes share the store, and so which of
// them owns a conversation, that is, looks after it. Each one says now and then that it is alive; one
// that has not done so for a lease is gone. Being wrong about it costs work done
// twice, or by nobody for a while, never a fact: versions and leases in the
// store decide.
package membership

import (
	"cmp"
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

// listName is the name of the list of members in the store.
const listName = "convtrack/members"

// Task begins the names of what processes share like a source and is none.
const Task = "convtrack/"

// Values are named values that the processes share.
type Values interface {
	Value(ctx context.Context, name string) ([]byte, int64, error)
	SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error)
}

// Membership is that of one process. It is safe for concurrent use.
type Membership struct {
	name    string
	values  Values
	lease   time.Duration
	holding func() Holding

	mu      sync.Mutex
	sources []string              // that this process runs
	leaving bool                  // this process
	live    map[string]liveMember // of each member, this one among them
	names   []string              // of those, in order
	seen    map[string]sign
	beats   int64
	struck  int           // how often the others took this process for dead
	sure    time.Time     // when the last sign of life that the store took was begun
	changed chan struct{} // closed when live changes, or struck
}

// liveMember is what a member looks after: of those sources, and nothing new when it is
// leaving.
type liveMember struct {
	hash    uint64 // of its name
	sources []string
	leaving bool
}

func newLiveMember(name string, sources []string, leaving bool) liveMember {
	return liveMember{hash(name), sources, leaving}
}

func (m liveMember) equal(n liveMember) bool {
	return m.leaving == n.leaving && slices.Equal(m.sources, n.sources)
}

// sign is the last sign of life of a member that was new to us, when that was, and
// for how long it counts.
type sign struct {
	beats int64
	at    time.Time
	lease time.Duration
}

// list is what the members keep in the store.
type list struct {
	Members map[string]member `json:"members"`
}

type member struct {
	Beats int64     `json:"beats"`
	At    time.Time `json:"at"` // by the member's own clock
	// Lease is how long it is alive after a sign of life; 0: an earlier version does
	// not say.
	Lease   time.Duration `json:"lease,omitzero"`
	Sources []string      `json:"sources,omitempty"`
	Leaving bool          `json:"leaving,omitempty"`
	Holding *Holding      `json:"holding,omitempty"` // nil: an earlier version does not say
}

// New returns the membership of the process of that name. With each sign of life it
// tells the others what it holds.
func New(name string, v Values, lease time.Duration, holding func() Holding) *Membership {
	return &Membership{name: name, values: v, lease: lease, holding: holding, live: map[string]liveMember{name: newLiveMember(name, nil, false)}, names: []string{name}, seen: map[string]sign{}, changed: make(chan struct{})}
}

// Join says that this process is alive and runs those sources.
func (m *Membership) Join(ctx context.Context, sources []string) error {
	m.mu.Lock()
	m.sources, m.leaving = slices.Sorted(slices.Values(sources)), false
	m.mu.Unlock()
	return m.Heartbeat(ctx)
}

// Drop says, to the others with the next sign of life, that this process does not run the
// source any more: they look after what it looked after for it.
func (m *Membership) Drop(source string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.sources, source); i >= 0 { // the slice itself may be being written
		m.sources = slices.Delete(slices.Clone(m.sources), i, i+1)
		m.live = maps.Clone(m.live)
		m.live[m.name] = newLiveMember(m.name, m.sources, m.leaving)
		m.tellChanged()
	}
}

// Retire says that this process is still alive, and going to leave once it has done
// what it has begun: the others look after everything, if there are any.
func (m *Membership) Retire(ctx context.Context) error {
	m.mu.Lock()
	m.leaving = true
	m.mu.Unlock()
	return m.Heartbeat(ctx)
}

// Owns reports whether this process is to look after the key: of all that are
// alive and run the source the one whose name, with the key, has the greatest
// hash. When a process comes or goes only its share moves. The empty source is
// what all run. One that is leaving looks after what none of the others could.
func (m *Membership) Owns(source, key string) bool { return m.Owner(source, key) == m.name }

// Owner returns the name of the process that is to look after the key.
func (m *Membership) Owner(source, key string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return cmp.Or(m.greatest(key, func(name string, is liveMember) bool {
		return source == "" || name == m.name || slices.Contains(is.sources, source)
	}), m.name)
}

// Runner is as Owner, of those alone that run the source; empty when none does.
func (m *Membership) Runner(source, key string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.greatest(key, func(_ string, is liveMember) bool { return slices.Contains(is.sources, source) })
}

// greatest returns the one that is to look after the key, of the members that count and
// are not leaving; empty when there is none. The caller holds the lock.
func (m *Membership) greatest(key string, counts func(name string, is liveMember) bool) string {
	best, most, keyHash := "", uint64(0), uint64(0)
	if len(m.live) > 1 { // of one alone the key makes no difference
		keyHash = hash(key)
	}
	for name, is := range m.live {
		if is.leaving || !counts(name, is) {
			continue
		}
		if w := mixed(is.hash ^ keyHash); w > most || w == most && name > best {
			best, most = name, w
		}
	}
	return best
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// mixed is the finalizer of MurmurHash3: FNV alone orders similar keys alike.
func mixed(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Names returns the names of all members, in order. They must not be changed.
func (m *Membership) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.names
}

// Alive reports whether a process of that name is a member.
func (m *Membership) Alive(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, alive := m.live[name]
	return alive
}

// Changed returns a channel that is closed when the members change, or this one was
// struck.
func (m *Membership) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// Heartbeat says that this process is alive, and looks who else is.
func (m *Membership) Heartbeat(ctx context.Context) error {
	holding := m.holding()
	return m.update(ctx, func(l *list, now time.Time) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if _, listed := l.Members[m.name]; m.beats > 0 && !listed {
			m.struck++
			m.tellChanged()
		}
		m.beats++
		l.Members[m.name] = member{Beats: m.beats, At: now, Lease: m.lease, Sources: m.sources, Leaving: m.leaving, Holding: &holding}
	})
}

// HeartbeatLoop does so until ctx ends. failed is told of heartbeats that the
// store did not take.
func (m *Membership) HeartbeatLoop(ctx context.Context, failed func(error)) {
	ticker := time.NewTicker(m.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := m.Heartbeat(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}

// Leave says that this process is going.
func (m *Membership) Leave(ctx context.Context) error {
	return m.update(ctx, func(l *list, _ time.Time) { delete(l.Members, m.name) })
}

func (m *Membership) update(ctx context.Context, do func(*list, time.Time)) error {
	for {
		value, version, err := m.values.Value(ctx, listName)
		if err != nil {
			return err
		}
		l := list{}
		if len(value) > 0 && json.Unmarshal(value, &l) != nil {
			l = list{} // it is written anew, and who is alive adds itself
		}
		if l.Members == nil {
			l.Members = map[string]member{}
		}
		now := time.Now()
		m.removeDead(&l, now)
		do(&l, now)
		if value, err = json.Marshal(l); err != nil {
			return err
		}
		_, err = m.values.SetValue(ctx, listName, value, version)
		switch {
		case err == nil:
			m.set(&l, now)
			return nil
		case !errors.Is(err, store.ErrConflict):
			return err
		}
	}
}

// removeDead strikes out the members that have shown no sign of life for a lease,
// theirs or that of this process, whichever is longer, by its clock. Of one that it
// sees for the first time only the member's own clock tells, so it is given a second
// lease; and when it then shows another sign of life after all, its clock is wrong,
// and it is alive.
func (m *Membership) removeDead(l *list, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, is := range l.Members {
		if name == m.name {
			continue
		}
		was, known := m.seen[name]
		lease := m.leaseOf(&is)
		if !known || was.beats != is.Beats {
			m.seen[name] = sign{is.Beats, now, lease}
		}
		if !known && now.Sub(is.At) > 2*lease || known && was.beats == is.Beats && now.Sub(was.at) >= lease {
			delete(l.Members, name)
		}
	}
	maps.DeleteFunc(m.seen, func(name string, was sign) bool { _, is := l.Members[name]; return !is && now.Sub(was.at) >= was.lease })
}

// leaseOf is how long a sign of life of the member counts here: it gives one each
// third of its own lease.
func (m *Membership) leaseOf(is *member) time.Duration { return max(m.lease, is.Lease) }

// set takes the list that the store took, of a sign of life that was begun at a time.
func (m *Membership) set(l *list, begun time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sure = begun
	live := map[string]liveMember{}
	for name, is := range l.Members {
		live[name] = newLiveMember(name, is.Sources, is.Leaving)
	}
	live[m.name] = newLiveMember(m.name, m.sources, m.leaving)
	if maps.EqualFunc(live, m.live, liveMember.equal) {
		return
	}
	m.live, m.names = live, slices.Sorted(maps.Keys(live)) // whoever has the old ones may still read them
	m.tellChanged()
}

// tellChanged closes the channel of those who wait. The caller holds the lock.
func (m *Membership) tellChanged() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Sure reports whether no other process can have taken this one for dead since its last
// sign of life.
func (m *Membership) Sure() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.sure) < m.lease
}

// Struck returns how often the others have taken this process for dead, and looked after
// everything in its place. It may not have noticed in any other way.
func (m *Membership) Struck() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.struck
}
