package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// everyMethod calls each method of the store but Close on stored and
// on new things, and returns what each returned as its error.
func everyMethod(ctx context.Context, s store.Store, stored store.Record) map[string]error {
	errs := map[string]error{}
	_, errs["Load"] = s.Load(ctx, stored.ID, "unknown")
	_, errs["Commit of a new conversation"] = s.Commit(ctx, store.Batch{Changes: []*store.Change{created("new", event("new", 1, "hook"))}})
	_, errs["Commit of a known conversation"] = s.Commit(ctx, store.Batch{Changes: []*store.Change{next(stored,
		partialBy(conversation.SourceREST, at(300), stored.ID, tagged("late")))}})
	_, errs["Commit of an outcome"] = s.Commit(ctx, store.Batch{Outcomes: []store.Outcome{did("holder", store.Delivery{Event: event(stored.ID, 1).Event, Hook: "held"}, store.Done)}})
	_, errs["Commit of what was taken"] = s.Commit(ctx, store.Batch{Taken: []store.EntryKey{{ConversationID: stored.ID, Key: "heard", At: endOfTime}}})
	_, errs["Commit of nothing"] = s.Commit(ctx, store.Batch{})
	_, _, errs["Claim"] = s.Claim(ctx, store.Claim{Owner: "late", Lease: long, Hooks: []string{"hook", "held"}, Limit: 10})
	errs["Renew"] = s.Renew(ctx, "holder", 0, []store.DeliveryKey{{ConversationID: stored.ID, Seq: 1, Hook: "held"}})
	errs["Renew of nothing"] = s.Renew(ctx, "holder", long, nil)
	if reporter, reports := s.(store.LagReporter); reports {
		_, errs["Lag"] = reporter.Lag(ctx, 10)
	}
	errs["Release"] = s.Release(ctx, "holder")
	_, errs["Decide"] = s.Decide(ctx, store.Skip, store.DeliveryID(eventID(stored.ID, 1), "failed"))
	_, _, errs["Due"] = s.Due(ctx, endOfTime, 10)
	_, errs["Backlog"] = s.Backlog(ctx)
	_, errs["Count"] = s.Count(ctx, store.Query{})
	errs["Deposit"] = s.Deposit(ctx, []store.Entry{heard("new", "late", "me", 1)})
	errs["Deposit of nothing"] = s.Deposit(ctx, nil)
	_, errs["Inbox"] = s.Inbox(ctx, store.InboxQuery{Owner: "me", Limit: 10})
	errs["Await"] = s.Await(ctx, "me")
	_, errs["List"] = s.List(ctx, store.Query{})
	_, errs["Events"] = s.Events(ctx, stored.ID)
	_, errs["Failed"] = s.Failed(ctx, store.FailedQuery{})
	_, _, errs["Value"] = s.Value(ctx, "cursor")
	_, errs["SetValue"] = s.SetValue(ctx, "cursor", []byte("late"), 0)
	_, errs["Forget"] = s.Forget(ctx, stored.ID, "unknown")
	_, errs["Forget of nothing"] = s.Forget(ctx)
	_, errs["Find"] = s.Find(ctx, store.PersonQuery{Person: conversation.Person{UserID: "agent-1"}})
	_, errs["Find of nobody"] = s.Find(ctx, store.PersonQuery{})
	_, errs["Expire"] = s.Expire(ctx, farAhead(), 10)
	_, errs["Expire of nothing"] = s.Expire(ctx, farAhead(), 0)
	return errs
}

// inhabited stores a conversation with a delivery in each state and an entry in
// an inbox, and returns its record.
func (t *trial) inhabited() store.Record {
	t.Helper()
	t.write(created("c", event("c", 1, "hook", "held", "failed")))
	t.only(t.claim("holder", 1, "held"))
	t.settle(did("holder", t.only(t.claim("holder", 1, "failed")), store.Failed))
	t.deposit(heard("c", "heard", "holder", 1))
	return t.load("c")
}

