package pgstore_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

// told joins what messages say of a conversation.
func told(t *testing.T, start time.Time, messages [][]byte) *conversation.Conversation {
	t.Helper()
	var c *conversation.Conversation
	for i, data := range messages {
		m, err := genesys.Decode(data, start.Add(time.Duration(i)*time.Second))
		require.NoError(t, err)
		for _, said := range m.Conversations {
			c = conversation.Merge(c, said)
		}
	}
	return c
}

func TestTheReportOfAgentTimesSaysWhatTheLibrarySays(t *testing.T) {
	s := open(t)
	worked := 0
	for n, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		for kind, messages := range map[string][][]byte{"snapshots": story.Snapshots(), "details": story.Details(), "records": story.Records(), "media": story.MediaSnapshots()} {
			c := told(t, story.Start, messages)
			if c == nil {
				continue
			}
			_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: c.ID, To: c}}})
			require.NoError(t, err)
			found, err := s.pool.Query(t.Context(), "select user_id, connected, hold, wrap_up, handle, sessions from cdm_report_agent_time where conversation_id = $1 order by user_id", c.ID)
			require.NoError(t, err)
			got, err := pgx.CollectRows(found, pgx.RowToStructByPos[conversation.AgentTime])
			require.NoError(t, err)
			want := c.AgentTimes()
			require.Equal(t, fmt.Sprint(want), fmt.Sprint(got), "%s of scenario %d, %s", kind, n, scenario.Name)
			for _, w := range want {
				if w.Handle > 0 {
					worked++
				}
			}
			_, err = s.pool.Exec(t.Context(), "delete from cdm_conversation")
			require.NoError(t, err)
			_, err = s.pool.Exec(t.Context(), "delete from cdm_forgotten")
			require.NoError(t, err)
		}
	}
	require.Greater(t, worked, 20, "the scenarios show little work")
	var left int
	require.NoError(t, s.pool.QueryRow(t.Context(), "select count(*) from cdm_metric").Scan(&left))
	require.Zero(t, left, "what is below a conversation goes with it")
}

func TestTheReportOfCustomersSaysWhatTheLibrarySays(t *testing.T) {
	s := open(t)
	var all []*conversation.Conversation
	for _, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		for form, messages := range map[string][][]byte{"snapshots": story.Snapshots(), "details": story.Details(), "records": story.Records(), "media": story.MediaSnapshots(), "rest": story.Bodies()} {
			if c := told(t, story.Start, messages); c != nil {
				copied := *c
				copied.ID = fmt.Sprint(form, " of ", c.ID)
				all = append(all, conversation.Merge(nil, &copied))
			}
		}
	}
	for i, address := range []string{"tel:+31-6-1234 5678", " +31 6 12345678 ", "sip:+31612345678;npdi@10.0.0.1:5060;user=phone", "sip:alice@pbx.example;transport=tls", "SIPS:Alice@pbx.example?x=y",
		"private@firm.example", "mailto:private@firm.example?subject=x", "sip:Private@pbx.example", "Anonymous", "tel:unavailable", "a@b.invalid", "unknown", "sip:unknown@host", "unknown@mail.example",
		"tel:", "sip:@host", "4711", "47-11", "tel:47-11", "http://example.org/a@b", "a@b@c", "+", "tel:*31#0612", "+31a"} {
		for _, direction := range []conversation.Direction{"", conversation.Inbound, conversation.Outbound} {
			all = append(all, conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: fmt.Sprint("address ", i, direction), Address: "tel:+31201234567", Participants: []*conversation.Participant{
				{ID: "external", Purpose: conversation.PurposeExternal, Address: "nobody"},
				{ID: "customer", Purpose: conversation.PurposeCustomer, Sessions: []*conversation.Session{
					{ID: "s-1", Direction: direction, MediaType: conversation.MediaVoice, ANI: address, DNIS: "tel:+31201234567"},
					{ID: "s-2", MediaType: conversation.MediaCallback, CallbackNumbers: []string{address, "tel:2"}, CallbackUserName: "Jo Doe"}}}}},
				conversation.Statement{By: conversation.SourceREST})))
		}
	}
	for some := range slices.Chunk(all, 100) {
		var changes []*store.Change
		for _, c := range some {
			changes = append(changes, &store.Change{ID: c.ID, To: c})
		}
		done, err := s.Commit(t.Context(), store.Batch{Changes: changes})
		require.NoError(t, err)
		for _, r := range done.Results {
			require.NoError(t, r.Err)
		}
	}
	type row struct {
		ConversationID string
		conversation.Customer
	}
	found, err := s.pool.Query(t.Context(), `select conversation_id, coalesce(address, ''), coalesce(stated, ''), withheld, coalesce(name, ''), coalesce(external_contact_id, ''),
		coalesce(external_organization_id, ''), participant_id, coalesce(session_id, '') from cdm_report_customer`)
	require.NoError(t, err)
	rows, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	require.NoError(t, err)
	got := map[string][]string{}
	for _, r := range rows {
		got[r.ConversationID] = append(got[r.ConversationID], fmt.Sprintf("%+v", r.Customer))
	}
	known := 0
	for _, c := range all {
		var want []string
		if customer, is := c.Customer(); customer.ParticipantID != "" {
			want = []string{fmt.Sprintf("%+v", customer)}
			if is {
				known++
			}
		}
		require.Equal(t, want, got[c.ID], c.ID)
	}
	require.Greater(t, known, 200)
}

