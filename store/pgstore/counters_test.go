package pgstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// tablesOfUpdate are conversation, participant, session, segment, metric,
// event and delivery.
const tablesOfUpdate = 7

func TestACommitTakesOneRoundTripAndAFixedNumberOfStatementsAtAnySize(t *testing.T) {
	schema := cluster.Schema(t)
	p := newProxy(t, schema, 1) // one connection: what is prepared stays so
	s := openIn(t, schema, p.through)
	list := references(t, s, 0, 100)
	require.NoError(t, updateAll(t.Context(), s, list))
	require.NoError(t, updateAll(t.Context(), s, list))
	for _, size := range []int{1, 10, 100} {
		statements, trips := p.counted(func() { require.NoError(t, updateAll(t.Context(), s, list[:size])) })
		require.EqualValues(t, 1, trips, "round trips of a batch of %d", size)
		require.LessOrEqual(t, statements, int64(tablesOfUpdate+4), "statements of a batch of %d", size)
	}
}

func TestACommitOfEverythingWithAFailureTakesTwoRoundTrips(t *testing.T) {
	schema := cluster.Schema(t)
	p := newProxy(t, schema, 1)
	s := openIn(t, schema, p.through)
	first, second := everything(1), everything(2)
	commit := func(b store.Batch) store.Committed {
		done, err := s.Commit(t.Context(), b)
		require.NoError(t, err)
		return done
	}
	event := func(seq int64) store.NewEvent {
		return store.NewEvent{Event: store.Event{ID: fmt.Sprint("e", seq), ConversationID: "c", Seq: seq, Type: "t", Data: []byte("{}")},
			Deliveries: []store.NewDelivery{{Hook: "done"}, {Hook: "failed"}, {Hook: "waits"}}}
	}
	from := conversation.Merge(nil, first)
	commit(store.Batch{Changes: []*store.Change{{ID: "c", To: from, Events: []store.NewEvent{event(1)}}}})
	due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: 1e9, Hooks: []string{"done", "failed"}, Limit: 10})
	require.NoError(t, err)
	require.Len(t, due, 2)
	b := store.Batch{Owner: "me", Changes: []*store.Change{{ID: "c", Version: 1, From: from, To: conversation.Merge(from, second), Events: []store.NewEvent{event(2)}}}}
	b.Outcomes = []store.Outcome{{Owner: "me", EventID: "e1", ConversationID: "c", Seq: 1, Hook: "done"}, {Owner: "me", EventID: "e1", ConversationID: "c", Seq: 1, Hook: "failed", Did: store.WillRetry}}
	lost := b
	lost.Changes = []*store.Change{{ID: "c", Version: 7, To: first}}
	lost.Outcomes = nil
	commit(lost) // so that all statements of the first trip are prepared, and the next ones are sent in two
	settle := store.Batch{Outcomes: []store.Outcome{{Owner: "nobody", EventID: "e1", ConversationID: "c", Seq: 1, Hook: "failed", Did: store.Released}}}
	commit(settle)
	const allTables = 10
	statements, trips := p.counted(func() { require.True(t, commit(b).Ready) })
	require.LessOrEqual(t, trips, int64(3), "one of them prepares statements")
	require.LessOrEqual(t, statements, int64(allTables+5)) // and one because an outcome is a failure
}

// everything states something of each kind of entity.
func everything(n int) *conversation.Conversation {
	c := newReference(0).from
	begin := c.Start
	said := &conversation.Conversation{ID: "c", Start: begin, ExternalTag: fmt.Sprint(n),
		Transfers:   []*conversation.Transfer{{ID: "t", State: fmt.Sprint(n)}},
		Surveys:     []*conversation.Survey{{ID: "v", FormName: fmt.Sprint(n), EventTime: begin}},
		Evaluations: []*conversation.Evaluation{{ID: "e", FormName: fmt.Sprint(n), ChangedDate: begin}},
		Participants: []*conversation.Participant{{ID: "p", Name: fmt.Sprint(n), Sessions: []*conversation.Session{{ID: "s", Subject: fmt.Sprint(n),
			Segments: []*conversation.Segment{{Type: conversation.SegmentInteract, Start: begin.Add(1e9), ErrorCode: fmt.Sprint(n)}},
			Metrics:  []conversation.Metric{{Name: "tTalk", EmitDate: begin, Value: int64(n)}}}}}}}
	source := conversation.SourceREST
	if n > 1 {
		source = conversation.SourceAnalytics // whose segments take the place of the others
	}
	at := begin.Add(100e9)
	return conversation.State(said, conversation.Statement{By: source, At: at, Seen: at})
}

