package polling

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// values is the part of a tracker that keeps values.
type values struct {
	genesys.Tracked

	value   []byte
	version int64
	down    bool
	before  func() // is called before a value is set, as another process may be
}

var errDown = errors.New("the store is down")

func (v *values) Value(context.Context, string) ([]byte, int64, error) {
	if v.down {
		return nil, 0, errDown
	}
	return v.value, v.version, nil
}

func (v *values) SetValue(_ context.Context, _ string, value []byte, version int64) (int64, error) {
	if before := v.before; before != nil {
		v.before = nil
		before()
	}
	switch {
	case v.down:
		return 0, errDown
	case version != v.version:
		return 0, errors.New("conflict")
	}
	v.value = value
	v.version++
	return v.version, nil
}

func TestThePositionOutlivesTheProcess(t *testing.T) {
	v, noon := &values{}, time.Unix(1e9, 0).UTC()
	p := newPosition(v, "polling")
	require.NoError(t, p.load(t.Context()))
	require.NoError(t, p.change(t.Context(), func(is *state) { is.Discovered, is.Late["1h"] = noon, noon }))
	next := newPosition(v, "polling")
	require.NoError(t, next.load(t.Context()))
	require.Equal(t, noon, read(next, func(is *state) time.Time { return is.Discovered }))
	require.Equal(t, noon, read(next, func(is *state) time.Time { return is.Late["1h"] }))
}

func TestAChangeOfThePositionThatLosesARaceIsMadeAgainOnWhatTheOtherSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, noon := &values{}, time.Unix(1e9, 0).UTC()
		one, other := newPosition(v, "polling"), newPosition(v, "polling")
		require.NoError(t, one.load(t.Context()))
		require.NoError(t, other.load(t.Context()))
		v.before = func() { require.NoError(t, other.change(t.Context(), func(is *state) { is.Repair = noon })) }
		require.NoError(t, one.change(t.Context(), func(is *state) { is.Discovered = noon }))
		require.NoError(t, other.load(t.Context()))
		for _, p := range []*position{one, other} {
			require.Equal(t, []time.Time{noon, noon}, read(p, func(is *state) []time.Time { return []time.Time{is.Discovered, is.Repair} }))
		}
	})
}

func TestAChangeHoldsWhileTheStoreIsDownAndIsSavedWithTheNext(t *testing.T) {
	v, noon := &values{}, time.Unix(1e9, 0).UTC()
	p := newPosition(v, "polling")
	require.NoError(t, p.load(t.Context()))
	v.down = true
	require.ErrorIs(t, p.change(t.Context(), func(is *state) { is.Discovered = noon }), errDown)
	require.Equal(t, noon, read(p, func(is *state) time.Time { return is.Discovered }))
	v.down = false
	require.NoError(t, p.change(t.Context(), func(is *state) { is.Jobs = noon }))
	next := newPosition(v, "polling")
	require.NoError(t, next.load(t.Context()))
	require.Equal(t, noon, read(next, func(is *state) time.Time { return is.Discovered }))
}

// A clock that is set back while the process runs is noticed as after a restart.
func TestTheTimesOfThePositionAreThoseOfTheWallClock(t *testing.T) {
	for name, down := range map[string]bool{"the store is up": false, "the store is down": true} {
		t.Run(name, func(t *testing.T) {
			v := &values{}
			p := newPosition(v, "polling")
			require.NoError(t, p.load(t.Context()))
			v.down = down
			err := p.change(t.Context(), func(is *state) { is.Discovered, is.Late["1h"] = time.Now(), time.Now() })
			require.Equal(t, down, err != nil)
			for _, of := range []func(*state) time.Time{
				func(is *state) time.Time { return is.Discovered }, func(is *state) time.Time { return is.Late["1h"] },
			} {
				got := read(p, of)
				require.Equal(t, got.Round(0), got)
				require.WithinDuration(t, time.Now(), got, time.Minute)
			}
			v.down = false
			require.NoError(t, p.change(t.Context(), func(is *state) { is.Late["24h"] = time.Now() }))
			require.Len(t, read(p, func(is *state) map[string]time.Time { return is.Late }), 2)
		})
	}
}

func TestAPositionThatIsNoneIsNotOverwritten(t *testing.T) {
	v := &values{value: []byte(`"somebody else's"`), version: 3}
	require.ErrorContains(t, newPosition(v, "polling").load(t.Context()), "choose another Config.Name")
	require.Equal(t, int64(3), v.version)
}