func TestTheReportOfEMailsCountsTheirAgents(t *testing.T) {
	s := open(t)
	at := func(minutes int) time.Time {
		return time.Date(2025, 1, 10, 9, minutes, 0, 0, time.UTC)
	}
	agent := func(n, from, to int, media conversation.MediaType) *conversation.Participant {
		return &conversation.Participant{ID: fmt.Sprint("p", n, from), Purpose: conversation.PurposeAgent, UserID: fmt.Sprint("user-", n), Sessions: []*conversation.Session{{
			ID: fmt.Sprint("s", n, from), MediaType: media, Start: at(from), ConnectedTime: at(from), DisconnectedTime: at(to), State: conversation.StateDisconnected,
			Segments: []*conversation.Segment{{Type: conversation.SegmentAlert, Start: at(from).Add(-time.Minute), End: at(from)}, {Type: conversation.SegmentInteract, Start: at(from), End: at(to)}}}}}
	}
	add := func(id string, participants ...*conversation.Participant) {
		said := conversation.State(&conversation.Conversation{ID: id, Start: at(0), Participants: participants}, conversation.Statement{By: conversation.SourceAnalytics, At: at(60), Seen: at(60)})
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: id, To: conversation.Merge(nil, said)}}})
		require.NoError(t, err)
	}
	add("e-mail of two", agent(1, 1, 5, "email"), agent(2, 6, 8, "email"), agent(1, 10, 20, "email"))
	add("e-mail of one", agent(1, 1, 5, "email"))
	add("call of two", agent(1, 1, 5, "voice"), agent(2, 6, 8, "voice"))
	found, err := s.pool.Query(t.Context(), "select conversation_id || ' ' || user_id || ' ' || handle from cdm_report_email_agents where agents > 1 order by user_id")
	require.NoError(t, err)
	got, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"e-mail of two user-1 00:14:00", "e-mail of two user-2 00:02:00"}, got)
}

func TestTheReportsOfWhatIsOpenAndHasFailed(t *testing.T) {
	s := open(t)
	list := references(t, s, 0, 2)
	require.NoError(t, updateAll(t.Context(), s, list[:1]))
	failed := list[0].done("owner")
	failed.Did, failed.Failure = store.Failed, store.Failure{Error: "down", Attempts: 3}
	refused := &store.Refused{Facts: list[1].from, Failure: store.Failure{Hook: "screen", EventID: "e", Type: "conversation.created", Attempts: 5, Error: "no", At: time.Now()},
		Next: time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC)}
	_, err := s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{failed},
		Changes: []*store.Change{{ID: list[1].id, Version: 1, From: list[1].from, To: list[1].from, Refused: refused}, {ID: "vetoed", Vetoed: "not ours"}}})
	require.NoError(t, err)
	rows := func(sql string) []string {
		found, err := s.pool.Query(t.Context(), sql)
		require.NoError(t, err)
		list, err := pgx.CollectRows(found, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []string{"Active {voice} {" + uuid(5, 0) + "}", "Active {voice} {" + uuid(5, 1) + "}"},
		rows("select concat_ws(' ', calculated_status, media_types::text, connected_users::text) from cdm_report_open_conversations order by conversation_id"))
	require.Equal(t, []string{"change screen 5 no", "delivery hook 3 down"}, rows("select concat_ws(' ', kind, hook, attempts, error) from cdm_report_failed order by kind"))
	require.Equal(t, []string{"change 2026-03-02 12:30", "delivery never"}, rows("select concat_ws(' ', kind, coalesce(to_char(next_try at time zone 'utc', 'YYYY-MM-DD HH24:MI'), 'never')) from cdm_report_failed order by kind"),
		"when it is tried again by itself")
	page, err := s.Failed(t.Context(), store.FailedQuery{})
	require.NoError(t, err)
	var ids []string
	for _, p := range page.Items {
		ids = append(ids, p.ID)
	}
	require.ElementsMatch(t, ids, rows("select kind || ':' || id from cdm_report_failed"))
}

