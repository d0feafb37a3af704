package convtrack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestWhatSourcesSayOfAForgottenConversationIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		told := journalHook(hooks, "journal")
		asked := 0
		events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { asked++; return nil })
		r := start(t, hooks)
		story := genesystest.BlindTransferToQueue()
		messages := story.Snapshots()
		for n := range messages { // whenever it is forgotten
			one := story.Fresh(seeded(uint64(n)))
			messages := one.Snapshots()
			r.tell(messages[:n]...)
			synctest.Wait()
			stored, err := r.Forget(t.Context(), one.ID)
			require.NoError(t, err)
			require.Equal(t, min(n, 1), stored)
			before, askedBefore := len(told.read()), asked
			r.tell(messages...)
			r.tell(one.Records()...)
			require.NoError(t, r.Observe(t.Context(), hint(one.ID)))
			time.Sleep(time.Minute)
			require.Len(t, told.read(), before, "after %d messages", n)
			require.Equal(t, askedBefore, asked)
			_, err = r.Get(t.Context(), one.ID)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
	})
}

// What waits in memory for a hook that is slow, here or in another process, does
// not run once Forget has returned.
func TestNoHookBeginsAfterAConversationWasForgottenInWhateverProcess(t *testing.T) {
	for _, processes := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("%d processes", processes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.New()
				var mu sync.Mutex
				begun := map[string]int{}
				var all []*rig
				for i := range processes {
					hooks := events.NewHooks()
					events.After(hooks, "slow", func(_ context.Context, e events.Event) error {
						mu.Lock()
						begun[e.Head().ConversationID]++
						mu.Unlock()
						time.Sleep(20 * time.Second)
						return nil
					}, events.Concurrency(100), events.Timeout(time.Minute))
					all = append(all, startOn(t, s, hooks, func(c *convtrack.Config) { c.Instance = fmt.Sprint("p", i) }))
					synctest.Wait()
				}
				time.Sleep(time.Minute) // they know of each other
				var ids []string
				for i := range 12 {
					one := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i)))
					ids = append(ids, one.ID)
					for _, m := range one.Snapshots() {
						all[i%processes].tell(m)
					}
				}
				time.Sleep(30 * time.Second)
				mu.Lock()
				require.Len(t, begun, len(ids), "every conversation has deliveries that wait")
				mu.Unlock()
				n, err := all[0].Forget(t.Context(), ids...)
				require.NoError(t, err)
				require.Equal(t, len(ids), n)
				mu.Lock()
				before := 0
				for _, n := range begun {
					before += n
				}
				mu.Unlock()
				time.Sleep(time.Hour)
				mu.Lock()
				defer mu.Unlock()
				after := 0
				for _, n := range begun {
					after += n
				}
				require.Equal(t, before, after)
				left, err := s.Inbox(t.Context(), store.InboxQuery{Limit: 100})
				require.NoError(t, err)
				require.Empty(t, left)
				for _, r := range all {
					require.Zero(t, r.Stats().Deliveries)
				}
			})
		})
	}
}

// TestNoHookBeginsOfWhatWasForgottenWhileABeforeHookRefusesIt: the conversation is
// being worked on all the while.
func TestNoHookBeginsOfWhatWasForgottenWhileABeforeHookRefusesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, story := memstore.New(), genesystest.BlindTransferToQueue()
		var begun, asked atomic.Int64
		var all []*rig
		for i := range 2 {
			hooks := events.NewHooks()
			events.Before(hooks, "link", func(context.Context, *events.AgentConnected) error {
				asked.Add(1)
				return errDead
			}, events.Backoff(func(int) time.Duration { return time.Minute }))
			events.After(hooks, "slow", func(context.Context, events.Event) error {
				begun.Add(1)
				time.Sleep(20 * time.Second)
				return nil
			}, events.Timeout(time.Minute))
			all = append(all, startOn(t, s, hooks, func(c *convtrack.Config) { c.Instance = fmt.Sprint("p", i) }))
			synctest.Wait()
		}
		time.Sleep(time.Minute) // they know of each other
		owner, other := all[0], all[1]
		if !owner.Mine("", story.ID) {
			owner, other = other, owner
		}
		go func() {
			for _, m := range understoodAll(t, story.Snapshots()...) {
				_ = owner.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{m}})
			}
		}()
		time.Sleep(5 * time.Second)
		require.NotZero(t, asked.Load())
		require.NotZero(t, begun.Load())
		_, err := other.Forget(t.Context(), story.ID)
		require.NoError(t, err)
		before := begun.Load()
		time.Sleep(time.Hour)
		require.Equal(t, before, begun.Load())
		for _, r := range all {
			require.Zero(t, r.Stats().Deliveries)
		}
	})
}