func TestLoadingNewConversationsTakesOneRoundTripAndKnownOnesTwo(t *testing.T) {
	schema := cluster.Schema(t)
	p := newProxy(t, schema, 1)
	s := openIn(t, schema, p.through)
	list := references(t, s, 0, 10)
	var known, fresh []string
	for i, r := range list {
		known, fresh = append(known, r.id), append(fresh, fmt.Sprint("new", i))
	}
	load := func(ids []string) {
		_, err := s.Load(t.Context(), ids...)
		require.NoError(t, err)
	}
	load(known)
	for ids, want := range map[*[]string]int64{&known: 2, &fresh: 1} {
		_, trips := p.counted(func() { load(*ids) })
		require.Equal(t, want, trips)
	}
}

// The reference update without its delivery is what others write for it: two
// rows of each kind below the conversation, and one for the outbox.
func TestAnUpdateWritesLittleLog(t *testing.T) {
	if !cluster.Private() {
		t.Log("the server is shared: what others write counts too")
	}
	s := open(t)
	list := references(t, s, 0, 400)
	perUpdate := func(delivered bool) int64 {
		round := func() {
			for begin := 0; begin < len(list); begin += 100 {
				if delivered {
					require.NoError(t, updateAll(t.Context(), s, list[begin:begin+100]))
					continue
				}
				require.NoError(t, updateUndelivered(t.Context(), s, list[begin:begin+100]))
			}
		}
		for range 4 {
			round() // so that pages are as full as they stay
		}
		least := int64(1 << 40) // a checkpoint of the server between makes it more
		for range 5 {
			before := walAt(t, s.pool)
			round()
			least = min(least, (walAt(t, s.pool)-before)/int64(len(list)))
		}
		return least
	}
	logged := perUpdate(false)
	delivered := perUpdate(true)
	t.Logf("%d bytes an update, %d with its delivery and the end of the one before", logged, delivered)
	require.LessOrEqual(t, logged, int64(2560)) // 2.5 KB
	require.LessOrEqual(t, delivered, int64(3200))
}

func TestWorkReadsNoTableAsAWhole(t *testing.T) {
	schema := cluster.Schema(t)
	func() { // statistics from when the tables are empty are the worst that the server can have
		s := openIn(t, schema)
		_, err := s.pool.Exec(t.Context(), "vacuum analyze")
		require.NoError(t, err)
		s.pool.Close()
	}()
	s := openIn(t, schema)
	list := references(t, s, 0, 300)
	for range 10 {
		for begin := 0; begin < len(list); begin += 100 {
			require.NoError(t, updateAll(t.Context(), s, list[begin:begin+100]))
		}
		_, err := s.Load(t.Context(), list[0].id, list[7].id, "unknown")
		require.NoError(t, err)
		_, err = s.Events(t.Context(), list[0].id)
		require.NoError(t, err)
		due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: 1e9, Hooks: []string{"hook"}, Limit: 10})
		require.NoError(t, err)
		held := make([]store.DeliveryKey, 0, len(due))
		for i := range due {
			held = append(held, due[i].Key())
		}
		require.NoError(t, s.Renew(t.Context(), "me", 1e11, held))
		require.NoError(t, s.Release(t.Context(), "nobody"))
	}
	s.pool.Close() // sessions report when they end
	rest := openIn(t, schema)
	require.Eventually(t, func() bool {
		var inserted int64
		require.NoError(t, rest.pool.QueryRow(t.Context(), "select n_tup_ins from pg_stat_user_tables where schemaname = $1 and relname = 'cdm_event'", schema).Scan(&inserted))
		return inserted >= 3000
	}, 30e9, 50e6)
	found, err := rest.pool.Query(t.Context(), "select relname || ' ' || seq_tup_read from pg_stat_user_tables where schemaname = $1 and relname <> 'cdm_migration' and seq_tup_read > 1000", schema)
	require.NoError(t, err)
	read, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, read, "tables of which rows were read one after the other")
}

