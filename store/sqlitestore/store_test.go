package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
)

// call is the first version of a call with an agent.
func call(id string) *store.Change {
	return &store.Change{ID: id, To: conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: id, Attributes: map[string]string{"case": "4711"},
		Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeAgent, UserID: "anna",
			Sessions: []*conversation.Session{{ID: "s", MediaType: conversation.MediaVoice, State: conversation.StateConnected,
				Segments: []*conversation.Segment{{Type: conversation.SegmentInteract, Start: time.Unix(1, 0)}},
				Metrics:  []conversation.Metric{{Name: "tTalk", EmitDate: time.Unix(2, 0), Value: 1}}}}}},
		Transfers: []*conversation.Transfer{{ID: "t"}}, Surveys: []*conversation.Survey{{ID: "v"}}, Evaluations: []*conversation.Evaluation{{ID: "e"}}},
		conversation.Statement{By: conversation.SourceREST}))}
}

func commit(t *testing.T, s *Store, changes ...*store.Change) []store.Result {
	t.Helper()
	done, err := s.Commit(t.Context(), store.Batch{Changes: changes})
	require.NoError(t, err)
	return done.Results
}

// count counts the rows of a table.
func count(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	require.NoError(t, s.read(t.Context(), func(l *link) error {
		return l.conn.QueryRowContext(t.Context(), "SELECT count(*) FROM cdm_"+table).Scan(&n)
	}))
	return n
}

var below = []string{"participant", "session", "segment", "metric", "transfer", "survey", "evaluation", "attribute"}

func TestATombstoneTakesAllRowsOfTheConversation(t *testing.T) {
	s := opened(t, newPath(t), nil)
	c := call("c")
	commit(t, s, c, call("other"))
	for _, table := range below {
		require.Equal(t, 2, count(t, s, table), table)
	}
	commit(t, s, &store.Change{ID: "c", Version: 1, From: c.To, Vetoed: "not ours"})
	for _, table := range below {
		require.Equal(t, 1, count(t, s, table), table)
	}
	require.Equal(t, 2, count(t, s, "conversation"))
}

func TestAConversationThatIsDeletedByHandTakesItsRowsWithIt(t *testing.T) {
	path := newPath(t)
	s := opened(t, path, nil)
	c := call("c")
	c.Events = []store.NewEvent{{Event: store.Event{ID: "c.1", ConversationID: "c", Seq: 1}, Deliveries: []store.NewDelivery{{Hook: "h"}}}}
	commit(t, s, c)
	change(t, path, "PRAGMA foreign_keys=ON; DELETE FROM cdm_conversation")
	for _, table := range append(below, "event", "delivery") {
		require.Zero(t, count(t, s, table), table)
	}
}

func TestAFullDiskIsTheErrorOfTheDatabaseAndPasses(t *testing.T) {
	s := opened(t, newPath(t), nil)
	l := <-s.writer
	_, err := l.conn.ExecContext(t.Context(), "PRAGMA max_page_count=1") // that is: no more than there are
	s.writer <- l
	require.NoError(t, err)
	c := call("c")
	c.Events = []store.NewEvent{{Event: store.Event{ID: "e", ConversationID: "c", Seq: 1, Data: make([]byte, 1<<20)}}}
	_, err = s.Commit(t.Context(), store.Batch{Changes: []*store.Change{call("a"), c}})
	var full *sqlite.Error
	require.True(t, errors.As(err, &full), "%v", err)
	require.Equal(t, sqlite3.SQLITE_FULL, full.Code())
	records, err := s.Load(t.Context(), "a", "c")
	require.NoError(t, err)
	require.Zero(t, records[0].Version+records[1].Version)
	commit(t, s, call("a")) // on a new connection, without the limit
}