// agentTimes is what the report says of a conversation.
func agentTimes(t *testing.T, s opened, id string) []conversation.AgentTime {
	t.Helper()
	found, err := s.pool.Query(t.Context(), "select user_id, connected, hold, wrap_up, handle, sessions from cdm_report_agent_time where conversation_id = $1 order by user_id", id)
	require.NoError(t, err)
	times, err := pgx.CollectRows(found, pgx.RowToStructByPos[conversation.AgentTime])
	require.NoError(t, err)
	return times
}

func TestTheReportOfAgentTimesCountsWhatTheLibraryCounts(t *testing.T) {
	s := open(t)
	at := func(sec int) time.Time { return time.Date(2025, 1, 10, 9, 0, sec, 0, time.UTC) }
	for name, legs := range map[string][]*conversation.Session{
		"a dial that nobody answered during a callback": {
			{ID: "cb", MediaType: conversation.MediaCallback, Starts: []time.Time{at(0)}, Ends: []time.Time{at(100)}, InteractingDurationMs: 100_000},
			{ID: "v", MediaType: conversation.MediaVoice, Starts: []time.Time{at(10)}, Ends: []time.Time{at(30)}, DialingDurationMs: 20_000}},
		"after-call work without a time": {{ID: "a", WrapUpCode: "w", WrapUpDurationMs: 30_000}, {ID: "b", WrapUpCode: "w", WrapUpDurationMs: 30_000}},
		"after-call work with its end":   {{ID: "a", WrapUpCode: "w", WrapUpDurationMs: 30_000, WrapUpEnd: at(90)}},
		"listening in, told by a metric": {{ID: "m", MediaType: conversation.MediaVoice, Starts: []time.Time{at(0)}, Ends: []time.Time{at(20)}, InteractingDurationMs: 20_000,
			Metrics: []conversation.Metric{{Name: "tMonitoring", EmitDate: at(20), Value: 20_000}}}},
		"being listened to": {{ID: "m", MediaType: conversation.MediaVoice, Starts: []time.Time{at(0)}, Ends: []time.Time{at(20)}, InteractingDurationMs: 20_000,
			Metrics: []conversation.Metric{{Name: "tMonitoring", EmitDate: at(20), Value: 20_000}, {Name: "tTalk", EmitDate: at(20), Value: 20_000}}}},
	} {
		c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: name, Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeAgent, UserID: "u", Sessions: legs}}},
			conversation.Statement{By: conversation.SourceDetailEvent, At: at(200), Seen: at(200)}))
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: name, To: c}}})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(c.AgentTimes()), fmt.Sprint(agentTimes(t, s, name)), name)
	}
}

func TestTheReportOfCustomersKnowsTheOrganisationsOwnAddressInAnySpelling(t *testing.T) {
	s := open(t)
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c", Address: "tel:+31201234567", OriginatingDirection: conversation.Inbound,
		Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeCustomer, Address: "sip:+31201234567@10.0.0.1;user=phone", Sessions: []*conversation.Session{
			{ID: "s", MediaType: conversation.MediaVoice, Direction: conversation.Inbound, ANI: "tel:+31612345678", DNIS: "tel:+31201234567"}}}}},
		conversation.Statement{By: conversation.SourceREST}))
	_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: "c", To: c}}})
	require.NoError(t, err)
	want, _ := c.Customer()
	require.Equal(t, "+31612345678", want.Address)
	var got string
	require.NoError(t, s.pool.QueryRow(t.Context(), "select address from cdm_report_customer").Scan(&got))
	require.Equal(t, want.Address, got)
}

