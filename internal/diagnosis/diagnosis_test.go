package diagnosis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// rig is a diagnosis whose surroundings a test sets.
type rig struct {
	*Diagnosis
	store *faked
	log   *bytes.Buffer

	mu      sync.Mutex
	members []membership.Member
	hooks   []string
	changed chan struct{}
}

// faked is a store of which some answers are set.
type faked struct {
	store.Store
	write  func(context.Context) error
	lags   func() (map[string]store.Lag, error)
	failed func(store.FailedQuery) (store.FailedPage, error)
	due    func() ([]string, error)
}

func (f *faked) SetValue(ctx context.Context, name string, data []byte, version int64) (int64, error) {
	if f.write != nil {
		if err := f.write(ctx); err != nil {
			return 0, err
		}
	}
	return f.Store.SetValue(ctx, name, data, version)
}

func (f *faked) Lag(context.Context, int) (map[string]store.Lag, error) { return f.lags() }

func (f *faked) Failed(_ context.Context, q store.FailedQuery) (store.FailedPage, error) {
	return f.failed(q)
}

func (f *faked) Due(context.Context, time.Time, int) ([]string, time.Time, error) {
	ids, err := f.due()
	return ids, time.Time{}, err
}

func (r *rig) CommitTime() time.Duration { return time.Millisecond }

func (r *rig) Guard(ctx context.Context, call func(context.Context) error) error { return call(ctx) }

func (r *rig) Refused(time.Time) access.Trouble { return "" }

func (r *rig) Pending() int { return 0 }

func (r *rig) Oldest() time.Time { return time.Time{} }

func (r *rig) Members(context.Context) ([]membership.Member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.members, nil
}

func (r *rig) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// join lets processes come, each with its After hooks; nil: it does not say which.
func (r *rig) join(members ...membership.Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, members...)
	close(r.changed)
	r.changed = make(chan struct{})
}

func newRig() *rig {
	r := &rig{log: &bytes.Buffer{}, changed: make(chan struct{}), store: &faked{
		Store:  memstore.New(),
		lags:   func() (map[string]store.Lag, error) { return nil, nil },
		failed: func(store.FailedQuery) (store.FailedPage, error) { return store.FailedPage{}, nil },
		due:    func() ([]string, error) { return nil, nil },
	}}
	hooks := func() []string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.hooks
	}
	r.Diagnosis = New(Config{
		Store: r.store, Access: r, Lanes: r, Sources: &heard.Sources{}, Members: r,
		Hooks: hooks, AllHooks: hooks, Unreached: func() []string { return nil },
		Holding:  func() membership.Holding { return membership.Holding{Hooks: hooks()} },
		Instance: "me", Lease: 15 * time.Second, Log: slog.New(slog.NewTextHandler(r.log, nil)),
	})
	return r
}

// member is another process with those After hooks.
func member(name string, hooks ...string) membership.Member {
	return membership.Member{Name: name, Holding: &membership.Holding{Hooks: hooks}}
}

// old is a process that does not say which hooks it has.
func old(name string) membership.Member { return membership.Member{Name: name} }

func (r *rig) owes(hook string) {
	r.store.lags = func() (map[string]store.Lag, error) { return map[string]store.Lag{hook: {Unfinished: 7}}, nil }
}

func TestAHookIsOrphanedWhenOfEachProcessItIsKnownThatItHasItNot(t *testing.T) {
	for name, is := range map[string]struct {
		mine     []string
		members  []membership.Member
		orphaned bool
	}{
		"nobody has it":                    {members: []membership.Member{member("me"), member("b", "other")}, orphaned: true},
		"this one has it":                  {mine: []string{"case-owner"}, members: []membership.Member{member("me"), member("b")}},
		"another one has it":               {members: []membership.Member{member("me"), member("b", "case-owner")}},
		"one does not say which it has":    {members: []membership.Member{member("me"), old("b")}},
		"it is not known who is there":     {},
		"this one says it from its memory": {mine: []string{"case-owner"}, members: []membership.Member{old("me")}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig()
			r.owes("case-owner")
			r.hooks, r.members = is.mine, is.members
			h := r.Look(t.Context())
			require.Equal(t, is.orphaned, h.Deliveries["case-owner"].Orphaned)
			require.Equal(t, is.orphaned, len(h.Problems) > 0, h.Problems)
		})
	}
}

// said is how often the log says that.
func (r *rig) said(what string) int { return strings.Count(r.log.String(), what) }

func TestTheLogNamesAnOrphanedHookOnceAnHourAndNotBesideAProcessThatMayHaveIt(t *testing.T) {
	const orphan = "no running process has registered"
	for name, is := range map[string]struct {
		other membership.Member
		said  int
	}{
		"nobody has it":                 {member("b"), 3},
		"another one has it":            {member("b", "case-owner"), 0},
		"one does not say which it has": {old("b"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig()
				r.owes("case-owner")
				r.join(member("me"), is.other)
				go r.WatchHooks(t.Context())
				synctest.Wait()
				for range 5 { // those who come and go have it looked at again
					time.Sleep(30 * time.Minute)
					r.join()
					synctest.Wait()
				}
				require.Equal(t, is.said, r.said(orphan), r.log)
			})
		})
	}
}

func TestThatThisProcessRegistersTheHookIsSeenWithinALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.owes("case-owner")
		r.join(member("me"))
		go r.WatchHooks(t.Context())
		synctest.Wait()
		require.Equal(t, 1, r.said("case-owner"))
		r.mu.Lock()
		r.hooks = []string{"case-owner"}
		r.mu.Unlock()
		time.Sleep(3 * time.Hour)
		require.Equal(t, 1, r.said("case-owner"))
	})
}

