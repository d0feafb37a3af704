package notifications_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// startAs runs a source as the process with that name; kill ends it as kill -9
// does: it records nothing any more.
func (w *world) startAs(name string, topics []string) (stop, kill func()) {
	stop = w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, name}})
	return stop, func() {
		undo := w.kept.freeze()
		stop()
		undo()
	}
}

// date sets the time of all recorded signs of life.
func (s *shelf) date(t *testing.T, at time.Time) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.values["notifications"]
	var state map[string]any
	require.NoError(t, json.Unmarshal(is.value, &state))
	signs, _ := state["signs"].([]any)
	require.NotEmpty(t, signs)
	for _, sign := range signs {
		sign.(map[string]any)["at"] = at
	}
	value, err := json.Marshal(state)
	require.NoError(t, err)
	s.values["notifications"] = shelved{value, is.version + 1}
}

// freeze keeps the recorded state as it is until undo is called.
func (s *shelf) freeze() (undo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.frozen = false
	}
}

func TestTheLatestSignOfLifeDecidesNotThatOfADeadProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a", "b", "c")
		_, killA := w.startAs("a", topics)
		_, killB := w.startAs("b", topics)
		_, killC := w.startAs("c", topics)
		w.settle(10 * time.Minute)
		killA()
		w.kept.members("b", "c")
		w.settle(3 * time.Hour)
		killB()
		w.kept.members("c")
		w.settle(3 * time.Hour)
		killC()
		killed := time.Now()
		w.kept.members()
		w.settle(time.Minute)
		gaps := len(w.heard.closed())
		w.kept.members("d", "e")
		w.startAs("d", topics)
		w.startAs("e", topics)
		w.settle(10 * time.Minute)
		for _, g := range w.heard.closed()[gaps:] {
			require.WithinDuration(t, killed, g.From, 70*time.Second, "%+v", g)
			require.False(t, g.From.After(killed))
		}
		require.NotEmpty(t, w.heard.closed()[gaps:])
	})
}

// A process whose clock was ahead does not prove when topics were heard, and its
// sign of life hides none of a later process.
func TestASignOfLifeOfAClockThatWasAheadHidesNoBlindness(t *testing.T) {
	for _, ahead := range []time.Duration{2 * time.Minute, time.Hour, 24 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.kept.members("a")
				_, kill := w.startAs("a", callTopics)
				w.settle(10 * time.Minute)
				kill()
				w.kept.date(t, time.Now().Add(ahead))
				w.kept.members("b")
				_, kill = w.startAs("b", callTopics)
				w.settle(10 * time.Minute)
				kill()
				killed := time.Now()
				w.settle(20 * time.Minute)
				w.kept.members("c")
				w.startAs("c", callTopics)
				gaps := w.heard.closed()
				require.Len(t, gaps, 3)
				require.Zero(t, gaps[1].From, "nobody knows since when")
				require.WithinDuration(t, killed, gaps[2].From, 70*time.Second)
				require.False(t, gaps[2].From.After(killed))
			})
		})
	}
}

func TestACleanStopIsAGapFromThatMomentOn(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.kept.members("a")
		stop, _ := w.startAs("a", callTopics)
		w.settle(10*time.Minute + 17*time.Second)
		stop()
		stopped := time.Now()
		w.settle(20 * time.Minute)
		w.kept.members("b")
		w.startAs("b", callTopics)
		gaps := w.heard.closed()
		require.Len(t, gaps, 2)
		require.WithinDuration(t, stopped, gaps[1].From, 2*time.Second)
		require.False(t, gaps[1].From.After(stopped))
		require.Equal(t, 1, w.created(), "its channel is free")
	})
}