func TestAWriteWaitsForAnotherProcessAsLongAsItMay(t *testing.T) {
	path := newPath(t)
	s := opened(t, path, &Config{BusyTimeout: 30 * time.Millisecond})
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	other, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	_, err = s.SetValue(t.Context(), "v", nil, 0)
	require.ErrorIs(t, err, ErrBusy)
	_, err = s.Load(t.Context(), "c")
	require.NoError(t, err, "reads go on")

	patient := opened(t, path, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err = patient.SetValue(ctx, "v", nil, 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	written := make(chan error)
	go func() {
		_, err := patient.SetValue(t.Context(), "v", nil, 0)
		written <- err
	}()
	_, err = other.ExecContext(t.Context(), "COMMIT")
	require.NoError(t, err)
	require.NoError(t, <-written)
	require.NoError(t, other.Close())
}

func TestCloseWaitsForAHookAndSendsAwayWhoWaitsForItsTurn(t *testing.T) {
	s, err := Open(t.Context(), newPath(t), nil)
	require.NoError(t, err)
	inHook, goOn := make(chan struct{}), make(chan struct{})
	c := call("c")
	c.InTx = func(context.Context, *store.Change) error {
		close(inHook)
		<-goOn
		return nil
	}
	first := make(chan error)
	go func() {
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{c}})
		first <- err
	}()
	<-inHook
	second := make(chan error)
	go func() {
		_, err := s.SetValue(context.WithoutCancel(t.Context()), "v", nil, 0)
		second <- err
	}()
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	require.ErrorIs(t, <-second, store.ErrClosed)
	select {
	case err := <-closed:
		t.Fatalf("Close did not wait for the hook: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(goOn)
	require.NoError(t, <-first)
	require.NoError(t, <-closed)
}

func TestNoListingLooksAtAllConversations(t *testing.T) {
	s := opened(t, memoryPath, nil)
	now := time.Now()
	var queries []store.Query
	for _, order := range []store.Order{store.OldestFirst, store.NewestFirst, store.LastChanged} {
		queries = append(queries, store.Query{Order: order}, store.Query{Order: order, Status: []conversation.Status{conversation.StatusActive}},
			store.Query{Order: order, EverUserID: "u"}, store.Query{Order: order, EverQueueID: "q"}, store.Query{Order: order, Attribute: map[string]string{"a": "b"}},
			store.Query{Order: order, Open: true}, store.Query{Order: order, PresentUserID: "u"}, store.Query{Order: order, PresentQueueID: "q"},
			store.Query{Order: order, Address: "+31612345678"}, store.Query{Order: order, ChangedSince: now},
			store.Query{Order: order, StartedFrom: now}, store.Query{Order: order, EndedFrom: now, EndedBefore: now})
	}
	looks := func(q *store.Query, x pageQuery) {
		var plan []string
		require.NoError(t, s.read(t.Context(), func(l *link) error {
			return l.queryText(t.Context(), "EXPLAIN QUERY PLAN "+x.text, x.args, func(row []any) error {
				plan = append(plan, text(row[3]))
				return nil
			})
		}))
		for _, step := range plan {
			of, scans := strings.CutPrefix(step, "SCAN ")
			found := slices.Contains(plan, "CO-ROUTINE "+of) || slices.Contains(plan, "MATERIALIZE "+of) // what a subquery has found
			require.False(t, scans && !strings.Contains(of, " ") && !found, "%+v: %s\n%s", q, x.text, strings.Join(plan, "\n"))
		}
	}
	for _, q := range queries {
		for _, q.Scan = range []int{0, 10} {
			ways := []*finder{nil}
			for _, x := range s.finders(&q) {
				ways = append(ways, &x)
			}
			for _, begun := range []bool{false, true} {
				for _, p := range parts(&q, cursor.Place{Key: 1, ID: "c"}, begun) {
					for _, few := range ways {
						find, last := s.pageQueries(&q, p, few)
						looks(&q, pageQuery{find.text, append(find.args, 1)})
						if last != nil {
							looks(&q, *last)
						}
					}
				}
			}
		}
	}
}

// A statement that is interrupted may have been carried out: a transaction that it
// began would be in the way of all who read on that connection later.
func TestACallThatIsGivenUpWhileItBeginsToReadHarmsNoLaterOne(t *testing.T) {
	s := opened(t, newPath(t), nil)
	commit(t, s, call("c"))
	for n := range 3000 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Duration(n%50) * time.Microsecond)
			cancel()
		}()
		for ctx.Err() == nil {
			_, _ = s.Failed(ctx, store.FailedQuery{})
		}
		for range cap(s.readers) { // on each connection
			_, err := s.Failed(t.Context(), store.FailedQuery{})
			require.NoError(t, err)
		}
	}
}
