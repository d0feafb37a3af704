package pgstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// TestAPageOfWhatHasFailedReadsNoMoreThanThePage: while the case system is away all day
// a hundred thousand deliveries fail, and Health counts them.
func TestAPageOfWhatHasFailedReadsNoMoreThanThePage(t *testing.T) {
	s := open(t)
	require.NoError(t, updateAll(t.Context(), s, references(t, s, 0, 1)))
	copies := func(table, with string) string {
		return `insert into ` + table + ` select (jsonb_populate_record(x, jsonb_build_object('conversation_id', 'c-' || g, ` + with + `))).*
			from ` + table + ` x, generate_series(1, 20000) g where x.ctid = (select min(ctid) from ` + table + `)`
	}
	for _, sql := range []string{
		copies("cdm_event", `'event_id', 'e-' || g`),
		copies("cdm_delivery", `'event_id', 'e-' || g, 'state', 'parked', 'failed_at', now() + g * interval '1 second', 'type', 'agent.connected', 'error', 'down'`),
		"analyze",
	} {
		_, err := s.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	for _, q := range []store.FailedQuery{{}, {Hook: "hook"}} {
		plan, err := s.PlanOfFailed(t.Context(), q)
		require.NoError(t, err)
		require.Contains(t, plan, "Index Scan using cdm_delivery_parked", plan)
		require.NotContains(t, plan, "Seq Scan", plan)
		require.Contains(t, plan, "Incremental Sort", plan)
		seen, after := 0, ""
		for range 3 {
			q.After = after
			page, err := s.Failed(t.Context(), q)
			require.NoError(t, err)
			seen, after = seen+len(page.Items), page.Next
		}
		require.Equal(t, 300, seen)
	}
}
