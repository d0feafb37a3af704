package architect

import (
	"context"
	"encoding/json"
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
		k := &keys{kept, slog.New(slog.DiscardHandler), 16}
		const day, days = 100, 30
		for d := range days {
			for n := range day {
				_, err := k.once(t.Context(), fmt.Sprint(d, "/", n), func() (string, error) { return "e", nil })
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
