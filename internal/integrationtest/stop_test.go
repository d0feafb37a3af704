package integrationtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
)

// TestAStopTakesNoLongerThanTheDrainTimeoutAlthoughPostgreSQLHangs, also when there
// is nothing to drain.
func TestAStopTakesNoLongerThanTheDrainTimeoutAlthoughPostgreSQLHangs(t *testing.T) {
	const timeout, slow = time.Second, 3 * time.Second // slow: what a busy machine may add
	s, w := wired(t)
	_, calls := wholeCalls(t, 1)
	n := &notes{}
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: n.hooks(t), Logger: quiet, DrainTimeout: timeout})
	require.NoError(t, err)
	stop := run(t, tracker)
	require.NoError(t, tracker.Observe(t.Context(), calls[0]))
	require.NoError(t, tracker.Settle(t.Context()))
	w.hung.Lock()
	defer w.hung.Unlock()
	began := time.Now()
	stop()
	require.Less(t, time.Since(began), timeout+slow)
}
