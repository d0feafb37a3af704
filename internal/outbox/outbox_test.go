package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

func TestDeliveriesOfALaneRunOneAfterTheOtherInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", func(context.Context, string) error { time.Sleep(time.Second); return nil })
		r := newRig(t, hooks, 100)
		for range 5 {
			require.NoError(t, r.announce("c"))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "c.2", "c.3", "c.4", "c.5"}, j.read())
		require.Empty(t, r.unfinished("c"))
		require.Zero(t, r.Held())
	})
}

func TestAFailureHoldsBackItsLaneAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var works atomic.Bool
		bad := hook(hooks, "bad", func(_ context.Context, id string) error {
			if !works.Load() && id == "c.1" {
				return errors.New("no")
			}
			return nil
		}, events.Backoff(func(int) time.Duration { return time.Minute }))
		good := hook(hooks, "good", nil)
		r := newRig(t, hooks, 100)
		for range 3 {
			require.NoError(t, r.announce("c"))
			synctest.Wait()
			require.NoError(t, r.announce("d"))
			synctest.Wait()
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "d.1", "d.2", "d.3"}, bad.read())
		require.Len(t, good.read(), 6)
		require.Zero(t, r.Held(), "what waits is in the store")
		works.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "d.1", "d.2", "d.3", "c.1", "c.2", "c.3"}, bad.read())
		require.Empty(t, r.unfinished("c"))
	})
}

func TestADeliveryWhoseCommitWasNotAnsweredIsNotHeldForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", nil)
		r := newRig(t, hooks, 100)
		r.store.set(func() { r.store.commit = func(store.Batch) error { return errLost } })
		require.ErrorIs(t, r.announce("c"), errLost)
		r.store.set(func() { r.store.commit = nil })
		require.Zero(t, r.Held())
		require.Equal(t, []string{"c.1 h claimed"}, r.unfinished("c"), "the store says that this process has it")
		r.Reload("c")
		r.seq["c"] = 1
		require.NoError(t, r.announce("c"))
		time.Sleep(2 * lease)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "c.2"}, j.read())
		require.Empty(t, r.unfinished("c"))
	})
}

func TestADeliveryWhoseClaimWasNotAnsweredIsNotHeldForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", nil)
		r := newRig(t, hooks, 100)
		r.store.set(func() { r.store.claim = func() error { return errLost } })
		r.backlog["c"] = map[string]bool{"h": true} // so that it must be claimed
		require.NoError(t, r.announce("c"))
		synctest.Wait()
		require.Empty(t, j.read())
		r.store.set(func() { r.store.claim = nil })
		time.Sleep(2 * lease)
		synctest.Wait()
		require.Equal(t, []string{"c.1"}, j.read())
	})
}

func TestALongRunKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", func(context.Context, string) error { time.Sleep(10 * lease); return nil }, events.Timeout(time.Hour))
		r := newRig(t, hooks, 100)
		require.NoError(t, r.announce("c"))
		for range 9 {
			time.Sleep(lease)
			due, _, err := r.store.Store.Claim(t.Context(), store.Claim{Owner: "other", Lease: lease, Hooks: []string{"h"}, Limit: 10})
			require.NoError(t, err)
			require.Empty(t, due)
		}
		time.Sleep(2 * lease)
		synctest.Wait()
		require.Equal(t, []string{"c.1"}, j.read())
		require.Empty(t, r.unfinished("c"))
	})
}

func TestAProcessKeepsWhatItRunsWhenTheStoreAnswersAgainAfterTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", func(context.Context, string) error { time.Sleep(2 * lease); return nil }, events.Timeout(time.Hour))
		r := newRig(t, hooks, 100)
		for range 3 {
			require.NoError(t, r.announce("c"))
		}
		r.Look()
		r.store.set(func() { r.store.leases = func() error { return errLost } })
		time.Sleep(lease + lease/3 + time.Second) // the renewal that is next comes later than a claim
		r.store.set(func() { r.store.leases = nil })
		time.Sleep(lease / 5)
		synctest.Wait()
		due, _, err := r.store.Store.Claim(t.Context(), store.Claim{Owner: "other", Lease: lease, Hooks: []string{"h"}, Limit: 10})
		require.NoError(t, err)
		require.Empty(t, due)
		require.Equal(t, []string{"c.1 h claimed", "c.2 h claimed", "c.3 h claimed"}, r.unfinished("c"))
		time.Sleep(10 * lease)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "c.2", "c.3"}, j.read())
		require.Empty(t, r.unfinished("c"))
	})
}