func contexts(rule define) {
	// untouched demands that nothing has changed since inhabited.
	untouched := func(t *trial, before store.Record) {
		t.Helper()
		t.same("the record", t.load("c"), before)
		t.same("the new conversation", t.load("new"), store.Record{ID: "new"})
		_, version, err := t.store.Value(t.ctx, "cursor")
		t.ok("Value", err)
		t.same("the version of the value", version, int64(0))
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{store.DeliveryID("c.1", "failed")})
		t.gives("me", []string{"hook", "held", "failed"}, "c.1 to hook")
		t.finds("holder", "c/heard")
	}

	rule("with a context that is cancelled every method returns at once, and changes nothing", func(t *trial) {
		before := t.inhabited()
		ctx, cancel := context.WithCancel(t.ctx)
		cancel()
		begin := time.Now()
		for method, err := range everyMethod(ctx, t.store, before) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s returned the error %v", method, err)
			}
		}
		if took := time.Since(begin); took > t.harness.Patience/4 {
			t.Errorf("that took %v", took)
		}
		untouched(t, before)
	})

	rule("with a context whose time is over every method returns at once, and changes nothing", func(t *trial) {
		before := t.inhabited()
		ctx, cancel := context.WithDeadline(t.ctx, time.Now().Add(-time.Second))
		defer cancel()
		for method, err := range everyMethod(ctx, t.store, before) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s returned the error %v", method, err)
			}
		}
		untouched(t, before)
	})

	rule("a wait for the inbox ends with its context", func(t *trial) {
		ctx, cancel := context.WithTimeout(t.ctx, short)
		defer cancel()
		begin := time.Now()
		for ctx.Err() == nil {
			_, err := t.store.Inbox(t.ctx, store.InboxQuery{Owner: "me", Limit: 1})
			t.ok("Inbox", err)
			if err := t.store.Await(ctx, "me"); err != nil {
				t.is("Await", err, context.DeadlineExceeded)
			}
		}
		if took := time.Since(begin); took > t.harness.Patience/4 {
			t.Errorf("that took %v", took)
		}
	})

	rule("the store goes on after a context was cancelled", func(t *trial) {
		for i := range 30 {
			ctx, cancel := context.WithCancel(t.ctx)
			cancel()
			_, err := t.store.Commit(ctx, store.Batch{Changes: []*store.Change{created(fmt.Sprintf("cancelled-%d", i))}})
			t.is("Commit", err, context.Canceled)
		}
		t.write(created("c"))
		t.same("what is listed", t.listAll(store.Query{}), []string{"c"})
	})

	rule("a commit whose context is cancelled in the middle writes what it reports, and nothing with an error", func(t *trial) {
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		changes := []*store.Change{created("a", event("a", 1, "hook")), hooked(created("b", event("b", 1, "hook")), func(context.Context, *store.Change) error {
			cancel()
			return nil
		}), created("c", event("c", 1, "hook"))}
		done, err := t.store.Commit(ctx, store.Batch{Changes: changes})
		var given []string
		for i, c := range changes {
			version := int64(0)
			if err == nil {
				version = done.Results[i].Version
			}
			r := t.load(c.ID)
			t.same("the version of "+c.ID, r.Version, version)
			if version != 0 {
				given = append(given, c.ID+".1 to hook")
				t.sameConversation(c.ID, r.Conversation, c.To)
			}
		}
		t.gives("me", []string{"hook"}, given...)
	})

	rule("a commit that waits for another returns when its context ends", func(t *trial) {
		t.write(created("c"))
		r := t.load("c")
		var second error
		returned := make(chan struct{})
		var once sync.Once
		first := hooked(next(r, partial("c", tagged("first"))), func(context.Context, *store.Change) error {
			once.Do(func() {
				go func() {
					defer close(returned)
					ctx, cancel := context.WithTimeout(t.ctx, short)
					defer cancel()
					done, err := t.store.Commit(ctx, store.Batch{Changes: []*store.Change{next(r, partial("c", tagged("second")))}})
					if second = err; err == nil {
						second = done.Results[0].Err
					}
				}()
			})
			select {
			case <-returned:
			case <-time.After(t.harness.Patience / 2):
			}
			return nil
		})
		begin := time.Now()
		t.ok("the first change", t.commit(store.Batch{Changes: []*store.Change{first}}).Results[0].Err)
		if took := time.Since(begin); took >= t.harness.Patience/2 {
			t.Errorf("the second commit did not return while the first one ran")
		}
		<-returned
		if !errors.Is(second, context.DeadlineExceeded) && !errors.Is(second, store.ErrConflict) {
			t.Errorf("the second change gave the error %v", second)
		}
		t.same("the tag", t.load("c").Conversation.ExternalTag, "first")
	})
}
