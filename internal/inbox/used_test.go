package inbox

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsUsedUpGoesWithACommitOrIsRemovedSoonAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		a.pass(t, "c", "b")
		time.Sleep(20 * time.Millisecond)
		keys := b.TakeUsed()
		require.Len(t, keys, 1)
		require.Empty(t, b.TakeUsed(), "they are in one commit only")
		time.Sleep(10 * time.Second)
		require.Len(t, b.left(t, "b"), 1, "the commit that has them is under way")
		require.Len(t, b.lanes.ids(), 1, "nobody takes them again meanwhile")
		b.ReturnUsed(keys)
		time.Sleep(2 * removeWithin)
		synctest.Wait()
		require.Empty(t, b.left(t, "b"), "the commit has failed")
		require.Len(t, b.lanes.ids(), 1)
	})
}

func TestABundleIsKeptUntilAllOfItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		b.lanes.set(false, errors.New("the store refuses"))
		require.NoError(t, a.Pass(t.Context(), []Heard{{"b", heard("c", "tag", at)}, {"b", heard("d", "tag", at)}}))
		time.Sleep(10*time.Second + time.Microsecond) // not at the moment at which it is tried again
		require.Len(t, b.left(t, "b"), 1)
		b.lanes.set(false, nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Empty(t, b.left(t, "b"))
		require.Equal(t, []string{"c", "d"}, b.lanes.ids())
	})
}