// TestDeliveriesThatAreDoneAreNotVisitedAgain: a plan may be made at any time,
// also when statistics say that there are hardly any deliveries.
func TestDeliveriesThatAreDoneAreNotVisitedAgain(t *testing.T) {
	s := open(t)
	list := references(t, s, 0, 100)
	for range 50 {
		require.NoError(t, updateAll(t.Context(), s, list))
	}
	_, err := s.pool.Exec(t.Context(), "vacuum analyze cdm_delivery")
	require.NoError(t, err)
	plan, err := s.PlanOfDeliverReady(t.Context())
	require.NoError(t, err)
	require.Contains(t, plan, "Index Scan using cdm_delivery_pkey")
	require.NotContains(t, plan, "Bitmap", plan)
}

// TestEachDeliveryIsLookedUpByItsKey, also by a plan that was made when there
// was none, or one: comparing all that are named with all that there are takes a
// minute for ten thousand.
func TestEachDeliveryIsLookedUpByItsKey(t *testing.T) {
	s := open(t)
	look := func(when string) {
		lanes, err := s.PlansOfLanes(t.Context())
		require.NoError(t, err)
		for name, plan := range lanes {
			require.NotContains(t, plan, "Join Filter", "%s, %s", name, when)
			looks := strings.Count(plan, "Index Scan using cdm_delivery_pkey on")
			require.Equal(t, looks, strings.Count(plan, "Index Cond: (conversation_id = ")+strings.Count(plan, "Index Cond: ((conversation_id = ")-strings.Count(plan, "Index Scan using cdm_event_pkey on"),
				"%s, %s:\n%s", name, when, plan)
			require.NotContains(t, plan, "Seq Scan", "%s, %s", name, when)
		}
		plans, err := s.PlansByKey(t.Context())
		require.NoError(t, err)
		for name, plan := range plans {
			lookups := map[string]int{"finish": 1, "finish at once": 1, "settle": 2, "renew": 2}[name]
			require.Equal(t, lookups, strings.Count(plan, "Index Scan using cdm_delivery_pkey"), "%s, %s:\n%s", name, when, plan)
			require.Equal(t, lookups, strings.Count(plan, "Index Cond: ((conversation_id = ANY"), "%s, %s:\n%s", name, when, plan)
			require.NotContains(t, plan, "Join Filter", "%s, %s", name, when)
		}
	}
	look("never analyzed")
	for n := range 2 {
		references(t, s, 0, n)
		_, err := s.pool.Exec(t.Context(), "vacuum analyze cdm_delivery")
		require.NoError(t, err)
		look(fmt.Sprintf("analyzed with %d", n))
	}
}

// What each update changes is named by no index, in its condition neither: the
// server would make an entry in all of them.
func TestAnUpdateOfAConversationMakesNoEntryInAnIndex(t *testing.T) {
	const conversations, updates = 10, 5
	schema := cluster.Schema(t)
	s := openIn(t, schema)
	list := references(t, s, 0, conversations)
	for n := range updates {
		var b store.Batch
		for _, r := range list {
			said := stated(r.from.Start.Add(time.Hour+time.Duration(n)*time.Second), &conversation.Conversation{ID: r.id, ExternalTag: fmt.Sprint(n),
				Participants: []*conversation.Participant{{ID: r.from.Participants[0].ID, Sessions: []*conversation.Session{{ID: r.from.Participants[0].Sessions[0].ID, Subject: fmt.Sprint(n)}}}}})
			b.Changes = append(b.Changes, &store.Change{ID: r.id, Version: r.version, From: r.from, To: conversation.Merge(r.from, said)})
		}
		done, err := s.Commit(t.Context(), b)
		require.NoError(t, err)
		for i, r := range done.Results {
			require.NoError(t, r.Err)
			list[i].version, list[i].from = r.Version, b.Changes[i].To
		}
	}
	require.NoError(t, s.Close())
	s.pool.Close() // then the server counts what its connections did
	pool := cluster.Pool(t, schema)
	for _, table := range []string{"cdm_conversation", "cdm_session"} {
		var all, inPlace int
		require.Eventually(t, func() bool {
			err := pool.QueryRow(t.Context(), "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relid = $1::text::regclass", table).Scan(&all, &inPlace)
			return err == nil && all == updates*conversations
		}, time.Minute, 50*time.Millisecond, "the updates of %s", table)
		require.GreaterOrEqual(t, inPlace, all*8/10, "%s: of %d updates so many found room in their page and changed no index", table, all)
	}
}
