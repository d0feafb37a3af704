package inbox

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// in returns the ids of what lies in the entries.
func in(t *testing.T, entries []store.Entry) (ids []string) {
	t.Helper()
	for _, e := range entries {
		heard, err := unbundle(e.Data)
		require.NoError(t, err)
		for _, c := range heard {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func TestWhatWasHeardOfForgottenConversationsIsStruckOutOfEachBundle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("gone"), "a", "gone") // it does not take what it is told
		a := run(t, s, m, "a")
		for _, ids := range [][]string{{"c", "d", "c", "e"}, {"c"}, {"d"}, {"f", "c"}} {
			var list []Heard
			for _, id := range ids {
				list = append(list, Heard{"gone", heard(id, "tag", at)})
			}
			require.NoError(t, a.Pass(t.Context(), list))
			time.Sleep(time.Second)
		}
		lies := func() []store.Entry {
			entries, err := s.Inbox(t.Context(), store.InboxQuery{Owner: "gone", Limit: 100})
			require.NoError(t, err)
			return entries
		}
		before := lies()
		require.Equal(t, []string{"c", "d", "c", "e", "c", "d", "f", "c"}, in(t, before))
		require.NoError(t, a.Strike(t.Context(), map[string]bool{store.Digest("c"): true}))
		after := lies()
		require.Equal(t, []string{"d", "e", "d", "f"}, in(t, after))
		require.Len(t, after, 3)
		require.Equal(t, before[0].Key, after[0].Key, "whoever has read it before removes nothing that it has not seen")
		require.True(t, after[0].At.After(before[0].At))
		require.NoError(t, a.Strike(t.Context(), map[string]bool{store.Digest("c"): true}))
		require.Equal(t, after, lies())
	})
}

func TestAProcessThatIsToldLetsGoAndTakesTheNoticeAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		notices, err := a.Tell(t.Context(), []string{"b", "dead"}, []string{"x", "y"})
		require.NoError(t, err)
		require.Len(t, notices, 2)
		time.Sleep(time.Second)
		told := map[string]bool{"x": true, "y": true}
		require.Equal(t, []map[string]bool{told, told}, b.told(), "it takes that of the dead one, too")
		left, err := a.Untaken(t.Context(), notices)
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// A program that forgets and never runs is no process: nobody sees it come.
func TestAProcessThatIsAloneIsToldWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		b := run(t, s, newMembers(always("b"), "b"), "b")
		time.Sleep(lease + time.Second) // it has looked, and does so once in a lease anyway
		program := New(Config{Store: s, Commits: s, Name: "program", Lease: lease})
		notices, err := program.Tell(t.Context(), []string{"b"}, []string{"x"})
		require.NoError(t, err)
		time.Sleep(lookAlone)
		synctest.Wait()
		require.Equal(t, []map[string]bool{{"x": true}}, b.told())
		left, err := program.Untaken(t.Context(), notices)
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

func TestAProcessThatIsToldOfADecisionLooksWhatIsDueAndTakesTheNoticeAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		b := run(t, s, newMembers(always("b"), "b"), "b")
		program := New(Config{Store: s, Commits: s, Name: "program", Lease: lease})
		for n := range 3 {
			time.Sleep(lease + time.Second)
			require.NoError(t, program.TellDecided(t.Context(), []string{"b", "dead"}))
			time.Sleep(lookAlone)
			synctest.Wait()
			b.mu.Lock()
			require.Equal(t, 2*(n+1), b.decided, "it takes that of the dead one, too")
			b.mu.Unlock()
			left, err := s.Inbox(t.Context(), store.InboxQuery{Limit: 10})
			require.NoError(t, err)
			require.Empty(t, left)
		}
	})
}

func TestADecisionIsNotTakenForAnEarlierOneThoughTheClocksOfProcessesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		b := run(t, s, newMembers(always("b"), "b"), "b")
		behind := New(Config{Store: s, Commits: s, Name: "behind", Lease: lease, Now: func() time.Time { return time.Now().Add(-time.Minute) }})
		program := New(Config{Store: s, Commits: s, Name: "program", Lease: lease})
		var looked atomic.Int64
		b.Decided = func() {
			if looked.Add(1) == 1 { // it has looked, and the notice is still there
				assert.NoError(t, behind.TellDecided(t.Context(), []string{"b"}))
			}
		}
		require.NoError(t, program.TellDecided(t.Context(), []string{"b"}))
		time.Sleep(2 * lookAlone)
		synctest.Wait()
		require.EqualValues(t, 2, looked.Load())
	})
}