func TestWhatWasHeardForAnotherProcessIsForgottenWithTheConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &crashing{Store: memstore.New()}
		dying := s.live()
		one := startOn(t, s, nil, func(c *convtrack.Config) { c.Instance = "one" })
		startOn(t, dying, nil, func(c *convtrack.Config) { c.Instance = "two" })
		time.Sleep(30 * time.Second)
		dying.crash() // nobody knows yet
		var gone, kept []string
		for i := range 40 {
			story := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i)))
			one.tell(story.Snapshots()[0])
			if i%2 == 0 {
				gone = append(gone, story.ID)
			} else {
				kept = append(kept, story.ID)
			}
		}
		lies, err := s.Inbox(t.Context(), store.InboxQuery{Limit: 1000})
		require.NoError(t, err)
		require.NotEmpty(t, lies)
		began := time.Now()
		_, err = one.Forget(t.Context(), gone...)
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(began), 20*time.Second, "a process that is dead is not waited for for long")
		time.Sleep(2 * time.Minute)
		for _, id := range kept {
			_, err := one.Get(t.Context(), id)
			require.NoError(t, err, "what was heard of others is not lost")
		}
		for _, id := range gone {
			_, err := one.Get(t.Context(), id)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
	})
}

func TestAnAfterHookMayForgetItsConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var tracker *rig
		forgotten := 0
		events.After(hooks, "forget", func(ctx context.Context, e *events.ConversationEnded) error {
			forgotten++
			_, err := tracker.Forget(ctx, e.ConversationID)
			return err
		})
		tracker = start(t, hooks)
		one := genesystest.BlindTransferToQueue()
		tracker.tell(one.Snapshots()...)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, forgotten)
		_, err := tracker.Get(t.Context(), one.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.Zero(t, tracker.Stats().Deliveries)
	})
}

func TestABeforeHookMustNotForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var tracker *rig
		var refused error
		events.Before(hooks, "forget", func(ctx context.Context, e *events.ConversationCreated) error {
			_, refused = tracker.Forget(ctx, e.ConversationID)
			return nil
		})
		tracker = start(t, hooks)
		tracker.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
		require.ErrorIs(t, refused, convtrack.ErrInBefore)
	})
}

// The line says who and how many, and nothing of whom.
func TestTheLogSaysWhoHasForgottenHowMany(t *testing.T) {
	var log bytes.Buffer
	s := memstore.New()
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	n, err := tracker.Forget(convtrack.WithActor(t.Context(), "request 4711"), "conversation-1", "conversation-2")
	require.NoError(t, err, "it needs no Run")
	require.Zero(t, n)
	require.Contains(t, log.String(), `msg=forgotten by="request 4711" conversations=2 stored=0`)
	require.NotContains(t, log.String(), "conversation-1")
	_, err = tracker.Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "what nobody asked for is no line")
}

func TestThePersonsConversationsAreFoundAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		var all []string
		for i := range 30 {
			one := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i)))
			all = append(all, one.ID)
			r.tell(one.Snapshots()...)
		}
		c, err := r.Get(t.Context(), all[0])
		require.NoError(t, err)
		customer, known := c.Customer()
		require.True(t, known)
		var found []string
		for id := range items(t, r.Find(t.Context(), conversation.Person{Address: customer.Address})) {
			found = append(found, id)
		}
		require.Contains(t, found, all[0])
		require.True(t, slices.IsSorted(found))
		n, err := r.Forget(t.Context(), found...)
		require.NoError(t, err)
		require.Equal(t, len(found), n)
		for id, err := range r.Find(t.Context(), conversation.Person{Address: customer.Address}) {
			require.NoError(t, err)
			t.Fatal("there is one left: " + id)
		}
	})
}

