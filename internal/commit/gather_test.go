package commit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/lane"
)

func TestWhatComesDuringACommitOfManyConversationsGathers(t *testing.T) {
	const none = time.Duration(0)
	for _, x := range []struct {
		name        string
		first, then int           // conversations that are heard of before the commit begins, and during it
		after       time.Duration // that it ends; zero: later
		waits       time.Duration
	}{
		{name: "a commit of few delays nobody", first: many - 1, then: 1, waits: none},
		{name: "a commit of many has the next ones gather for a moment", first: many, then: 1, waits: gatherMost},
		{name: "they need not wait when it has ended", first: many, then: 1, after: 3 * time.Millisecond, waits: 3 * time.Millisecond},
		{name: "nor when they are as many as go into a commit", first: many, then: 20, waits: none},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Config{Lanes: lane.New(100, errClosed), BatchSize: 20})
				hear := func(from, n int) {
					for i := range n {
						require.NoError(t, c.Lanes.Push(t.Context(), said(fmt.Sprint(from+i), at), lane.NewReceipt()))
					}
				}
				hear(0, x.first)
				require.Len(t, c.gather(t.Context()), x.first)
				if x.after > 0 {
					time.AfterFunc(x.after, func() { c.underWay.add(-x.first) })
				}
				hear(x.first, x.then)
				began := time.Now()
				require.Len(t, c.gather(t.Context()), x.then)
				require.Equal(t, x.waits, time.Since(began))
			})
		})
	}
}

func TestACommitOfManyCountsForAMomentAfterItsEndWhereProcessesShareTheStore(t *testing.T) {
	for _, x := range []struct {
		shared bool
		size   int
		waits  time.Duration
	}{{true, many, gatherMost}, {true, many - 1, 0}, {false, many, 0}} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Config{Lanes: lane.New(100, errClosed), BatchSize: 20, Shared: func() bool { return x.shared }})
			c.underWay.add(x.size)
			c.over(x.size)
			require.NoError(t, c.Lanes.Push(t.Context(), said("a", at), lane.NewReceipt()))
			began := time.Now()
			require.Len(t, c.gather(t.Context()), 1)
			require.Equal(t, x.waits, time.Since(began))
		})
	}
}