func TestAProcessThatWasStoppedBeyondItsLeaseDoesNotRunWhatOthersRun(t *testing.T) {
	at := time.Now()
	h := newHoldings()
	key := store.DeliveryKey{ConversationID: "c", Seq: 1, Hook: "h"}
	require.True(t, h.add(key, at))
	require.False(t, h.add(key, at), "it is held once")
	require.True(t, h.leased(key, at.Add(lease-1), lease))
	require.False(t, h.leased(key, at.Add(lease), lease), "by the clock that is never set")
	require.False(t, h.leased(key, at.Round(0).Add(lease), lease), "by the wall clock, which goes on while the machine sleeps")
	h.renewed([]store.DeliveryKey{key, {Hook: "unknown"}}, at.Add(time.Second), at.Add(2*time.Second), lease)
	require.True(t, h.leased(key, at.Add(lease), lease))
	h.renewed([]store.DeliveryKey{key}, at.Add(time.Minute), at.Add(time.Minute), lease)
	require.False(t, h.leased(key, at.Add(time.Minute), lease), "what had ended before the store answered may be another one's")
	require.True(t, h.remove(key))
	require.False(t, h.leased(key, at, lease))
	require.Empty(t, h.byHook)
}

// The store cannot be reached from one process, another one takes its deliveries
// over, and the first one goes on at whatever moment after that.
func TestWhatAnotherProcessHasDoneMeanwhileDoesNotRunAgain(t *testing.T) {
	for away := lease; away <= 4*lease; away += lease / 5 {
		t.Run(away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				var long atomic.Bool
				long.Store(true)
				j := hook(hooks, "h", func(context.Context, string) error {
					if long.CompareAndSwap(true, false) {
						time.Sleep(away + lease)
					}
					return nil
				}, events.Timeout(time.Hour))
				r := newRig(t, hooks, 100)
				for range 3 {
					require.NoError(t, r.announce("c"))
				}
				r.store.set(func() { r.store.leases = func() error { return errLost } })
				time.Sleep(lease + time.Second)
				for range 3 {
					due, _, err := r.store.Store.Claim(t.Context(), store.Claim{Owner: "other", Lease: lease, Hooks: []string{"h"}, Limit: 10})
					require.NoError(t, err)
					require.Len(t, due, 1)
					_, err = r.store.Store.Commit(t.Context(), store.Batch{Owner: "other", Outcomes: []store.Outcome{due[0].Outcome("other", store.Done)}})
					require.NoError(t, err)
				}
				time.Sleep(away - lease)
				r.store.set(func() { r.store.leases = nil })
				time.Sleep(10 * lease)
				synctest.Wait()
				require.Equal(t, []string{"c.1"}, j.read(), "the others were done when this process came to them")
				require.Zero(t, r.Held())
			})
		})
	}
}

// A hook may run again, but not after a later event: what this process has run when its
// lease had ended may run anywhere else.
func TestALaneIsClosedWhileAnotherProcessMayHaveWhatRanHere(t *testing.T) {
	for name, running := range map[string]bool{"its outcome waits": false, "its hook runs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, gate := events.NewHooks(), make(chan struct{})
				j := hook(hooks, "h", func(_ context.Context, id string) error {
					if running && id == "c.1" {
						<-gate
					}
					return nil
				}, events.Timeout(time.Hour))
				r := newRig(t, hooks, 100)
				require.NoError(t, r.announce("c"))
				synctest.Wait()
				r.store.set(func() { // nothing is recorded or renewed any more
					r.store.before, r.store.leases = func(store.Batch) error { return errLost }, func() error { return errLost }
				})
				time.Sleep(lease + time.Second)
				due, _, err := r.store.Store.Claim(t.Context(), store.Claim{Owner: "other", Lease: time.Hour, Hooks: []string{"h"}, Limit: 10})
				require.NoError(t, err)
				require.Len(t, due, 1, "the other process has it")
				r.store.set(func() { r.store.before, r.store.leases = nil, nil })
				require.NoError(t, r.announce("c"), "before anything is renewed or recorded")
				time.Sleep(2 * time.Second)
				close(gate)
				synctest.Wait()
				require.NoError(t, r.announce("c"))
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, []string{"c.1"}, j.read(), "what comes later waits behind it")
				_, err = r.store.Store.Commit(t.Context(), store.Batch{Owner: "other", Outcomes: []store.Outcome{due[0].Outcome("other", store.Done)}})
				require.NoError(t, err)
				time.Sleep(2 * lease)
				synctest.Wait()
				require.Equal(t, []string{"c.1", "c.2", "c.3"}, j.read())
				require.Zero(t, r.Held())
				require.NoError(t, r.announce("c"))
				synctest.Wait()
				require.Equal(t, []string{"c.1", "c.2", "c.3", "c.4"}, j.read(), "the lane is open again")
				require.Empty(t, r.blocked)
			})
		})
	}
}

func TestAHookThatHangsTakesNoPlacesFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		release := make(chan struct{})
		hook(hooks, "hangs", func(context.Context, string) error { <-release; return nil }, events.Timeout(time.Hour))
		j := hook(hooks, "works", nil)
		r := newRig(t, hooks, 100)
		let := sync.OnceFunc(func() { close(release) })
		defer let()
		for i := range 500 {
			require.NoError(t, r.announce(fmt.Sprint("c", i)))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, j.read(), 500, "without waiting for the other one")
		require.Equal(t, 50, r.Held(), "half of the places are its share")
		let()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, r.Held())
		for i := range 500 {
			require.Empty(t, r.unfinished(fmt.Sprint("c", i)))
		}
	})
}

// TestAStopRunsNothingThatWaitsForItsHook: it takes as long as the hooks that run.
func TestAStopRunsNothingThatWaitsForItsHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		slow := hook(hooks, "slow", func(context.Context, string) error { time.Sleep(time.Second); return nil }, events.Concurrency(2))
		r := newRig(t, hooks, 100)
		for i := range 10 {
			require.NoError(t, r.announce(fmt.Sprint("c", i)))
		}
		synctest.Wait()
		began := time.Now()
		r.Stop(t.Context(), func() {})
		require.Equal(t, time.Second, time.Since(began))
		require.Len(t, slow.read(), 2)
	})
}

func TestAHookInATransactionThatHangsTakesNoPlacesForTransactionsFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, end := events.NewHooks(), make(chan struct{})
		hook(hooks, "hangs", func(context.Context, string) error { <-end; return nil }, events.InTransaction(), events.Timeout(time.Hour))
		works := hook(hooks, "works", nil, events.InTransaction())
		r := newRig(t, hooks, 1000)
		for i := range 10 {
			require.NoError(t, r.announce(fmt.Sprint("c", i)))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, works.read(), 10)
		close(end)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, r.Held())
	})
}

func TestATransactionThatIsNotCommittedWhileTheStoreWorksIsTheHooksFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", nil, events.InTransaction(), events.Attempts(3), events.Backoff(func(int) time.Duration { return time.Second }))
		r := newRig(t, hooks, 100)
		r.store.set(func() {
			r.store.before = func(b store.Batch) error {
				for _, o := range b.Outcomes {
					if o.InTx != nil {
						_ = o.InTx(t.Context()) // it does something that the commit then refuses
						return errors.New("deferred constraint")
					}
				}
				return nil
			}
		})
		require.NoError(t, r.announce("c"))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "c.1", "c.1"}, j.read(), "it has three tries")
		require.Equal(t, []string{"c.1 h failed"}, r.unfinished("c"))
		require.EqualValues(t, 1, r.Counters.ForGood.Load())
	})
}

func TestATransactionThatWasCommittedWithoutAnAnswerIsNoFailureOfTheHook(t *testing.T) {
	for lost := 1; lost <= 3; lost++ { // also the answers to what is asked then
		for attempts := 1; attempts <= 2; attempts++ {
			t.Run(fmt.Sprint(lost, " answers are lost, the hook has ", attempts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hooks := events.NewHooks()
					j := hook(hooks, "h", nil, events.InTransaction(), events.Attempts(attempts))
					r := newRig(t, hooks, 100)
					var reports, answers atomic.Int32
					r.Failed = func(store.FailedItem) { reports.Add(1) }
					r.store.set(func() {
						r.store.commit = func(b store.Batch) error {
							if len(b.Outcomes) == 0 || int(answers.Add(1)) > lost {
								return nil
							}
							return errLost
						}
					})
					require.NoError(t, r.announce("c"))
					require.NoError(t, r.announce("c"))
					time.Sleep(time.Minute)
					synctest.Wait()
					require.Equal(t, []string{"c.1", "c.2"}, j.read())
					require.Empty(t, r.unfinished("c"))
					require.Zero(t, r.Held())
					require.Zero(t, r.Counters.Failed.Load())
					require.Zero(t, r.Counters.ForGood.Load())
					require.Zero(t, reports.Load())
					require.Zero(t, r.log.about("a hook"))
					if lost == 1 {
						require.EqualValues(t, 2, r.Counters.Delivered.Load())
					}
				})
			})
		}
	}
}

