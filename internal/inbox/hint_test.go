package inbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// api reads conversations, and remembers when.
type api struct {
	mu    sync.Mutex
	reads map[string][]time.Time
	takes time.Duration
	err   error
}

func newAPI() *api { return &api{reads: map[string][]time.Time{}} }

func (r *api) Read(_ context.Context, id string) error {
	r.mu.Lock()
	r.reads[id] = append(r.reads[id], time.Now())
	takes, err := r.takes, r.err
	r.mu.Unlock()
	time.Sleep(takes)
	return err
}

func (r *api) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// begun are the times at which reads of a conversation began.
func (r *api) begun(id string) []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reads[id])
}

func hint(id string) []conversation.Hint {
	return []conversation.Hint{{ConversationID: id, By: "data action"}}
}

// A flow's customer does not pay for what triggers say several times.
func TestAThousandHintsThatComeTogetherCostOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newStore(), newMembers(always("a"), "a"), "a")
		reader := newAPI()
		r.ReadBy(reader)
		for range 1000 {
			require.NoError(t, r.Hint(t.Context(), hint("c")))
		}
		time.Sleep(time.Minute)
		require.Len(t, reader.begun("c"), 1)
		require.Empty(t, r.left(t, "a"))
	})
}

func TestAfterEachHintAReadBeginsWithinASecondAndNotMoreThanOneASecond(t *testing.T) {
	for _, takes := range []time.Duration{0, 100 * time.Millisecond, 800 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			r := run(t, newStore(), newMembers(always("a"), "a"), "a")
			reader := newAPI()
			reader.takes = takes
			r.ReadBy(reader)
			var hinted []time.Time
			for range 1000 {
				require.NoError(t, r.Hint(t.Context(), hint("c")))
				hinted = append(hinted, time.Now())
				time.Sleep(7 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			begun := reader.begun("c")
			require.LessOrEqual(t, len(begun), 9, "seven seconds of hints")
			for _, at := range hinted {
				require.True(t, slices.ContainsFunc(begun, func(read time.Time) bool { return !read.Before(at) && read.Sub(at) <= time.Second }), "hinted at %v, read at %v", at, begun)
			}
			require.Empty(t, r.left(t, "a"))
		})
	}
}

func TestAHintIsNotTakenForAnEarlierOneThoughTheClocksOfProcessesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("a"), "a", "b")
		late := &storeOf{Store: s.Store, behind: time.Minute}
		a, b := run(t, s, m, "a"), run(t, late, m, "b")
		reader := newAPI()
		reader.takes = 500 * time.Millisecond
		a.ReadBy(reader)
		require.NoError(t, a.Hint(t.Context(), hint("c")))
		for len(reader.begun("c")) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		hinted := time.Now()
		require.NoError(t, b.Hint(t.Context(), hint("c")), "while the conversation is being read")
		time.Sleep(time.Minute)
		begun := reader.begun("c")
		require.Len(t, begun, 2)
		require.False(t, begun[1].Before(hinted))
		require.Empty(t, a.left(t, "a"))
	})
}

func TestAHintIsNotTakenForAnEarlierOneThoughTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := run(t, newStore(), newMembers(always("a"), "a"), "a")
		var back atomic.Bool
		a.Now = func() time.Time {
			if back.Load() {
				return time.Now().Add(-time.Hour)
			}
			return time.Now()
		}
		reader := newAPI()
		reader.takes = 500 * time.Millisecond
		a.ReadBy(reader)
		require.NoError(t, a.Hint(t.Context(), hint("c")))
		for len(reader.begun("c")) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		back.Store(true)
		hinted := time.Now()
		require.NoError(t, a.Hint(t.Context(), hint("c")), "while the conversation is being read")
		time.Sleep(time.Minute)
		begun := reader.begun("c")
		require.Len(t, begun, 2)
		require.False(t, begun[1].Before(hinted))
		require.Empty(t, a.left(t, "a"))
	})
}

