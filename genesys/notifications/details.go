package notifications

import (
	"container/list"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Times of detail topics.
const (
	// followFor is how long a conversation has its detail topics, at most, and
	// followEnded for how long after it has ended.
	followFor   = 48 * time.Hour
	followEnded = 10 * time.Minute
	// followEvery is how often ended conversations are dropped, and open ones of
	// other sources are followed.
	followEvery = time.Minute
)

// detailTopics are the topics for single conversations: see
// Config.DetailEvents. It is safe for concurrent use.
type detailTopics struct {
	events   []string // none: nothing is followed
	assigned *assignment
	peers    *peers
	log      *slog.Logger

	mu     sync.Mutex
	order  *list.List // of *followed, the latest first
	byID   map[string]*list.Element
	singly bool // topics are not combined
}

type followed struct {
	id    string
	until time.Time
}

func newDetailTopics(events []string, a *assignment, p *peers, log *slog.Logger) *detailTopics {
	return &detailTopics{events: events, assigned: a, peers: p, log: log, order: list.New(), byID: map[string]*list.Element{}}
}

// follow subscribes the detail topics of a conversation that was heard of, and
// notes when it has ended.
func (d *detailTopics) follow(c *conversation.Conversation) {
	if len(d.events) == 0 {
		return
	}
	over := conversation.Merge(nil, c).Status == conversation.StatusEnded
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.byID[c.ID]
	switch {
	case f != nil && over:
		f.Value.(*followed).until = time.Now().Add(followEnded)
	case f == nil && !over:
		d.add(c.ID, time.Now().Add(followFor))
	}
}

// add makes room where it must. The caller holds the lock.
func (d *detailTopics) add(id string, until time.Time) {
	defer d.assigned.begin()
	d.byID[id] = d.order.PushFront(&followed{id, until})
	for _, name := range d.names(id) {
		for !d.assigned.addDetail(name) {
			if oldest := d.order.Back(); oldest.Value.(*followed).id == id {
				d.drop(id) // there is no room for it at all
				return
			}
			d.dropOldestLocked()
		}
	}
}

// dropOldest gives up the detail topics of the conversation that has had them
// for longest. It reports whether there was one.
func (d *detailTopics) dropOldest() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dropOldestLocked()
}

func (d *detailTopics) dropOldestLocked() bool {
	oldest := d.order.Back()
	if oldest == nil {
		return false
	}
	d.drop(oldest.Value.(*followed).id)
	return true
}

// drop gives up the detail topics of a conversation. The caller holds the lock.
func (d *detailTopics) drop(id string) {
	d.order.Remove(d.byID[id])
	delete(d.byID, id)
	for _, name := range d.names(id) {
		d.assigned.remove(name)
	}
}

// names returns the detail topics of a conversation: combined, as that counts
// as one, unless the platform turned out to deliver them under the combined
// name, which does not say what a message means (protocol 2.3).
func (d *detailTopics) names(id string) []string {
	prefix := "v2.detail.events.conversation." + id
	if !d.singly {
		return combined(prefix, d.events)
	}
	names := make([]string, len(d.events))
	for i, event := range d.events {
		names[i] = prefix + "." + event
	}
	return names
}

// combined joins topics that differ in their end into as few names as their length
// allows.
func combined(prefix string, ends []string) []string {
	var names []string
	for _, end := range ends {
		last := len(names) - 1
		if last >= 0 && len(names[last])+1+len(end) <= mostName {
			names[last] += "&" + end
		} else {
			names = append(names, prefix+"?"+end)
		}
	}
	return names
}

// singles returns the topics that a combined name joins; one that is not combined is its
// own. The platform refuses them one by one.
func singles(name string) []string {
	prefix, ends, joined := strings.Cut(name, "?")
	if !joined {
		return []string{name}
	}
	names := strings.Split(ends, "&")
	for i, end := range names {
		names[i] = prefix + "." + end
	}
	return names
}

// subscribeSingly replaces combined topics by single ones, for good.
func (d *detailTopics) subscribeSingly() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.singly {
		return
	}
	d.log.Warn("the platform delivers combined detail topics under the combined name; they are subscribed one by one from now on")
	var all []*followed
	for e := d.order.Back(); e != nil; e = d.order.Back() {
		all = append(all, e.Value.(*followed))
		d.drop(all[len(all)-1].id)
	}
	d.singly = true
	for _, f := range all {
		d.add(f.id, f.until)
	}
}

// run drops conversations that have ended, and follows those that other sources
// found, until ctx ends.
func (d *detailTopics) run(ctx context.Context) {
	for len(d.events) > 0 {
		d.dropEnded(time.Now())
		d.followOpen(ctx)
		if !pause.Sleep(ctx, followEvery) {
			return
		}
	}
}

func (d *detailTopics) dropEnded(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for e := d.order.Front(); e != nil; {
		f, next := e.Value.(*followed), e.Next()
		if f.until.Before(now) {
			d.drop(f.id)
		}
		e = next
	}
}

// followOpen follows the open conversations that there is room for.
func (d *detailTopics) followOpen(ctx context.Context) {
	if d.peers.tracked == nil {
		return
	}
	for c, err := range d.peers.tracked.Open(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				d.log.Warn("the open conversations cannot be listed", "error", err)
			}
			return
		}
		if d.peers.mine(c.ID) && !d.followIfRoom(c.ID) {
			return
		}
	}
}

// followIfRoom follows a conversation if there is room for it, and reports whether
// there may be room for more.
func (d *detailTopics) followIfRoom(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byID[id] != nil {
		return true
	}
	if d.assigned.room() < len(d.names(id)) {
		return false
	}
	d.add(id, time.Now().Add(followFor))
	return true
}