func TestAStoreThatDoesNotAnswerIsNotTheHooksFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		in := hook(hooks, "in", nil, events.InTransaction(), events.Attempts(1))
		claimed := hook(hooks, "claimed", nil, events.Attempts(1))
		r := newRig(t, hooks, 100)
		r.store.set(func() {
			r.store.load = func() error { return errLost }
			r.store.before = func(b store.Batch) error {
				if len(b.Outcomes) > 0 && b.Outcomes[0].InTx != nil {
					return errLost
				}
				return nil
			}
		})
		r.backlog["c"] = map[string]bool{"claimed": true} // its event must be restored
		require.NoError(t, r.announce("c"))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, in.read())
		require.Empty(t, claimed.read())
		require.Zero(t, r.Counters.ForGood.Load())
		r.store.set(func() { r.store.load, r.store.before = nil, nil })
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"c.1"}, in.read())
		require.Equal(t, []string{"c.1"}, claimed.read())
		require.Empty(t, r.unfinished("c"))
	})
}

// full is how SQLite says that its disk is.
type full struct{ error }

func (full) Code() int { return 13 }

func TestAFullDiskIsNotTheHooksFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		hook(hooks, "h", nil, events.InTransaction(), events.Attempts(1))
		r := newRig(t, hooks, 100)
		var room atomic.Bool
		r.store.set(func() {
			r.store.before = func(b store.Batch) error {
				for _, o := range b.Outcomes {
					if o.InTx != nil && !room.Load() {
						_ = o.InTx(t.Context())
						return full{errors.New("database or disk is full")}
					}
				}
				return nil
			}
		})
		require.NoError(t, r.announce("c"))
		time.Sleep(time.Minute)
		room.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, r.unfinished("c"))
		require.Zero(t, r.Counters.Failed.Load())
		require.EqualValues(t, 1, r.Counters.Delivered.Load())
	})
}

func TestABackoffThatPanicsIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", func(context.Context, string) error { return errors.New("no") },
			events.Attempts(2), events.Backoff(func(int) time.Duration { panic("no idea") }))
		r := newRig(t, hooks, 100)
		require.NoError(t, r.announce("c"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		require.Len(t, j.read(), 2)
		require.Equal(t, []string{"c.1 h failed"}, r.unfinished("c"))
	})
}

func TestOutcomesThatCannotBeRecordedAreRecordedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", nil)
		r := newRig(t, hooks, 100)
		require.NoError(t, r.announce("c"))
		r.store.set(func() { r.store.before = func(store.Batch) error { return errLost } })
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, r.Held(), "its lease goes on")
		r.store.set(func() { r.store.before = nil })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"c.1"}, j.read())
		require.Empty(t, r.unfinished("c"))
	})
}

func TestACommitOfFewChangesTakesOutcomesOnlyWhenTheyAreManyOrDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		hook(hooks, "h", nil)
		r := newRig(t, hooks, 1000)
		begins := func(n int) {
			for i := range n {
				require.NoError(t, r.announce(fmt.Sprintf("%v.%d", time.Now().UnixNano(), i)))
			}
			synctest.Wait() // the hooks have run
		}
		begins(1)
		require.Empty(t, r.TakeOutcomes(1), "they can wait")
		taken := r.TakeOutcomes(fewChanges)
		require.Len(t, taken, 1)
		r.ReturnOutcomes(taken)
		require.Len(t, r.TakeOutcomes(1), 1, "what could not be recorded goes with the next commit")

		begins(manyOutcomes - 1)
		require.Empty(t, r.TakeOutcomes(1))
		begins(1)
		require.Len(t, r.TakeOutcomes(1), manyOutcomes)
	})
}

func TestOutcomesAreRecordedAloneOnceTheFirstOfThemHasWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		hook(hooks, "h", nil)
		r := newRig(t, hooks, 1000)
		begin := func(id string) {
			require.NoError(t, r.announce(id))
			synctest.Wait() // the hook has run
		}
		after := func(wait time.Duration, held int, why string) {
			time.Sleep(wait)
			synctest.Wait()
			require.Equal(t, held, r.Held(), why)
		}
		begin("first")
		after(recordDelay/2, 1, "a commit may take it along")
		begin("second")
		require.Empty(t, r.TakeOutcomes(1), "hooks wait for this commit")
		after(recordDelay/2, 0, "both are recorded together")

		begin("third")
		after(recordDelay/2, 1, "")
		r.Recorded(r.TakeOutcomes(fewChanges), false)
		begin("fourth")
		after(recordDelay/2, 1, "what it was woken for is recorded, and this one has not waited")
		after(recordDelay/2, 0, "now it has")
	})
}

