package pgstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

func setting(name, value string) func(*pgxpool.Config) {
	return func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams[name] = value }
}

// What a database, a role or a connection is set to changes nothing of what is
// written and read.
func TestSettingsChangeNothing(t *testing.T) {
	third := 1.0 / 3
	at := time.Date(1890, 2, 3, 4, 5, 6, 789_000, time.UTC) // in many places before there were hours of offset
	filled := stated(at, &conversation.Conversation{ID: "c", Start: at, DivisionIDs: []string{"a\\b", `q"u'ote`, "NULL"}, Attributes: map[string]string{`\x41`: `it's \ "so"`},
		Surveys: []*conversation.Survey{{ID: "s", TotalScore: &third, CompletedDate: at}}})
	write := func(t *testing.T, s opened) store.Record {
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: "c", To: conversation.Merge(nil, filled),
			Pending: []store.Pending{{EventID: "p", Due: at}},
			Events:  []store.NewEvent{{Event: store.Event{ID: "c.1", ConversationID: "c", Seq: 1, Type: "t", Time: at, Data: []byte(`{"a":"\\"}`)}}}}}})
		require.NoError(t, err)
		records, err := s.Load(t.Context(), "c")
		require.NoError(t, err)
		_, err = s.SetValue(t.Context(), "bytes", []byte("\x00\xff\\"), 0)
		require.NoError(t, err)
		value, _, err := s.Value(t.Context(), "bytes")
		require.NoError(t, err)
		require.Equal(t, "\x00\xff\\", string(value))
		ids, next, err := s.Due(t.Context(), at, 1)
		require.NoError(t, err)
		require.Equal(t, []string{"c"}, ids)
		require.True(t, next.IsZero())
		events, err := s.Events(t.Context(), "c")
		require.NoError(t, err)
		require.True(t, at.Equal(events[0].Time), events[0].Time)
		return records[0]
	}
	want := write(t, open(t))
	for _, x := range [][2]string{{"bytea_output", "escape"}, {"bytea_output", "hex"}, {"datestyle", "SQL, DMY"}, {"datestyle", "German"}, {"datestyle", "Postgres, MDY"},
		{"intervalstyle", "sql_standard"}, {"intervalstyle", "iso_8601"}, {"timezone", "Asia/Kathmandu"}, {"timezone", "America/St_Johns"}, {"timezone", "Europe/Amsterdam"},
		{"extra_float_digits", "0"}, {"extra_float_digits", "-15"}, {"extra_float_digits", "3"}, {"array_nulls", "off"}, {"transform_null_equals", "on"},
		{"standard_conforming_strings", "off"}, {"backslash_quote", "off"}, {"lc_numeric", "C"}, {"lc_monetary", "C"}, {"lc_time", "C"}, {"default_transaction_isolation", "serializable"}} {
		for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
			t.Run(fmt.Sprint(x[0], " ", x[1], " ", m), func(t *testing.T) {
				if x[0] == "standard_conforming_strings" && m == pgx.QueryExecModeSimpleProtocol { // no text could be written safely
					_, err := pgstore.New(t.Context(), cluster.Pool(t, cluster.Schema(t), setting(x[0], x[1]), mode(m)), nil)
					require.ErrorContains(t, err, x[0])
					return
				}
				require.Equal(t, want, write(t, open(t, setting(x[0], x[1]), mode(m))))
			})
		}
	}
}

func TestAnotherEncodingIsRefused(t *testing.T) {
	_, err := pgstore.New(t.Context(), cluster.Pool(t, cluster.Schema(t), setting("client_encoding", "LATIN1")), nil)
	require.ErrorContains(t, err, "both must be UTF8")
}
