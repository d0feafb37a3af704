package rows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// told decodes what a scenario's messages say.
func told(t *testing.T, messages [][]byte) []*conversation.Conversation {
	t.Helper()
	var all []*conversation.Conversation
	for i, data := range messages {
		m, err := genesys.Decode(data, epoch.Add(time.Duration(i)*time.Second))
		require.NoError(t, err)
		all = append(all, m.Conversations...)
	}
	return all
}

func TestEveryScenarioComesBackByteByByteFromItsRows(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		t.Run(scenario.Name, func(t *testing.T) {
			s := scenario.Story()
			for _, messages := range [][][]byte{s.Snapshots(), s.Details(), s.Records(), s.MediaSnapshots()} {
				var c *conversation.Conversation
				for _, said := range told(t, messages) {
					c = conversation.Merge(c, said)
				}
				stored := newTables()
				stored.write(t, nil, c)
				require.Equal(t, encoded(t, c), encoded(t, stored.read(t, c.ID)))
			}
		})
	}
}

func TestAnyConversationComesBackByteByByteFromItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c *conversation.Conversation
		for range rapid.IntRange(1, 4).Draw(t, "messages") {
			c = conversation.Merge(c, said(t, append(untimed, timed...)))
		}
		stored := newTables()
		stored.write(t, nil, c)
		again := stored.read(t, "c")
		require.Equal(t, encoded(t, c), encoded(t, again))
		require.Same(t, again, conversation.Merge(again, c), "it is in the form that Merge gives")
	})
}

func TestADeltaOverStoredRowsGivesTheSameAsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := newTables()
		var c *conversation.Conversation
		for range rapid.IntRange(2, 5).Draw(t, "messages") {
			next := conversation.Merge(c, said(t, timed))
			stored.write(t, c, next)
			if c = next; rapid.Bool().Draw(t, "forget") {
				c = stored.read(t, "c")
			}
			whole := newTables()
			whole.write(t, nil, next)
			require.Equal(t, encoded(t, whole.read(t, "c")), encoded(t, stored.read(t, "c")))
			require.Equal(t, whole.rows, stored.rows, "no row is left behind")
			require.Equal(t, whole.state, stored.state)
		}
	})
}

func TestADeltaOfSourcesWithoutTimesShowsTheSameAsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := newTables()
		var c *conversation.Conversation
		for range rapid.IntRange(2, 5).Draw(t, "messages") {
			next := conversation.Merge(c, said(t, append(untimed, timed...)))
			stored.write(t, c, next)
			c = next
			again := stored.read(t, "c")
			want, err := json.Marshal(c)
			require.NoError(t, err)
			got, err := json.Marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
			require.True(t, conversation.Diff(c, conversation.Merge(c, again)).Empty())
		}
	})
}

func TestOnlyWhatChangedIsWritten(t *testing.T) {
	stored := newTables()
	c := conversation.Merge(nil, told(t, [][]byte{genesystest.Notification("c", 20, 1)})[0])
	require.Greater(t, stored.write(t, nil, c), 40)
	require.Zero(t, stored.write(t, c, c))
	again := conversation.Merge(c, told(t, [][]byte{genesystest.Notification("c", 20, 1)})[0])
	require.Zero(t, stored.write(t, c, again), "a snapshot that repeats itself")
	next := conversation.Merge(c, told(t, [][]byte{genesystest.Notification("c", 20, 2)})[0])
	require.LessOrEqual(t, stored.write(t, c, next), 2, "one agent's wrap-up and one hold")
}

func TestKeysThatDifferByLessThanAMicrosecondAreOneRow(t *testing.T) {
	at := func(ns int) time.Time { return epoch.Add(time.Duration(ns)) }
	segment := func(kind conversation.SegmentType, ns int) *conversation.Segment {
		return &conversation.Segment{Type: kind, Start: at(ns), ErrorCode: kindAt(kind, ns)}
	}
	s := &conversation.Session{ID: "s", Segments: []*conversation.Segment{segment("alert", 100), segment("interact", 200), segment("alert", 300)},
		Metrics: []conversation.Metric{{Name: "tTalk", EmitDate: at(1), Value: 1}, {Name: "tTalk", EmitDate: at(2), Value: 2}}}
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{s}}}},
		conversation.Statement{By: conversation.SourceREST}))
	stored := newTables()
	stored.write(t, nil, c)
	_, got := stored.read(t, "c").Session("s")
	require.Len(t, got.Segments, 2)
	require.Equal(t, kindAt("alert", 300), got.Segments[0].ErrorCode, "the later one is kept")
	require.Len(t, got.Metrics, 1)
	require.EqualValues(t, 2, got.Metrics[0].Value)
}