// failing adds a hook that fails, and is tried once a minute, until it works.
func failing(hooks *events.Hooks) (j *journal, works *atomic.Bool) {
	works = &atomic.Bool{}
	j = hook(hooks, "h", func(context.Context, string) error {
		if !works.Load() {
			return errors.New("no")
		}
		return nil
	}, events.Backoff(func(int) time.Duration { return time.Minute }))
	return j, works
}

func TestALaneStaysClosedWhileItsConversationIsWorkedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j, works := failing(hooks)
		r := newRig(t, hooks, 100)
		require.NoError(t, r.announce("c"))
		r.workOn("c")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, r.reloads)
		require.NoError(t, r.announce("c"), "it goes the long way, behind the one that failed")
		works.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"c.1", "c.1", "c.2"}, j.read())
	})
}

func TestNoLaneStaysBlockedOnceItsConversationRests(t *testing.T) {
	for name, fails := range map[string]func(r *rig){
		"without more":            func(*rig) {},
		"after more that failed":  func(r *rig) { require.NoError(t, r.announce("c")) },
		"while the store is down": func(r *rig) { r.store.set(func() { r.store.before = func(store.Batch) error { return errLost } }) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				j, works := failing(hooks)
				r := newRig(t, hooks, 100)
				require.NoError(t, r.announce("c"))
				r.workOn("c")
				fails(r)
				time.Sleep(10 * time.Second)
				r.store.set(func() { r.store.before = nil })
				works.Store(true)
				time.Sleep(5 * time.Minute)
				require.Empty(t, r.unfinished("c"))
				r.rest("c")
				time.Sleep(5 * time.Second)
				synctest.Wait()
				require.Empty(t, r.blocked, "a lane that nothing happens in any more takes no memory")
				require.Empty(t, r.busy)
				before := len(j.read())
				require.NoError(t, r.announce("c"))
				synctest.Wait()
				require.Len(t, j.read(), before+1)
			})
		})
	}
}

// TestALaneThatIsJustDoneIsForgottenLikeAnyOther: between the end of its last delivery
// and the next look it is empty.
func TestALaneThatIsJustDoneIsForgottenLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newRig(t, events.NewHooks(), 10).Outbox
		d := delivery{Delivery: store.Delivery{Event: store.Event{ID: "e", ConversationID: "c", Seq: 1}, Hook: "h"}}
		o.mu.Lock()
		o.held.add(d.Key(), time.Now())
		o.lanes[d.lane()] = []delivery{d}
		o.mu.Unlock()
		require.True(t, o.finish(d.lane(), &d, result{outcome: store.Outcome{Did: store.Done}}))
		require.NotPanics(t, func() { o.Forget("c") })
		_, more := o.next(d.lane())
		require.False(t, more)
	})
}

// TestADeliveryIsNotLateForOneThatWasBeingRecordedWhenItWasAdded: whoever records that
// one does not see it yet, and tells nobody.
func TestADeliveryIsNotLateForOneThatWasBeingRecordedWhenItWasAdded(t *testing.T) {
	for _, takes := range []time.Duration{0, 20 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			hooks := events.NewHooks()
			j := hook(hooks, "h", nil)
			r := newRig(t, hooks, 100)
			time.Sleep(time.Second)
			first := store.Event{ID: "c.1", ConversationID: "c", Seq: 1, Type: string(events.TypeAgentConnected), Time: time.Now(), Data: []byte("{}")}
			done, err := r.store.Store.Commit(t.Context(), store.Batch{Owner: "other", Lease: lease, Changes: []*store.Change{{ID: "c",
				To:     conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c"}, conversation.Statement{By: conversation.SourceHost})),
				Events: []store.NewEvent{{Event: first, Deliveries: []store.NewDelivery{{Hook: "h", Claimed: true}}}}}}})
			require.NoError(t, err)
			require.NoError(t, done.Results[0].Err)
			r.seq["c"], r.backlog["c"] = 1, map[string]bool{"h": true}
			require.NoError(t, r.announce("c"))
			synctest.Wait()
			time.Sleep(takes)
			_, err = r.store.Store.Commit(t.Context(), store.Batch{Owner: "other", Outcomes: []store.Outcome{{Owner: "other", EventID: "c.1", ConversationID: "c", Seq: 1, Hook: "h", Did: store.Done}}})
			require.NoError(t, err)
			time.Sleep(max(firstAgain, takes))
			synctest.Wait()
			require.Equal(t, []string{"c.2"}, j.read())
		})
	}
}