func TestAReadThatFailsIsTriedAgainAtOnceWhenAnotherHintComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newStore(), newMembers(always("a"), "a"), "a")
		reader := newAPI()
		reader.fail(errors.New("503"))
		r.ReadBy(reader)
		require.NoError(t, r.Hint(t.Context(), hint("c")))
		time.Sleep(time.Hour)
		reader.fail(nil)
		before := len(reader.begun("c"))
		require.NoError(t, r.Hint(t.Context(), hint("c")))
		time.Sleep(time.Second)
		require.Len(t, reader.begun("c"), before+1)
		require.Empty(t, r.left(t, "a"))
	})
}

func TestAHintAboutAConversationThatWasVetoedCostsNoRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: "c", Vetoed: "not ours"}}})
		require.NoError(t, err)
		r := run(t, s, newMembers(always("a"), "a"), "a")
		reader := newAPI()
		r.ReadBy(reader)
		require.NoError(t, r.Hint(t.Context(), hint("c")))
		time.Sleep(time.Second)
		require.Empty(t, reader.begun("c"))
		require.Empty(t, r.left(t, "a"))
	})
}

func TestAHintSurvivesTheProcessThatAnsweredIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		answered := run(t, s, newMembers(always("a"), "a"), "a")
		require.NoError(t, answered.Hint(t.Context(), hint("c")))
		answered.stop()
		r := run(t, s, newMembers(always("b"), "b"), "b")
		reader := newAPI()
		r.ReadBy(reader)
		time.Sleep(time.Second)
		require.Len(t, reader.begun("c"), 1)
	})
}

func TestAReadThatFailsIsTriedAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newStore(), newMembers(always("a"), "a"), "a")
		reader := newAPI()
		reader.fail(errors.New("503"))
		r.ReadBy(reader)
		require.NoError(t, r.Hint(t.Context(), hint("c")))
		time.Sleep(time.Hour)
		require.InDelta(t, 20, len(reader.begun("c")), 5)
		reader.fail(nil)
		time.Sleep(6 * time.Minute)
		time.Sleep(time.Second)
		require.Empty(t, r.left(t, "a"))
	})
}

// readerFunc is a reader of the host's own.
type readerFunc func() error

func (f readerFunc) Read(context.Context, string) error { return f() }

func TestAReadThatDoesNotReturnAsItShouldHoldsUpNoOtherAndIsTriedAgain(t *testing.T) {
	for what, ends := range map[string]func() error{
		"panic":  func() error { panic("no") },
		"goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, newStore(), newMembers(always("a"), "a"), "a")
				var works atomic.Bool
				r.ReadBy(readerFunc(func() error {
					if works.Load() {
						return nil
					}
					return ends()
				}))
				for i := range 2 * mostReads {
					require.NoError(t, r.Hint(t.Context(), hint(fmt.Sprint("c", i))))
				}
				time.Sleep(time.Second)
				works.Store(true)
				require.NoError(t, r.Hint(t.Context(), hint("another")))
				time.Sleep(time.Minute)
				require.Empty(t, r.left(t, "a"))
			})
		})
	}
}

func TestAReadThatHangsIsGivenUpAndHoldsUpNoOther(t *testing.T) {
	for what, hangs := range map[string]func(ctx context.Context, forEver <-chan struct{}){
		"heeds its context": func(ctx context.Context, _ <-chan struct{}) { <-ctx.Done() },
		"heeds nothing":     func(_ context.Context, forEver <-chan struct{}) { <-forEver },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, newStore(), newMembers(always("a"), "a"), "a")
				forEver := make(chan struct{})
				t.Cleanup(func() { close(forEver) })
				var works atomic.Bool
				read := newAPI()
				r.ReadBy(readFunc(func(ctx context.Context, id string) error {
					if id == "sound" || works.Load() {
						return read.Read(ctx, id)
					}
					hangs(ctx, forEver)
					return ctx.Err()
				}))
				for i := range mostReads {
					require.NoError(t, r.Hint(t.Context(), hint(fmt.Sprint("hangs", i))))
				}
				time.Sleep(time.Second)
				require.NoError(t, r.Hint(t.Context(), hint("sound")))
				time.Sleep(readLimit + time.Second)
				require.Len(t, read.begun("sound"), 1)
				works.Store(true)
				time.Sleep(2 * readLimit)
				require.Empty(t, r.left(t, "a"), "they are read again")
				r.stop()
			})
		})
	}
}

