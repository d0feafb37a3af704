package membership

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/memstore"
)

const lease = 15 * time.Second

func nothing() Holding { return Holding{} }

// join joins processes that share a store, and returns once each knows of the others.
func join(t *testing.T, s *memstore.Store, names ...string) []*Membership {
	t.Helper()
	var all []*Membership
	for _, name := range names {
		m := New(name, s, lease, nothing)
		require.NoError(t, m.Join(t.Context(), []string{"polling"}))
		all = append(all, m)
	}
	for _, m := range all {
		require.NoError(t, m.Heartbeat(t.Context()))
	}
	return all
}

func owners(all []*Membership, source, key string) (names []string) {
	for _, m := range all {
		if m.Owns(source, key) {
			names = append(names, m.name)
		}
	}
	return names
}

func TestEverythingIsLookedAfterByOneProcessAndAllGetTheirShare(t *testing.T) {
	all := join(t, memstore.New(), "a", "b", "c")
	count := map[string]int{}
	for i := range 3000 {
		names := owners(all, "", fmt.Sprint("conversation-", i))
		require.Len(t, names, 1)
		require.Equal(t, names[0], all[0].Owner("", fmt.Sprint("conversation-", i)))
		count[names[0]]++
	}
	for name, n := range count {
		require.InDelta(t, 1000, n, 150, name)
	}
}

func TestWhenAProcessGoesOnlyItsShareMoves(t *testing.T) {
	s := memstore.New()
	all := join(t, s, "a", "b", "c")
	before := map[string]string{}
	for i := range 1000 {
		key := fmt.Sprint("conversation-", i)
		before[key] = all[0].Owner("", key)
	}
	changed := all[0].Changed()
	require.NoError(t, all[2].Leave(t.Context()))
	require.NoError(t, all[0].Heartbeat(t.Context()))
	<-changed
	require.False(t, all[0].Alive("c"))
	for key, was := range before {
		if now := all[0].Owner("", key); was != "c" {
			require.Equal(t, was, now)
		}
	}
}

func TestAProcessThatIsGoingToLeaveLooksAfterNothingAsLongAsOthersAreThere(t *testing.T) {
	all := join(t, memstore.New(), "a", "b", "c")
	require.NoError(t, all[2].Retire(t.Context()))
	require.NoError(t, all[0].Heartbeat(t.Context()))
	require.NoError(t, all[1].Heartbeat(t.Context()))
	for i := range 100 {
		names := owners(all, "polling", fmt.Sprint("conversation-", i))
		require.Len(t, names, 1)
		require.NotEqual(t, "c", names[0])
	}
	require.True(t, all[0].Alive("c"), "it still takes what lies in its inbox")
	require.NoError(t, all[0].Leave(t.Context()))
	require.NoError(t, all[1].Leave(t.Context()))
	require.NoError(t, all[2].Heartbeat(t.Context()))
	require.True(t, all[2].Owns("", "anything"), "nobody else is there")
	require.NoError(t, all[2].Join(t.Context(), nil))
	require.NoError(t, all[0].Heartbeat(t.Context()))
	require.Len(t, owners([]*Membership{all[0], all[2]}, "", "anything"), 1)
}

func TestAProcessThatIsNotHeardOfForALeaseIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		all := join(t, s, "a", "dies")
		for range 4 {
			time.Sleep(lease / 3)
			require.NoError(t, all[0].Heartbeat(t.Context()))
		}
		require.False(t, all[0].Alive("dies"))
		require.True(t, all[0].Owns("", "anything"))
	})
}

func TestAProcessThatIsStrickenOutComesBackWithItsNextHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		all := join(t, s, "a", "paused")
		require.NoError(t, all[0].Heartbeat(t.Context()))
		time.Sleep(2 * lease)
		require.NoError(t, all[0].Heartbeat(t.Context()))
		require.False(t, all[0].Alive("paused"))
		require.NoError(t, all[1].Heartbeat(t.Context()))
		require.NoError(t, all[0].Heartbeat(t.Context()))
		require.True(t, all[0].Alive("paused"))
	})
}

// otherClock is what a process writes whose clock is set otherwise.
type otherClock struct {
	*memstore.Store
	name  string
	ahead time.Duration
}

