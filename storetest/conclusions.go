package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// endOfTime lies after everything that can be due.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func conclusions(rule define) {
	// waiting creates a conversation with conclusions that are due at these
	// seconds.
	waiting := func(id string, seconds ...int) *store.Change {
		c := created(id)
		for _, s := range seconds {
			c.Pending = append(c.Pending, store.Pending{EventID: fmt.Sprintf("%s-%d", id, s), Due: at(s)})
		}
		return c
	}
	// settled demands what has settled at a time, and when the next one will.
	settled := func(t *trial, when time.Time, limit int, next time.Time, want ...string) {
		t.Helper()
		ids, after := t.due(when, limit)
		t.same("what has settled", ids, want)
		t.same("the next one", after, next)
	}

	rule("nothing is due where nothing waits", func(t *trial) {
		t.write(created("c"))
		settled(t, endOfTime, 10, time.Time{})
	})

	rule("conclusions come back with the record and are replaced by the next change", func(t *trial) {
		byDue := func(a, b store.Pending) int { return a.Due.Compare(b.Due) }
		c := waiting("c", 20, 10)
		t.write(c)
		r := t.load("c")
		slices.SortFunc(r.Pending, byDue)
		t.same("what waits", r.Pending, []store.Pending{{EventID: "c-10", Due: at(10)}, {EventID: "c-20", Due: at(20)}})
		second := next(r)
		second.Pending = []store.Pending{{EventID: "c-20", Due: at(20)}, {EventID: "c-30", Due: at(30)}}
		t.write(second)
		r = t.load("c")
		slices.SortFunc(r.Pending, byDue)
		t.same("what waits then", r.Pending, second.Pending)
		third := next(r)
		third.Pending = nil
		t.write(third)
		t.same("what waits at last", t.load("c").Pending, []store.Pending(nil))
		settled(t, endOfTime, 10, time.Time{})
	})

	rule("what is due at the time or before has settled, and what is due later has not", func(t *trial) {
		t.write(waiting("a", 10), waiting("b", 20))
		settled(t, at(10).Add(-time.Microsecond), 10, at(10))
		settled(t, at(10), 10, at(20), "a")
		settled(t, at(20).Add(-time.Microsecond), 10, at(20), "a")
		settled(t, at(20), 10, time.Time{}, "a", "b")
	})

	rule("the earliest comes first", func(t *trial) {
		t.write(waiting("a", 30), waiting("b", 10), waiting("c", 40), waiting("d", 20))
		settled(t, at(35), 10, at(40), "b", "d", "a")
	})

	rule("the limit cuts off the latest, and the next one is the first that was cut off", func(t *trial) {
		t.write(waiting("a", 30), waiting("b", 10), waiting("c", 40), waiting("d", 20))
		settled(t, at(100), 2, at(30), "b", "d")
		settled(t, at(100), 4, time.Time{}, "b", "d", "a", "c")
	})

	rule("a conversation is named once, by the first of its conclusions", func(t *trial) {
		t.write(waiting("a", 30, 10, 20), waiting("b", 15))
		settled(t, at(40), 10, time.Time{}, "a", "b")
		settled(t, at(5), 10, at(10))
	})

	rule("a conclusion may be due at the end of time", func(t *trial) {
		c := created("c")
		c.Pending = []store.Pending{{EventID: "e", Due: endOfTime}}
		t.write(c)
		settled(t, endOfTime.AddDate(-1, 0, 0), 10, endOfTime)
		settled(t, endOfTime, 10, time.Time{}, "c")
	})

	rule("a change that is not written leaves what waits as it is", func(t *trial) {
		t.write(waiting("c", 10))
		old := t.load("c")
		old.Version++
		c := next(old)
		c.Pending = []store.Pending{{EventID: "other", Due: at(5)}}
		t.is("the result", t.refuse(c), store.ErrConflict)
		settled(t, at(7), 10, at(10))
	})
}