type readFunc func(ctx context.Context, id string) error

func (f readFunc) Read(ctx context.Context, id string) error { return f(ctx, id) }

func TestAHintForAnotherProcessIsReadThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		here, there := newAPI(), newAPI()
		a.ReadBy(here)
		b.ReadBy(there)
		require.NoError(t, a.Hint(t.Context(), hint("c")))
		time.Sleep(time.Second)
		require.Empty(t, here.begun("c"))
		require.Len(t, there.begun("c"), 1)
	})
}

// TestAHintThatWasHandedOnHidesNoLaterOneThoughTheClocksOfProcessesDiffer: it is one of
// whoever hands it on.
func TestAHintThatWasHandedOnHidesNoLaterOneThoughTheClocksOfProcessesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("web"), "web", "flow", "worker")
		late := &storeOf{Store: s.Store, behind: time.Minute}
		web, flow, worker := run(t, s, m, "web"), run(t, late, m, "flow"), run(t, s, m, "worker")
		web.ReaderOf = always("worker")
		reader := newAPI()
		reader.takes = 500 * time.Millisecond
		worker.ReadBy(reader)
		require.NoError(t, flow.Hint(t.Context(), hint("c")))
		for len(reader.begun("c")) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		hinted := time.Now()
		require.NoError(t, flow.Hint(t.Context(), hint("c")))
		time.Sleep(time.Minute)
		begun := reader.begun("c")
		require.Len(t, begun, 2)
		require.False(t, begun[1].Before(hinted))
	})
}

func TestWhatAReaderCouldNotReadIsReadByTheOneThatFollowsIt(t *testing.T) {
	for name, follows := range map[string]func(here, there *rig, good *api){
		"here":               func(here, _ *rig, good *api) { here.ReadBy(good) },
		"in another process": func(here, there *rig, good *api) { there.ReadBy(good); here.ReadBy(nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s, m := newStore(), newMembers(always("a"), "a", "b")
			here, there := run(t, s, m, "a"), run(t, s, m, "b")
			here.ReaderOf = always("b")
			bad, good := newAPI(), newAPI()
			bad.fail(errors.New("401"))
			here.ReadBy(bad)
			require.NoError(t, here.Hint(t.Context(), hint("c")))
			time.Sleep(time.Hour)
			follows(here, there, good)
			time.Sleep(5 * time.Second)
			require.Len(t, good.begun("c"), 1, name)
		})
	}
}

func TestWhatWaitsForItsTurnIsReadByWhoReadsThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, newStore(), newMembers(always("a"), "a"), "a")
		release := make(chan struct{})
		r.ReadBy(readFunc(func(_ context.Context, id string) error {
			if id != "late" {
				<-release
			}
			return errors.New("401")
		}))
		require.NoError(t, r.Hint(t.Context(), hint("late")))
		time.Sleep(time.Hour) // its pauses are five minutes by now
		for i := range mostReads {
			require.NoError(t, r.Hint(t.Context(), hint(fmt.Sprint("c", i))))
		}
		time.Sleep(time.Second)
		require.NoError(t, r.Hint(t.Context(), hint("late"))) // now it waits for a place
		time.Sleep(2 * time.Second)
		good := newAPI()
		r.ReadBy(good)
		close(release)
		time.Sleep(10 * time.Second)
		require.Len(t, good.begun("late"), 1)
	})
}
