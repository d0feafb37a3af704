package commit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/monotonic"
	"github.com/dcmkit/convtrack/internal/outbox"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

var errClosed = errors.New("closed")

// transactions is a memory store with transactions: what hooks write in one is
// there when it is committed. The end of a transaction can be refused.
type transactions struct {
	store.Store
	mu        sync.Mutex
	committed []string
	refuse    func(written []string) error
	commits   int
	fail      int  // how many commits fail first
	lose      int  // of how many commits that have hooks the answer is lost first
	twice     bool // hooks run twice in each commit, as after a deadlock
	cut       int  // in how many transactions the connection is cut after the hooks
	races     int  // how many changes somebody else was faster with
	overtaken int  // how many of those while the commit began again after its hooks
}

type written struct{ list []string }

type writtenKey struct{}

func write(ctx context.Context, what string) {
	w := ctx.Value(writtenKey{}).(*written)
	w.list = append(w.list, what)
}

func (s *transactions) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	w := &written{}
	ctx = context.WithValue(ctx, writtenKey{}, w)
	s.mu.Lock()
	s.commits++
	fails := s.commits <= s.fail
	s.mu.Unlock()
	if fails {
		return store.Committed{}, errors.New("down")
	}
	for _, c := range b.Changes {
		if in := c.InTx; in != nil {
			if s.overtaken > 0 {
				s.overtaken--
				_ = in(ctx, c)
				return store.Committed{Results: []store.Result{{Err: store.ErrConflict}}}, nil
			}
			c.InTx = func(ctx context.Context, c *store.Change) error {
				if s.twice {
					as := *c
					_ = in(ctx, c)
					*c, w.list = as, nil
				}
				if err := in(ctx, c); err != nil {
					return err
				}
				if s.refuse != nil {
					return s.refuse(w.list)
				}
				return nil
			}
		}
	}
	if s.races > 0 && len(b.Changes) == 1 {
		s.races--
		return store.Committed{Results: []store.Result{{Err: store.ErrConflict}}}, nil
	}
	if s.cut > 0 && len(b.Changes) == 1 && b.Changes[0].InTx != nil {
		s.cut--
		_ = b.Changes[0].InTx(ctx, b.Changes[0])
		return store.Committed{}, errors.New("the connection was cut")
	}
	done, err := s.Store.Commit(ctx, b)
	if err == nil && len(b.Changes) == 1 && done.Results[0].Err == nil {
		s.mu.Lock()
		s.committed = append(s.committed, w.list...)
		loses := s.lose > 0 && b.Changes[0].InTx != nil
		if loses {
			s.lose--
		}
		s.mu.Unlock()
		if loses {
			return store.Committed{}, errors.New("the connection was cut")
		}
	}
	return done, err
}

// noInbox has no entries.
type noInbox struct{}

func (noInbox) TakeUsed() []store.EntryKey    { return nil }
func (noInbox) ReturnUsed([]store.EntryKey)   {}
func (noInbox) Removed(keys []store.EntryKey) {}

// rig is a committer that runs, inside a synctest bubble.
type rig struct {
	*Committer
	t     *testing.T
	store *transactions
	hooks *events.Hooks
}

