package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Bench measures what a tracker does most on the stores that the harness
// opens: commits, loads, and deliveries on their way through the outbox.
func Bench(b *testing.B, h Harness) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("Create%d", size), func(b *testing.B) { benchCreate(b, h, size) })
		b.Run(fmt.Sprintf("Update%d", size), func(b *testing.B) { benchUpdate(b, h, size) })
	}
	b.Run("Load100", func(b *testing.B) { benchLoad(b, h) })
	b.Run("ClaimAndSettle100", func(b *testing.B) { benchDeliver(b, h) })
	for _, waiting := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("DueOf%d", waiting), func(b *testing.B) { benchDue(b, h, waiting) })
	}
	b.Run("List100", func(b *testing.B) { benchList(b, h) })
}

// numbered creates the conversations from first on, each with an event that
// waits for a hook.
func numbered(first, n int, claimed bool) []*store.Change {
	changes := make([]*store.Change, n)
	for i := range changes {
		id := fmt.Sprintf("c-%08d", first+i)
		changes[i] = created(id, eventFor(id, 1, claimed, "hook"))
	}
	return changes
}

func perSecond(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "conversations/s")
}

func benchCommit(b *testing.B, t *trial, changes []*store.Change) []store.Result {
	b.Helper()
	done, err := t.store.Commit(b.Context(), store.Batch{Owner: "bench", Lease: time.Minute, Changes: changes})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range done.Results {
		if r.Err != nil {
			b.Fatal(r.Err)
		}
	}
	return done.Results
}

// benchCreate commits new conversations, so many in a batch, whose deliveries
// the committer keeps, as a tracker does that is not behind.
func benchCreate(b *testing.B, h Harness, size int) {
	t := newTrial(b, h)
	b.ReportAllocs()
	made := 0
	for b.Loop() {
		b.StopTimer()
		changes := numbered(made, size, true)
		made += size
		b.StartTimer()
		benchCommit(b, t, changes)
	}
	perSecond(b, size)
}

// benchUpdate changes one field of conversations that the caller still has in
// memory, to and fro.
func benchUpdate(b *testing.B, h Harness, size int) {
	t := newTrial(b, h)
	changes := numbered(0, size, true)
	results := benchCommit(b, t, changes)
	other := make([]*conversation.Conversation, size)
	for i, c := range changes {
		other[i] = conversation.Merge(c.To, partialBy(conversation.SourceREST, at(200), c.ID, tagged("vip")))
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, c := range changes {
			changes[i] = &store.Change{ID: c.ID, Version: results[i].Version, From: c.To, To: other[i]}
			other[i] = c.To
		}
		results = benchCommit(b, t, changes)
	}
	perSecond(b, size)
}

// benchLoad loads a hundred of ten thousand conversations, in no order, from
// a store that has just been opened where that can be.
func benchLoad(b *testing.B, h Harness) {
	t := newTrial(b, h)
	const stored = 10_000
	for first := 0; first < stored; first += 500 {
		benchCommit(b, t, numbered(first, 500, true))
	}
	if h.Reopen != nil {
		t.reopen()
	}
	random := rand.New(rand.NewPCG(1, 2))
	ids := make([]string, 100)
	b.ReportAllocs()
	for b.Loop() {
		for i := range ids {
			ids[i] = fmt.Sprintf("c-%08d", random.IntN(stored))
		}
		if _, err := t.store.Load(b.Context(), ids...); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, len(ids))
}

// benchDeliver claims a hundred deliveries and says that they are done.
func benchDeliver(b *testing.B, h Harness) {
	t := newTrial(b, h)
	b.ReportAllocs()
	made := 0
	for b.Loop() {
		b.StopTimer()
		benchCommit(b, t, numbered(made, 100, false))
		made += 100
		b.StartTimer()
		due, _, err := t.store.Claim(b.Context(), store.Claim{Owner: "bench", Lease: time.Minute, Hooks: []string{"hook"}, Limit: 100})
		if err != nil || len(due) != 100 {
			b.Fatalf("%d deliveries were given, with the error %v", len(due), err)
		}
		outcomes := make([]store.Outcome, len(due))
		for i, d := range due {
			outcomes[i] = did("bench", d, store.Done)
		}
		if _, err := t.store.Commit(b.Context(), store.Batch{Owner: "bench", Outcomes: outcomes}); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, 100)
}

// benchList lists a page of the conversations of one agent, the newest first.
func benchList(b *testing.B, h Harness) {
	t := newTrial(b, h)
	for first := 0; first < 5000; first += 500 {
		benchCommit(b, t, numbered(first, 500, true))
	}
	b.ReportAllocs()
	for b.Loop() {
		page, err := t.store.List(b.Context(), store.Query{EverUserID: "agent-1", Order: store.NewestFirst})
		if err != nil || len(page.Conversations) != 100 {
			b.Fatalf("the page has %d conversations, with the error %v", len(page.Conversations), err)
		}
	}
	perSecond(b, 100)
}

// benchDue looks for what is due, of which there is nothing, while so many
// conclusions lie ahead.
func benchDue(b *testing.B, h Harness, waiting int) {
	t := newTrial(b, h)
	for first := 0; first < waiting; first += 500 {
		changes := numbered(first, 500, true)
		for i, c := range changes {
			c.Events = nil
			c.Pending = []store.Pending{{EventID: "later", Due: at(1_000_000 + first + i)}}
		}
		benchCommit(b, t, changes)
	}
	b.ReportAllocs()
	for b.Loop() {
		ids, next, err := t.store.Due(b.Context(), at(0), 500)
		if err != nil {
			b.Fatal(err)
		}
		if len(ids) != 0 || next.IsZero() {
			b.Fatalf("%d conclusions are due, the next at %v", len(ids), next)
		}
	}
}
