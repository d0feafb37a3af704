package inbox

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func TestDrainingReturnsWhenAllThatCanBeTakenIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMembers(always("a"), "a", "b")
		s := newStore()
		b := run(t, s, m, "b")
		a := run(t, s, m, "a")
		a.lanes.set(true, nil)
		for range 250 { // several pages
			b.pass(t, "c", "a")
		}
		require.NoError(t, b.Hint(t.Context(), []conversation.Hint{{ConversationID: "c", By: "test"}}), "which nobody can read")
		require.NoError(t, s.Deposit(t.Context(), []store.Entry{{Owner: "a", Key: "damaged", At: at, Data: []byte{form, 0xff}}}))
		go func() {
			time.Sleep(3 * time.Second)
			a.lanes.set(false, nil)
		}()
		began := time.Now()
		require.True(t, a.Drain(t.Context(), 10*time.Second))
		require.Len(t, a.lanes.ids(), 250)
		require.WithinDuration(t, began.Add(4*time.Second), time.Now(), 2*time.Second)
	})
}

func TestDrainingGivesUpWhenNothingCanBeTaken(t *testing.T) {
	for what, broken := range map[string]func(*rig){
		"no room":            func(r *rig) { r.lanes.set(true, nil) },
		"not stored":         func(r *rig) { r.lanes.set(false, errStopped) },
		"inbox is not given": func(r *rig) { r.store.breakReads(errStopped) },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, newStore(), newMembers(always("a"), "a", "b"), "a")
				broken(r)
				r.pass(t, "c", "a")
				began := time.Now()
				require.False(t, r.Drain(t.Context(), 10*time.Second))
				require.WithinDuration(t, began.Add(10*time.Second), time.Now(), time.Second)
			})
		})
	}
}