func newRig(t *testing.T, hooks *events.Hooks) *rig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &rig{t: t, store: &transactions{Store: memstore.New()}, hooks: hooks}
	s := access.New(r.store, log)
	failures := failure.NewLog(log)
	lanes := lane.New(100, errClosed)
	box := outbox.New(outbox.Config{Leases: s, Commits: s, Hooks: hooks, Conversations: r, InTransaction: make(chan struct{}, 1),
		Owner: "me", Lease: time.Minute, Most: 100, Log: log, Failures: failures})
	r.Committer = New(Config{Store: s, Lanes: lanes, Cache: record.NewCache(100), Outbox: box, Inbox: noInbox{}, Hooks: hooks, Failed: func(store.FailedItem) {},
		Owns: func(string) bool { return true }, Shared: func() bool { return false }, Waits: func(time.Time) {}, Now: time.Now, Stated: &monotonic.Clock{}, Settling: change.Settling{Soon: time.Second, Late: time.Second},
		Owner: "me", Lease: time.Minute, BatchSize: 10, BeforeWorkers: 4, BeforeAttempts: 3,
		BeforeBackoff: func(int) time.Duration { return time.Second }, StoreAttempts: 3, Log: log, Failures: failures, Announced: func(*store.Change) {}})
	ctx, cancel := context.WithCancel(t.Context())
	box.Start(ctx)
	var loops sync.WaitGroup
	loops.Go(func() { r.Run(ctx, ctx, func(context.Context) {}) })
	loops.Go(func() { box.RecordLoop(ctx) })
	t.Cleanup(func() {
		lanes.Close()
		cancel()
		loops.Wait()
		r.Wait()
		lanes.RefuseRest()
		box.Stop(ctx, cancel)
	})
	return r
}

// AsOf implements outbox.Conversations.
func (r *rig) AsOf(context.Context, string, int64) (*conversation.Conversation, error) {
	return nil, store.ErrNotFound
}

// Resting implements outbox.Conversations.
func (r *rig) Resting(id string, do func()) bool { return r.Lanes.Resting(id, do) }

// Reload implements outbox.Conversations.
func (r *rig) Reload(id string) { r.Cache.Drop(id) }

func (r *rig) push(c *conversation.Conversation) *lane.Receipt {
	r.t.Helper()
	receipt := lane.NewReceipt()
	require.NoError(r.t, r.Lanes.Push(r.t.Context(), c, receipt))
	return receipt
}

func (r *rig) hear(c *conversation.Conversation) error { return r.push(c).Wait(r.t.Context()) }

func (r *rig) load(id string) store.Record {
	records, err := r.store.Load(r.t.Context(), id)
	require.NoError(r.t, err)
	return records[0]
}

func said(id string, start time.Time) *conversation.Conversation {
	return conversation.State(&conversation.Conversation{ID: id, Start: start, Participants: []*conversation.Participant{
		{ID: id + "-customer", Purpose: conversation.PurposeCustomer}}},
		conversation.Statement{By: conversation.SourceREST, At: start, Seen: start})
}

func ended(id string, at time.Time) *conversation.Conversation {
	return conversation.State(&conversation.Conversation{ID: id, Start: at, RecordedEnd: at}, conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})
}

var (
	at       = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	farAhead = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such time
)

func TestAVetoOfTheCreationUndoesWhatEarlierHooksWrote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "writes", func(ctx context.Context, e *events.ConversationCreated) error { write(ctx, e.ID); return nil })
		asked := 0
		events.Before(hooks, "vetoes", func(context.Context, *events.ConversationCreated) error { asked++; return events.Veto("not ours") })
		r := newRig(t, hooks)
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, "not ours", r.load("c").Vetoed)
		require.Empty(t, r.store.committed)
		require.Equal(t, 1, asked, "it has decided")
	})
}

func TestAVetoOfAnotherEventUndoesWhatEarlierHooksWroteForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "created", func(ctx context.Context, e *events.ConversationCreated) error { write(ctx, "created"); return nil })
		events.Before(hooks, "writes", func(ctx context.Context, e *events.ParticipantAdded) error { write(ctx, "added"); return nil })
		events.Before(hooks, "vetoes", func(context.Context, *events.ParticipantAdded) error { return events.Veto("no") })
		r := newRig(t, hooks)
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, []string{"created"}, r.store.committed)
		logged, err := r.store.Events(t.Context(), "c")
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(logged, func(e store.LoggedEvent) bool {
			return e.Type == string(events.TypeParticipantAdded) && e.Vetoed
		}), "the fact is stored")
	})
}

func TestAFirstHookThatVetoesCostsOneCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "vetoes", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
		r := newRig(t, hooks)
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, 1, r.store.commits)
	})
}

func TestHooksWhoseTransactionIsNotCommittedWhileTheStoreWorksAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		ran := 0
		events.Before(hooks, "link", func(ctx context.Context, _ *events.ConversationCreated) error { ran++; write(ctx, "child"); return nil })
		r := newRig(t, hooks)
		r.store.refuse = func(written []string) error { return errors.New("deferred constraint") }
		require.NoError(t, r.hear(said("c", at)), "nothing is lost")
		require.Equal(t, 3, ran)
		refused := r.load("c").Refused
		require.NotNil(t, refused)
		require.Equal(t, "link", refused.Hook)
		require.Equal(t, 3, refused.Attempts)
		require.Contains(t, refused.Error, "deferred constraint")
		require.Empty(t, r.store.committed)
	})
}

func TestATransactionOfHooksThatWasCommittedWithoutAnAnswerIsNoFailureOfAHook(t *testing.T) {
	for name, opts := range map[string][]events.Option{"one try": {events.Attempts(1)}, "three tries": nil, "optional": {events.Optional()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				events.Before(hooks, "link", func(ctx context.Context, e *events.ConversationCreated) error { write(ctx, "link"); return nil }, opts...)
				r := newRig(t, hooks)
				r.store.lose = 1
				began := time.Now()
				require.NoError(t, r.hear(said("c", at)))
				require.Equal(t, []string{"link"}, r.store.committed)
				require.EqualValues(t, 1, r.load("c").Version)
				require.Zero(t, r.Counters.BeforeFailed.Load())
				require.Nil(t, r.load("c").Refused)
				require.Less(t, time.Since(began), time.Second, "nothing waits for the next try of a hook")
			})
		})
	}
}

func TestAnOptionalHookIsNotPassedOverForAConnectionThatWasCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "link", func(ctx context.Context, e *events.ConversationCreated) error { write(ctx, "link"); return nil }, events.Optional())
		r := newRig(t, hooks)
		r.store.cut = 1
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, []string{"link"}, r.store.committed)
		require.Zero(t, r.Counters.BeforeFailed.Load())
	})
}

// full is how SQLite says that its disk is.
type full struct{ error }

func (full) Code() int { return 13 }

func TestAFullDiskIsNotTheHooksFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "link", func(ctx context.Context, e *events.ConversationCreated) error { write(ctx, "link"); return nil }, events.Attempts(1))
		r := newRig(t, hooks)
		refusals := 0
		r.store.refuse = func([]string) error {
			if refusals++; refusals <= 2 {
				return full{errors.New("database or disk is full")}
			}
			return nil
		}
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, []string{"link"}, r.store.committed)
		require.Nil(t, r.load("c").Refused)
	})
}

// A store runs the hooks of a commit again after a deadlock, for example.
func TestHooksThatAreRunAgainInOneCommitReserveTheirDeliveriesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "link", func(ctx context.Context, e *events.ConversationCreated) error {
			write(ctx, "link")
			e.SetAttribute("case", "1")
			return nil
		})
		var delivered []string
		events.After(hooks, "after", func(_ context.Context, e *events.ConversationCreated) error {
			delivered = append(delivered, e.Conversation.Attributes["case"])
			return nil
		})
		r := newRig(t, hooks)
		r.store.twice = true
		require.NoError(t, r.hear(said("c", at)))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"link"}, r.store.committed)
		require.Equal(t, []string{"1"}, delivered)
		require.Zero(t, r.Outbox.Held())
	})
}

func TestAVetoOfTheCreationHoldsWhenHooksAreRunAgainInOneCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "vetoes", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
		r := newRig(t, hooks)
		r.store.twice = true
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, "not ours", r.load("c").Vetoed)
	})
}