func TestTheReportOfOpenConversationsNamesWhoIsPresent(t *testing.T) {
	s := open(t)
	supervised := 0
	for n, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		var c *conversation.Conversation
		for k, data := range story.Snapshots() {
			m, err := genesys.Decode(data, story.Start.Add(time.Duration(k)*time.Second))
			require.NoError(t, err)
			for _, said := range m.Conversations {
				c = conversation.Merge(c, said)
			}
			if c == nil || c.Status == conversation.StatusEnded {
				continue
			}
			named := *c
			named.ID = fmt.Sprintf("%03d-%03d", n, k)
			_, err = s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: named.ID, To: &named}}})
			require.NoError(t, err)
			var got []string
			require.NoError(t, s.pool.QueryRow(t.Context(), "select coalesce(connected_users, '{}') from cdm_report_open_conversations where conversation_id = $1", named.ID).Scan(&got))
			require.Equal(t, append([]string{}, c.PresentUsers()...), append([]string{}, got...), "%s, snapshot %d", scenario.Name, k)
			for _, l := range c.Legs() {
				if l.Supervises && !l.Over {
					supervised++
				}
			}
		}
	}
	require.Positive(t, supervised)
}

// TestAnUpgradeMendsAnOwnNumberThatWasTakenForTheCustomers: the conversation may never be
// written again.
func TestAnUpgradeMendsAnOwnNumberThatWasTakenForTheCustomers(t *testing.T) {
	s := open(t)
	call := func(id, own string, direction conversation.Direction, address string, leg conversation.Session) {
		leg.ID, leg.MediaType = "s", conversation.MediaVoice
		c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: id, Address: own, OriginatingDirection: direction, Participants: []*conversation.Participant{
			{ID: "p", Purpose: conversation.PurposeCustomer, Address: address, Sessions: []*conversation.Session{&leg}}}}, conversation.Statement{By: conversation.SourceREST}))
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: id, To: c}}})
		require.NoError(t, err)
	}
	call("caller", "tel:+31-20-123 4567", conversation.Inbound, "sip:+31201234567@10.0.0.1;user=phone", conversation.Session{ANI: "tel:+31612345678"})
	call("nobody", "tel:+31201234567", conversation.Inbound, "sip:+31201234567@10.0.0.1;user=phone", conversation.Session{})
	call("called", "tel:+31201234567", conversation.Outbound, "", conversation.Session{DNIS: "tel:+31201234567"})
	for _, sql := range []string{"update cdm_conversation set customer_address = '+31201234567'", "delete from cdm_migration where number >= 16"} {
		_, err := s.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	upgraded := openIn(t, s.schema)
	for address, id := range map[string]string{"+31201234567": "called", "+31612345678": "caller"} {
		page, err := upgraded.List(t.Context(), store.Query{Address: address})
		require.NoError(t, err)
		require.Len(t, page.Conversations, 1, address)
		require.Equal(t, id, page.Conversations[0].ID)
	}
}

// TestAReportAboutOneConversationReadsThatOne: a case system asks for one, of a million.
func TestAReportAboutOneConversationReadsThatOne(t *testing.T) {
	s := open(t)
	var ids []string
	for i := range 200 {
		story := genesystest.BlindTransferToQueue().Fresh(rand.New(rand.NewPCG(1, uint64(i))))
		records := story.Records()
		c := told(t, story.Start, records[len(records)-1:])
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: c.ID, To: c}}})
		require.NoError(t, err)
		ids = append(ids, c.ID)
	}
	_, err := s.pool.Exec(t.Context(), "analyze")
	require.NoError(t, err)
	for _, view := range []string{"cdm_report_agent_time", "cdm_report_customer", "cdm_report_email_agents"} {
		found, err := s.pool.Query(t.Context(), "explain (analyze, timing off, summary off) select * from "+view+" where conversation_id = '"+ids[100]+"'")
		require.NoError(t, err)
		plan, err := pgx.CollectRows(found, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range plan {
			if n := regexp.MustCompile(`actual rows=(\d+)`).FindStringSubmatch(line); n != nil && len(n[1]) > 2 {
				require.Fail(t, "it reads others", "%s\n%s", line, strings.Join(plan, "\n"))
			}
		}
	}
}
