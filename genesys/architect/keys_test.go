package architect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// values is a Memory for one goroutine.
type values map[string][]byte

func (v values) Value(_ context.Context, name string) ([]byte, int64, error) { return v[name], 1, nil }

func (v values) SetValue(_ context.Context, name string, value []byte, _ int64) (int64, error) {
	v[name] = value
	return 1, nil
}

func TestWhatIsRememberedDoesNotGrowWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := values{}
		k := newKeys(kept, slog.New(slog.DiscardHandler), 16)
		const day, days = 100, 30
		for d := range days {
			for n := range day {
				_, err := k.once(t.Context(), fmt.Sprint(d, "/", n), func(context.Context) (string, error) { return "e", nil })
				require.NoError(t, err)
			}
			time.Sleep(24 * time.Hour)
		}
		n := 0
		for _, value := range kept {
			var all map[string]launched
			require.NoError(t, json.Unmarshal(value, &all))
			n += len(all)
		}
		require.LessOrEqual(t, len(kept), 16)
		require.LessOrEqual(t, n, 8*day)
	})
}

// TestALaunchIsTakenForLostByTheClockOfWhoAsks: the clock of whoever began it may be
// another one.
func TestALaunchIsTakenForLostByTheClockOfWhoAsks(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"an hour ahead": time.Hour, "two minutes behind": -2 * time.Minute, "right": 0} {
		synctest.Test(t, func(t *testing.T) {
			kept := values{}
			began := newKeys(kept, slog.New(slog.DiscardHandler), 1)
			_, err := began.once(t.Context(), "k", func(context.Context) (string, error) { return "", errors.New("nobody knows") })
			require.Error(t, err)
			require.NoError(t, began.change(t.Context(), "architect/flows/0", func(all map[string]launched) bool {
				for entry, is := range all {
					all[entry] = launched{At: is.At.Add(ahead)}
				}
				return true
			}))

			asks, launches := newKeys(kept, slog.New(slog.DiscardHandler), 1), 0
			ask := func() error {
				_, err := asks.once(t.Context(), "k", func(context.Context) (string, error) { launches++; return "e", nil })
				return err
			}
			for range 6 {
				require.ErrorIs(t, ask(), ErrStarting, name)
				time.Sleep(startingFor / 6)
			}
			require.NoError(t, ask(), name)
			require.NoError(t, ask())
			require.Equal(t, 1, launches)
			require.Empty(t, asks.unfinished)
		})
	}
}

func TestALaunchOfLongAgoIsLostForEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := values{}
		_, err := newKeys(kept, slog.New(slog.DiscardHandler), 1).once(t.Context(), "k", func(context.Context) (string, error) { return "", errors.New("nobody knows") })
		require.Error(t, err)
		time.Sleep(clocksApart)
		id, err := newKeys(kept, slog.New(slog.DiscardHandler), 1).once(t.Context(), "k", func(context.Context) (string, error) { return "e", nil })
		require.NoError(t, err)
		require.Equal(t, "e", id)
	})
}