func TestAttributesThatAreSetWithAVetoAreStoredHoweverOftenTheChangeIsMade(t *testing.T) {
	for name, x := range map[string]struct {
		first bool
		races int
	}{"at once": {}, "after another hook": {first: true}, "after a lost race": {races: 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				if x.first {
					events.Before(hooks, "audit", func(context.Context, *events.ParticipantAdded) error { return nil })
				}
				events.Before(hooks, "vetoes", func(_ context.Context, e *events.ParticipantAdded) error {
					e.SetAttribute("suppressed", "yes")
					return events.Veto("no")
				})
				r := newRig(t, hooks)
				r.store.races = x.races
				require.NoError(t, r.hear(said("c", at)))
				require.Equal(t, "yes", r.load("c").Conversation.Attributes["suppressed"])
			})
		})
	}
}

func TestHooksMayTakeLongerThanTheStoreMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		for i := range 10 {
			events.Before(hooks, fmt.Sprint("slow", i), func(ctx context.Context, _ *events.ConversationCreated) error {
				time.Sleep(access.Limit / 5)
				return ctx.Err()
			}, events.Timeout(time.Minute))
		}
		r := newRig(t, hooks)
		require.NoError(t, r.hear(said("c", at)))
		require.EqualValues(t, 1, r.load("c").Version)
		require.Nil(t, r.load("c").Refused)
	})
}

func TestAChangeThatCannotBeEncodedIsAnErrorOfItsOwnAndTakesNothingWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "h", func(context.Context, events.Event) error { return nil })
		r := newRig(t, hooks)
		for i := range 50 {
			good, bad := r.push(said(fmt.Sprint("good", i), at)), r.push(ended(fmt.Sprint("bad", i), farAhead))
			require.NoError(t, good.Wait(t.Context()))
			require.ErrorContains(t, bad.Wait(t.Context()), "cannot be encoded")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, r.Outbox.Held(), "every outcome has been recorded")
		for i := range 50 {
			require.Empty(t, r.load(fmt.Sprint("good", i)).Backlog)
		}
	})
}

func TestAHookWhoseBackoffPanicsIsTriedAgainAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "fails", func(context.Context, *events.ConversationCreated) error { return errors.New("no") })
		r := newRig(t, hooks)
		r.BeforeBackoff = func(int) time.Duration { panic("no idea") }
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, 3, r.load("c").Refused.Attempts)
	})
}

func TestWhatIsHeardOfARefusedChangeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		remove := events.Before(hooks, "fails", func(context.Context, *events.ConversationCreated) error { return errors.New("no") })
		r := newRig(t, hooks)
		require.NoError(t, r.hear(said("c", at)))
		later := said("c", at)
		later.ExternalTag = "tag"
		require.NoError(t, r.hear(conversation.State(later, conversation.Statement{By: conversation.SourceREST, At: at.Add(time.Second), Seen: at.Add(time.Second)})))
		require.Equal(t, "tag", r.load("c").Refused.Facts.ExternalTag)
		remove()
		receipt := lane.NewReceipt()
		require.NoError(t, r.Lanes.Decide("c", store.Retry, receipt))
		require.NoError(t, receipt.Wait(t.Context()))
		require.Equal(t, "tag", r.load("c").Conversation.ExternalTag)
	})
}

// usedUp are entries of the inbox that are used up, and what became of them.
type usedUp struct {
	mu                      sync.Mutex
	keys, removed, returned []store.EntryKey
}

func (u *usedUp) TakeUsed() []store.EntryKey {
	u.mu.Lock()
	defer u.mu.Unlock()
	keys := u.keys
	u.keys = nil
	return keys
}

func (u *usedUp) ReturnUsed(keys []store.EntryKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.returned, u.keys = append(u.returned, keys...), append(u.keys, keys...)
}

func (u *usedUp) Removed(keys []store.EntryKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.removed = append(u.removed, keys...)
}

