package memstore

import (
	"cmp"
	"container/heap"
	"time"
)

// timers is when the first conclusion of each conversation is due, the soonest
// first: a look costs as much as it returns, however many wait.
type timers struct {
	queue dueQueue
	of    map[string]*timer
}

type timer struct {
	id    string
	due   time.Time
	place int // in the queue
}

func newTimers() timers { return timers{of: map[string]*timer{}} }

// set has the conversation wait until then.
func (t *timers) set(id string, due time.Time) {
	if w := t.of[id]; w != nil {
		w.due = due
		heap.Fix(&t.queue, w.place)
		return
	}
	w := &timer{id: id, due: due}
	t.of[id] = w
	heap.Push(&t.queue, w)
}

// drop has the conversation wait no longer.
func (t *timers) drop(id string) {
	if w := t.of[id]; w != nil {
		heap.Remove(&t.queue, w.place)
		delete(t.of, id)
	}
}

// first returns up to limit conversations that are due at the time, the soonest
// first, and when the next one is.
func (t *timers) first(at time.Time, limit int) (ids []string, next time.Time) {
	var seen []*timer
	for len(t.queue) > 0 && next.IsZero() {
		w := t.queue[0]
		if len(ids) >= limit || w.due.After(at) {
			next = w.due
			break
		}
		ids, seen = append(ids, w.id), append(seen, heap.Pop(&t.queue).(*timer))
	}
	for _, w := range seen {
		heap.Push(&t.queue, w)
	}
	return ids, next
}

// dueQueue is a heap of what waits.
type dueQueue []*timer

func (q dueQueue) Len() int { return len(q) }
func (q dueQueue) Less(i, j int) bool {
	return cmp.Or(q[i].due.Compare(q[j].due), cmp.Compare(q[i].id, q[j].id)) < 0
}
func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}
func (q *dueQueue) Push(x any) {
	w := x.(*timer)
	w.place = len(*q)
	*q = append(*q, w)
}
func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return w
}