func TestWhatIsDueAndWhatIsHeldDecideSinceWhenAHookIsBehind(t *testing.T) {
	held := now.Add(-time.Hour)
	for name, is := range map[string]struct {
		lag               store.Lag
		held              time.Time
		dueSince, nextTry time.Time
	}{
		"it is due":                         {lag: store.Lag{Due: now.Add(-time.Minute)}, dueSince: now.Add(-time.Minute)},
		"it is held":                        {held: held, dueSince: held},
		"one is due, another is held":       {lag: store.Lag{Due: now.Add(-time.Minute)}, held: held, dueSince: held},
		"one is due before another is held": {lag: store.Lag{Due: now.Add(-2 * time.Hour)}, held: held, dueSince: now.Add(-2 * time.Hour)},
		"it is tried again later":           {lag: store.Lag{Due: now.Add(time.Minute)}, nextTry: now.Add(time.Minute)},
		"another is held meanwhile":         {lag: store.Lag{Due: now.Add(time.Minute)}, held: held, dueSince: held},
	} {
		t.Run(name, func(t *testing.T) {
			h := State{At: now, Deliveries: map[string]Delivery{}}
			has := owners{since: map[string]time.Time{}}
			if !is.held.IsZero() {
				has.since["case-owner"] = is.held
			}
			h.countDeliveries(map[string]store.Lag{"case-owner": is.lag}, has)
			got := h.Deliveries["case-owner"]
			require.Equal(t, is.dueSince, got.DueSince)
			require.Equal(t, is.nextTry, got.NextTry)
		})
	}
}

var errLost = errors.New("connection refused")

func TestWhatCannotBeCountedIsNamedAndTheRestIsCounted(t *testing.T) {
	r := newRig()
	r.store.due = func() ([]string, error) { return nil, errLost }
	r.owes("case-owner")
	h := r.Look(t.Context())
	require.Equal(t, []string{Overdue}, h.Uncounted)
	require.Equal(t, 7, h.Deliveries["case-owner"].Unfinished)
	require.Equal(t, []string{"what waits in the store could not be counted (overdue): the store is lost"}, h.Problems)

	r.store.lags = func() (map[string]store.Lag, error) { return nil, errLost }
	r.store.failed = func(store.FailedQuery) (store.FailedPage, error) { return store.FailedPage{}, errLost }
	require.Equal(t, []string{Overdue, Deliveries, FailedItems}, r.Look(t.Context()).Uncounted)
}

func TestOfAStoreThatTakesNoWritesNothingIsAskedAndTheLogSaysWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		began := time.Now()
		r.store.write = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		r.store.due = func() ([]string, error) { t.Error("it was asked"); return nil, nil }
		for range 3 {
			h := r.Look(t.Context())
			require.Equal(t, "slow", h.Store.Trouble)
			require.Equal(t, probeTime, h.Store.Latency)
			require.True(t, began.Equal(h.Store.TroubleSince), "since it was first seen")
			require.Len(t, h.Problems, 1)
			require.Equal(t, []string{Overdue, Processes, Deliveries, FailedItems}, h.Uncounted)
		}
		require.Equal(t, 1, r.said("does not take writes"))
		r.store.write, r.store.due = nil, func() ([]string, error) { return nil, nil }
		require.Empty(t, r.Look(t.Context()).Problems)
		require.Equal(t, 1, r.said("takes writes again"))
	})
}

func TestThatAnotherProcessWritesAtTheSameTimeIsNoTrouble(t *testing.T) {
	r := newRig()
	r.store.write = func(context.Context) error { return fmt.Errorf("wrapped: %w", store.ErrConflict) }
	require.Empty(t, r.Look(t.Context()).Problems)
}

func TestWhoAsksAndGoesAwaySaysNothingOfTheStore(t *testing.T) {
	r := newRig()
	r.store.write = func(ctx context.Context) error { return ctx.Err() }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Empty(t, r.Look(ctx).Problems)
}

// TestNoHookHidesThatAnotherHasFailed has one that has failed on more than is counted
// at once.
func TestNoHookHidesThatAnotherHasFailed(t *testing.T) {
	r := newRig()
	r.owes("quiet")
	items := func(hook string, n int) (list []store.FailedItem) {
		for i := range n {
			list = append(list, store.FailedItem{Kind: store.FailedDelivery, Failure: store.Failure{Hook: hook, At: now.Add(time.Duration(i) * time.Second)}})
		}
		return list
	}
	r.store.failed = func(q store.FailedQuery) (store.FailedPage, error) {
		switch q.Hook {
		case "", "loud":
			return store.FailedPage{Items: items("loud", 1000), Next: "more"}, nil
		case "quiet":
			return store.FailedPage{Items: items("quiet", 2)}, nil
		}
		return store.FailedPage{}, nil
	}
	require.ElementsMatch(t, []Failed{
		{Hook: "loud", Kind: store.FailedDelivery, N: 1000, Oldest: now},
		{Hook: "quiet", Kind: store.FailedDelivery, N: 2, Counted: true, Oldest: now},
	}, r.Look(t.Context()).Failed)
}

// A refused change is written again with each try: it waits since its first one.
func TestARefusedChangeWaitsSinceItsFirstTry(t *testing.T) {
	r := newRig()
	r.store.failed = func(store.FailedQuery) (store.FailedPage, error) {
		return store.FailedPage{Items: []store.FailedItem{{Kind: store.FailedChange, Failure: store.Failure{Hook: "veto", At: now}, Since: ago(time.Hour)}}}, nil
	}
	require.Equal(t, ago(time.Hour), r.Look(t.Context()).Failed[0].Oldest)
}