func TestEntriesThatAreUsedUpAreRemovedWithTheNextCommitThatSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, events.NewHooks())
		used := store.Entry{Key: "bundle", Owner: "me", At: at}
		u := &usedUp{keys: []store.EntryKey{used.Name()}}
		r.Inbox = u
		require.NoError(t, r.store.Deposit(t.Context(), []store.Entry{used}))
		r.store.fail = 1
		require.NoError(t, r.hear(said("c", at)))
		require.Equal(t, 1, len(u.returned), "the first commit has failed")
		time.Sleep(time.Minute)
		require.NoError(t, r.hear(said("d", at)))
		require.Equal(t, []store.EntryKey{used.Name()}, u.removed)
		left, err := r.store.Store.Inbox(t.Context(), store.InboxQuery{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

func TestAFilterOfABeforeHookSeesWhatCameWithAVetoHoweverOftenTheChangeIsMade(t *testing.T) {
	for name, first := range map[string]bool{"at once": false, "after another hook": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, asked := events.NewHooks(), 0
				of := func(id string) events.Filter {
					return func(e events.Event) bool { return e.(*events.ParticipantAdded).ParticipantID == id }
				}
				if first {
					events.Before(hooks, "audit", func(context.Context, *events.ParticipantAdded) error { return nil }, events.When(of("c-1")))
				}
				events.Before(hooks, "vetoes", func(_ context.Context, e *events.ParticipantAdded) error {
					e.SetAttribute("suppressed", "yes")
					return events.Veto("no")
				}, events.When(of("c-1")))
				events.Before(hooks, "owner", func(context.Context, *events.ParticipantAdded) error { asked++; return nil },
					events.When(of("c-2"), func(e events.Event) bool { return e.Head().Conversation.Attributes["suppressed"] == "yes" }))
				r := newRig(t, hooks)
				require.NoError(t, r.hear(conversation.State(&conversation.Conversation{ID: "c", Start: at, Participants: []*conversation.Participant{
					{ID: "c-1", Purpose: conversation.PurposeCustomer, Start: at}, {ID: "c-2", Purpose: conversation.PurposeCustomer, Start: at.Add(time.Second)}}},
					conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})))
				require.Equal(t, 1, asked)
			})
		})
	}
}

func TestAVetoUndoesTheAttributesOfEarlierHooksOfItsEventToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "writes", func(ctx context.Context, e *events.ParticipantAdded) error {
			write(ctx, "case 17")
			e.SetAttribute("caseId", "17")
			return nil
		})
		events.Before(hooks, "vetoes", func(_ context.Context, e *events.ParticipantAdded) error {
			e.SetAttribute("suppressed", "yes")
			return events.Veto("no")
		})
		r := newRig(t, hooks)
		require.NoError(t, r.hear(said("c", at)))
		require.Empty(t, r.store.committed)
		require.Equal(t, map[string]string{"suppressed": "yes"}, r.load("c").Conversation.Attributes)
	})
}

// The store runs a commit again whose hook has lost a deadlock, and may not come to the
// hook: somebody else was faster with the conversation.
func TestAnOptionalHookIsNotPassedOverForACommitThatBeginsAgain(t *testing.T) {
	for name, again := range map[string]func(*transactions){
		"and the hook works":   func(s *transactions) { s.twice = true },
		"and comes to no hook": func(s *transactions) { s.overtaken = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				runs := 0
				events.Before(hooks, "link", func(ctx context.Context, e *events.ConversationCreated) error {
					if runs++; runs == 1 {
						return errors.New("its statement lost a deadlock")
					}
					write(ctx, "link")
					return nil
				}, events.Optional())
				r := newRig(t, hooks)
				again(r.store)
				require.NoError(t, r.hear(said("c", at)))
				require.Equal(t, []string{"link"}, r.store.committed)
				require.Zero(t, r.Counters.BeforeFailed.Load())
			})
		})
	}
}