func TestAChangeThatIsDroppedLeavesTheOthers(t *testing.T) {
	var want, got rows.Batch
	for i := range 5 {
		c := conversation.Merge(nil, told(t, [][]byte{genesystest.Notification(string(rune('a'+i)), 2+i, 1)})[0])
		got.Add(change(nil, c))
		if i%2 == 1 {
			want.Add(change(nil, c))
		}
	}
	for _, n := range []int{4, 0, 2} {
		got.Drop(n)
	}
	for _, e := range rows.Children() {
		require.Equal(t, want.Values(e), got.Values(e))
	}
}

func kindAt(kind conversation.SegmentType, ns int) string {
	return string(kind) + time.Duration(ns).String()
}

func TestFieldsWithoutAColumnAreInMore(t *testing.T) {
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c", KnowledgeBaseIDs: []string{"k"}},
		conversation.Statement{By: conversation.SourceREST}))
	var b rows.Batch
	state := b.Add(change(nil, c))
	require.Equal(t, `{"knowledgeBaseIds":["k"]}`, state[len(state)-2].Text)
}

func TestWhatANewerVersionWroteIsAnError(t *testing.T) {
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c"}, conversation.Statement{By: conversation.SourceREST}))
	var b rows.Batch
	state := b.Add(change(nil, c))
	state[len(state)-2] = rows.Value{Valid: true, Text: `{"mood":"good"}`}
	require.ErrorContains(t, new(rows.Reader).Conversation("c", state), "newer version")
	state[len(state)-2] = rows.Value{Valid: true, Text: `{"mood`}
	require.Error(t, new(rows.Reader).Conversation("c", state))
}

func TestAFieldInMoreIsReadAlsoWhenItHasAColumn(t *testing.T) {
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c", ExternalTag: "t"}, conversation.Statement{By: conversation.SourceREST}))
	var b rows.Batch
	state := b.Add(change(nil, c))
	table := rows.Conversation.Table()
	state[table.Place("external_tag")-table.Keys-table.Record] = rows.Value{}
	state[len(state)-2] = rows.Value{Valid: true, Text: `{"externalTag":"t"}`}
	var r rows.Reader
	require.NoError(t, r.Conversation("c", state))
	require.Equal(t, encoded(t, c), encoded(t, r.Build("c")))
}

func TestTablesAreWellFormed(t *testing.T) {
	for e := rows.Conversation; e <= rows.Migration; e++ {
		table := e.Table()
		seen := map[string]bool{}
		for i, c := range table.Columns {
			require.False(t, seen[c.Name], "%s has two columns %s", table.Name, c.Name)
			require.Regexp(t, `^[a-z][a-z0-9_]*$`, c.Name)
			require.True(t, c.Required || i >= table.Keys, "%s.%s is in the key", table.Name, c.Name)
			seen[c.Name] = true
		}
	}
}

func BenchmarkRows(b *testing.B) {
	said := func(version int) *conversation.Conversation {
		m, err := genesys.Decode(genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, version), epoch.Add(time.Duration(version)*time.Second))
		require.NoError(b, err)
		return m.Conversations[0]
	}
	first := conversation.Merge(nil, said(0))
	second := conversation.Merge(first, said(1))
	var batch rows.Batch
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			batch.Reset()
			batch.Add(change(nil, first))
		}
	})
	b.Run("delta", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			batch.Reset()
			c := change(first, second)
			c.Restate() // as the engine does
			batch.Add(c)
		}
	})
	b.Run("read", func(b *testing.B) {
		stored := newTables()
		stored.write(b, nil, first)
		b.ReportAllocs()
		for b.Loop() {
			stored.read(b, first.ID)
		}
	})
}

// Rows may be of a version that does not bound times.
func TestWhatWaitsIsReadAlsoWhereItsYearHasMoreThanFourDigits(t *testing.T) {
	for due, want := range map[string]time.Time{
		"10000-01-01T04:59:59Z":       time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		"9999-12-31T23:59:59.999999Z": time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		"2025-01-10T09:00:00Z":        time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC),
	} {
		pending, err := rows.ParsePending(rows.Value{Valid: true, Text: `[{"eventId":"e","due":"` + due + `"}]`})
		require.NoError(t, err)
		require.Equal(t, []store.Pending{{EventID: "e", Due: want}}, pending)
	}
	for _, due := range []string{`"never"`, `""`, `"10000"`, `7`} {
		_, err := rows.ParsePending(rows.Value{Valid: true, Text: `[{"eventId":"e","due":` + due + `}]`})
		require.Error(t, err, due)
	}
}