func (c otherClock) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	l := list{}
	if err := json.Unmarshal(value, &l); err != nil {
		return 0, err
	}
	if is, there := l.Members[c.name]; there {
		is.At = time.Now().Add(c.ahead)
		l.Members[c.name] = is
	}
	value, err := json.Marshal(l)
	if err != nil {
		return 0, err
	}
	return c.Store.SetValue(ctx, name, value, version)
}

func TestAProcessWhoseClockIsSetOtherwiseIsAMemberAsTheOthersAre(t *testing.T) {
	for _, ahead := range []time.Duration{-24 * time.Hour, -3 * lease, -lease, lease, 3 * lease, 24 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.New()
				all := []*Membership{New("other", otherClock{s, "other", ahead}, lease, nothing), New("a", s, lease, nothing), New("b", s, lease, nothing)}
				for range 3 { // a and b come, see it, and begin anew
					for _, m := range all {
						require.NoError(t, m.Join(t.Context(), nil))
					}
					time.Sleep(lease / 3)
				}
				changed := all[1].Changed()
				for range 20 {
					for _, m := range all {
						require.NoError(t, m.Heartbeat(t.Context()))
						for _, of := range all {
							require.True(t, m.Alive(of.name), "%s is alive for %s", of.name, m.name)
						}
					}
					time.Sleep(lease / 3)
				}
				select {
				case <-changed:
					t.Fatal("the members do not change all the time")
				default:
				}
			})
		})
	}
}

func TestASourceIsLookedAfterByThoseWhoRunIt(t *testing.T) {
	s := memstore.New()
	all := join(t, s, "a", "b")
	other := New("other", s, lease, nothing)
	require.NoError(t, other.Join(t.Context(), []string{"notifications"}))
	require.NoError(t, all[0].Heartbeat(t.Context()))
	require.True(t, all[0].Alive("other"))
	for i := range 100 {
		require.NotEqual(t, "other", all[0].Owner("polling", fmt.Sprint(i)), "it does not run that")
	}
}

func TestAListThatIsDamagedIsWrittenAnew(t *testing.T) {
	s := memstore.New()
	_, err := s.SetValue(t.Context(), listName, []byte("{"), 0)
	require.NoError(t, err)
	all := join(t, s, "a", "b")
	require.True(t, all[0].Alive("b"))
}

// down is a store that does not answer.
type down struct{}

var errDown = errors.New("down")

func (down) Value(context.Context, string) ([]byte, int64, error) { return nil, 0, errDown }
func (down) SetValue(context.Context, string, []byte, int64) (int64, error) {
	return 0, errDown
}

func TestAHeartbeatThatTheStoreDoesNotTakeIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New("a", down{}, lease, nothing)
		ctx, cancel := context.WithTimeout(t.Context(), lease+time.Second)
		defer cancel()
		failed := 0
		m.HeartbeatLoop(ctx, func(err error) { require.ErrorIs(t, err, errDown); failed++ })
		require.Equal(t, 3, failed)
	})
}

func TestAProcessWithALongerLeaseIsAMemberAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		short, long := New("short", s, lease, nothing), New("long", s, 4*lease, nothing)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		for _, m := range []*Membership{short, long} {
			require.NoError(t, m.Join(ctx, nil))
			go m.HeartbeatLoop(ctx, func(err error) { t.Error(err) })
		}
		time.Sleep(lease)
		changed := short.Changed()
		time.Sleep(9 * time.Minute)
		require.True(t, short.Alive("long"))
		select {
		case <-changed:
			t.Fatal("it went and came back")
		default:
		}
	})
}

func TestASourceThatIsDroppedIsNotRunHereFromThenOn(t *testing.T) {
	m := New("a", memstore.New(), time.Minute, func() Holding { return Holding{} })
	require.NoError(t, m.Join(t.Context(), []string{"x"}))
	require.Equal(t, "a", m.Runner("x", "k"))
	changed := m.Changed()
	m.Drop("x")
	select {
	case <-changed:
	default:
		require.Fail(t, "nobody is told")
	}
	require.Empty(t, m.Runner("x", "k"))
}
