package membership

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/memstore"
)

func TestEachProcessTellsTheOthersWhatItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		held := 0
		holding := func() Holding {
			held++
			return Holding{Deliveries: held, Hooks: []string{"case-owner"}, Shares: map[string]Share{"polling": {Followed: 7, Leads: true}}}
		}
		a := New("a", s, lease, holding)
		require.NoError(t, a.Join(t.Context(), []string{"polling"}))
		require.NoError(t, a.Heartbeat(t.Context()))
		looks := New("looks", s, lease, nothing)
		is := func() []Member {
			members, err := looks.Members(t.Context())
			require.NoError(t, err)
			return members
		}
		now := time.Now()
		want := Holding{Deliveries: 2, Hooks: []string{"case-owner"}, Shares: map[string]Share{"polling": {Followed: 7, Leads: true}}}
		require.Equal(t, []Member{{"a", now.UTC(), []string{"polling"}, &want}}, is(), "who only looks is not one of them")
		time.Sleep(2*lease + time.Second)
		require.Empty(t, is(), "it is not heard of any more")
	})
}

func TestOfAProcessOfAnEarlierVersionItIsNotKnownWhatItHolds(t *testing.T) {
	s := memstore.New()
	value, err := json.Marshal(map[string]any{"members": map[string]any{"old": map[string]any{"beats": 3, "at": time.Now(), "sources": []string{"polling"}}}})
	require.NoError(t, err)
	_, err = s.SetValue(t.Context(), listName, value, 0)
	require.NoError(t, err)
	members, err := New("looks", s, lease, nothing).Members(t.Context())
	require.NoError(t, err)
	require.Len(t, members, 1)
	require.Nil(t, members[0].Holding)
}