func TestWhatEndedLongAgoIsDeletedByOneProcessAndStaysSoUntilItsTombstoneIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		var all []*rig
		const retain, remember = 10 * time.Hour, 20 * time.Hour
		for range 2 {
			all = append(all, startOn(t, s, nil, func(c *convtrack.Config) { c.Retain, c.TombstoneAge = retain, remember }))
		}
		time.Sleep(time.Minute)
		now := time.Now()
		said := func(i int, ended time.Duration) *conversation.Conversation {
			c := &conversation.Conversation{ID: fmt.Sprintf("c-%03d", i), Start: now.Add(-ended - time.Hour)}
			if i%5 > 0 { // each fifth goes on
				c.RecordedEnd = now.Add(-ended)
			}
			return conversation.State(c, conversation.Statement{By: conversation.SourceAnalytics, At: now, Seen: now})
		}
		tell := func(i int, ended time.Duration) {
			require.NoError(t, all[i%2].Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{said(i, ended)}}))
		}
		for i := range 100 {
			tell(i, retain-time.Hour)
		}
		time.Sleep(30 * time.Minute)
		left := func() (ids []string) {
			for c := range items(t, all[0].List(t.Context(), store.Query{})) {
				ids = append(ids, c.ID)
			}
			return ids
		}
		require.Len(t, left(), 100)
		time.Sleep(time.Hour)
		require.Len(t, left(), 20, "those that go on")
		for i := range 100 {
			if i%5 > 0 {
				tell(i, retain-time.Hour)
			}
		}
		time.Sleep(time.Minute)
		require.Len(t, left(), 20, "they stay forgotten")
		time.Sleep(remember)
		tell(1, time.Until(now)) // it ends now
		time.Sleep(time.Second)
		require.Len(t, left(), 21, "a tombstone has an age")
	})
}

// Nothing says when what was never stored has ended: its last refusal counts.
func TestWhatAHookRefusedForGoodIsDeletedWhenNobodyDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const retain, refusedFor = 10 * time.Hour, time.Hour
		s, hooks := memstore.New(), events.NewHooks()
		created, ended := genesystest.BlindTransferToQueue().Fresh(seeded(1)), genesystest.BlindTransferToQueue().Fresh(seeded(2))
		refuse := func(of, id string) error {
			if of != id {
				return nil
			}
			return errors.New("the case system is down")
		}
		events.Before(hooks, "open", func(_ context.Context, e *events.ConversationCreated) error {
			return refuse(created.ID, e.ConversationID)
		})
		events.Before(hooks, "close", func(_ context.Context, e *events.ConversationEnded) error { return refuse(ended.ID, e.ConversationID) })
		r := startOn(t, s, hooks, func(c *convtrack.Config) { c.Retain, c.RefusedFor = retain, refusedFor })
		r.tell(created.Snapshots()...)
		r.tell(ended.Snapshots()...)
		forgotten := func() (all []bool) {
			records, err := s.Load(t.Context(), created.ID, ended.ID)
			require.NoError(t, err)
			for _, x := range records {
				require.NotEqual(t, x.Forgotten, x.Refused != nil)
				all = append(all, x.Forgotten)
			}
			return all
		}
		time.Sleep(retain)
		require.Equal(t, []bool{false, false}, forgotten(), "they were tried again by themselves")
		time.Sleep(refusedFor + 5*time.Minute)
		require.Equal(t, []bool{true, true}, forgotten())
		require.Empty(t, r.failed())
	})
}

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 0xf0)) }