// A rolling update starts the next process before it stops the last one.
func TestARollingUpdateIsBlindForNoLongerThanTopicsChangeHands(t *testing.T) {
	for _, together := range []time.Duration{5 * time.Second, 20 * time.Second, 50 * time.Second, 3 * time.Minute, time.Hour} {
		t.Run(together.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				topics := topicsOfUsers(40)
				w.kept.members("p0")
				stop, _ := w.startAs("p0", topics)
				w.settle(2 * time.Hour)
				for i := 1; i <= 3; i++ {
					last, next := fmt.Sprint("p", i-1), fmt.Sprint("p", i)
					gaps := len(w.heard.closed())
					w.kept.members(last, next)
					stopNext, _ := w.startAs(next, topics)
					w.settle(together)
					stop()
					stopped := time.Now()
					w.kept.members(next)
					w.settle(10 * time.Minute)
					for _, g := range w.heard.closed()[gaps:] {
						require.WithinDuration(t, stopped, g.From, 2*time.Second, "%+v", g)
						require.WithinDuration(t, stopped, g.To, 2*time.Second, "%+v", g)
					}
					stop = stopNext
				}
				require.Zero(t, w.unheard(len(topics)))
			})
		})
	}
}

func TestAnAddedProcessReportsNoGap(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a")
		w.startAs("a", topics)
		w.settle(2 * time.Hour)
		w.kept.members("a", "b")
		w.startAs("b", topics)
		w.settle(time.Hour)
		require.Len(t, w.heard.all(), 1, "that of the first start")
		require.Zero(t, w.unheard(len(topics)))
	})
}

// While its lease lasts, a process that was killed looks as if it were alive.
func TestAKilledProcessThatSeemsAliveIsAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a")
		_, kill := w.startAs("a", topics)
		w.settle(2 * time.Hour)
		kill()
		killed := time.Now()
		gaps := len(w.heard.closed())
		w.kept.members("a", "b") // b is started again at once
		w.startAs("b", topics)
		w.settle(20 * time.Second)
		w.kept.members("b")
		w.settle(5 * time.Minute)
		repaired := w.heard.closed()[gaps:]
		require.NotEmpty(t, repaired)
		first := repaired[0]
		for _, g := range repaired {
			require.WithinDuration(t, killed, g.From, 70*time.Second)
			require.False(t, g.From.After(killed), "%+v", g)
			require.False(t, g.To.Before(killed), "%+v", g)
			if g.To.After(first.To) {
				first = g
			}
		}
		require.WithinDuration(t, killed.Add(22*time.Second), first.To, 30*time.Second)
		require.Zero(t, w.unheard(len(topics)))
	})
}

func TestAGapIsNotForgottenWhenTheNextProcessDiesBeforeItHears(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.kept.members("a")
		_, kill := w.startAs("a", callTopics)
		w.settle(time.Hour)
		kill()
		killed := time.Now()
		undo := w.server.Faults().Requests(allFail)
		for _, name := range []string{"b", "c"} {
			w.kept.members(name)
			_, kill := w.startAs(name, callTopics)
			w.settle(10 * time.Minute)
			kill()
		}
		undo()
		w.kept.members("d")
		w.startAs("d", callTopics)
		gaps := w.heard.closed()
		last := gaps[len(gaps)-1]
		require.WithinDuration(t, killed, last.From, 70*time.Second)
		require.False(t, last.From.After(killed))
	})
}

func TestAConversationThatTheStoreRefusesDoesNotHideThatTheOthersWereHeard(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		config := notifications.Config{Topics: callTopics, Tracked: w.kept}
		cancel, ended := w.open(config, func(ctx context.Context, u conversation.Update) error {
			for _, c := range u.Conversations {
				if c.ID == "bad" {
					return errors.New("the row is refused")
				}
			}
			return w.heard.sink(ctx, u)
		})
		w.settle(time.Second)
		s := genesystest.BlindTransferToQueue()
		s.ID = "bad"
		w.server.Play(s)
		for i := range 6 {
			w.settle(20 * time.Minute)
			next := genesystest.BlindTransferToQueue()
			next.ID = fmt.Sprint("good-", i)
			w.server.Play(next)
		}
		w.settle(10 * time.Minute)
		cancel()
		require.NoError(t, <-ended)
		stopped, gaps := time.Now(), len(w.heard.closed())
		w.start(config)
		w.settle(time.Minute)
		require.Len(t, w.heard.closed(), gaps+1)
		require.WithinDuration(t, stopped, w.heard.closed()[gaps].From, time.Minute)
	})
}