// endedNow is a conversation that has ended now.
// Nobody may have told when it began: of EventBridge's facts only the end was heard.
func TestWhatEndedLongAgoIsDeletedAlthoughNobodyKnowsWhenItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil, func(c *convtrack.Config) { c.Retain = 10 * time.Hour })
		for i := range 100 {
			c := endedNow(fmt.Sprint("c-", i))
			c.Start = time.Time{}
			require.NoError(t, r.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{c}}))
		}
		time.Sleep(9 * time.Hour)
		n, err := r.Count(t.Context(), store.Query{})
		require.NoError(t, err)
		require.Equal(t, 100, n)
		time.Sleep(26 * time.Hour)
		n, err = r.Count(t.Context(), store.Query{})
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func endedNow(id string) *conversation.Conversation {
	now := time.Now()
	return conversation.State(&conversation.Conversation{ID: id, Start: now.Add(-time.Hour), RecordedEnd: now},
		conversation.Statement{By: conversation.SourceAnalytics, At: now, Seen: now})
}

func TestWhatEndedLongAgoIsInTheMemoryOfNoProcessAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		const retain, conversations = 10 * time.Hour, 60
		var all []*rig
		for i := range 3 {
			all = append(all, startOn(t, s, nil, func(c *convtrack.Config) { c.Retain, c.Instance = retain, fmt.Sprint("p", i) }))
		}
		time.Sleep(time.Minute)
		for i := range conversations {
			require.NoError(t, all[i%3].Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{endedNow(fmt.Sprint("c-", i))}}))
		}
		held := func() (n int) {
			for _, r := range all {
				for _, p := range r.Health(t.Context()).Processes {
					if p.Name == r.Instance() { // of itself it knows what is so now
						n += p.Conversations
					}
				}
			}
			return n
		}
		time.Sleep(time.Minute)
		require.Equal(t, conversations, held())
		time.Sleep(retain + 30*time.Minute)
		for c, err := range all[0].List(t.Context(), store.Query{}) {
			t.Fatal("the store has one", c, err)
		}
		require.Zero(t, held())
	})
}

func TestWhatEndedLongAgoIsDeletedWhereOnlySomeProcessesRetainConversations(t *testing.T) {
	for i := range 8 { // whichever would look after it
		synctest.Test(t, func(t *testing.T) {
			s := memstore.New()
			one := startOn(t, s, nil, func(c *convtrack.Config) { c.Retain, c.Instance = time.Hour, fmt.Sprint("with-", i) })
			startOn(t, s, nil, func(c *convtrack.Config) { c.Instance = fmt.Sprint("without-", i) })
			time.Sleep(time.Minute)
			require.NoError(t, one.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{endedNow("c")}}))
			time.Sleep(2 * time.Hour)
			_, err := one.Get(t.Context(), "c")
			require.ErrorIs(t, err, store.ErrNotFound)
			for _, p := range one.Health(t.Context()).Processes {
				require.Empty(t, p.Sources, "deleting is no source")
			}
		})
	}
}

func TestAConversationThatCameBackIsNotForgottenWhileItsReturnIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const retain = 10 * time.Hour
		hooks := events.NewHooks()
		var link switched
		events.Before(hooks, "link", func(context.Context, *events.ParticipantAdded) error { return link.run() })
		r := start(t, hooks, func(c *convtrack.Config) { c.Retain = retain })
		say := func(c *conversation.Conversation) {
			require.NoError(t, r.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{c}}))
		}
		say(endedNow("c"))
		say(endedNow("d"))
		time.Sleep(retain - time.Hour)
		link.broken.Store(true)
		now := time.Now()
		say(conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeCustomer, Start: now,
			Sessions: []*conversation.Session{{ID: "s", MediaType: conversation.MediaMessage, State: conversation.StateConnected, Start: now, ConnectedTime: now}}}}},
			conversation.Statement{By: conversation.SourceREST, At: now, Seen: now}))
		require.Len(t, r.failed(), 1)
		time.Sleep(2 * time.Hour)
		link.broken.Store(false)
		time.Sleep(15 * time.Minute)
		require.Empty(t, r.failed())
		_, err := r.Get(t.Context(), "c")
		require.NoError(t, err)
		_, err = r.Get(t.Context(), "d")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}
