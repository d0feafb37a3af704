package pgstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// reference is the update that throughput is measured with: 4 participants
// with a session each, 4 segments and 6 metrics a session, of which an update
// changes 2 participants, 2 sessions, 2 segments and 2 metrics, and logs an
// event of 485 bytes that goes to one hook.
type reference struct {
	id      string
	version int64
	seq     int64
	from    *conversation.Conversation
	to      *conversation.Conversation
}

var referenceData = []byte(fmt.Sprintf(`{"participantId":"1c1f8f1e-2d7b-44f0-b7b4-b27a5a1a0c12","padding":"%0421d"}`, 0))

func uuid(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

func stated(at time.Time, c *conversation.Conversation) *conversation.Conversation {
	return conversation.State(c, conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})
}

func newReference(n int) *reference {
	begin := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Millisecond)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	id := uuid(1, n)
	c := &conversation.Conversation{ID: id, Start: begin, OriginatingDirection: conversation.Inbound, Address: "tel:+4917212345678",
		DivisionIDs: []string{uuid(2, 0)}}
	more := &conversation.Conversation{ID: id}
	for i := range 4 {
		purpose := []conversation.Purpose{conversation.PurposeCustomer, conversation.PurposeIVR, conversation.PurposeACD, conversation.PurposeAgent}[i]
		p := &conversation.Participant{ID: uuid(3, 4*n+i), Purpose: purpose, Start: at(10 * i), ConnectedTime: at(10*i + 1), ANI: "tel:+4917212345678",
			DNIS: "tel:+498912345678", Name: "Anna Example", Address: "sip:+4989123456@10.1.2.3;user=phone", QueueID: uuid(4, n%7)}
		if purpose == conversation.PurposeAgent {
			p.UserID = uuid(5, n%100)
		}
		s := &conversation.Session{ID: uuid(6, 4*n+i), MediaType: conversation.MediaVoice, Direction: conversation.Inbound, Provider: "Edge",
			State: conversation.StateConnected, Start: at(10 * i), ConnectedTime: at(10*i + 1), ANI: p.ANI, DNIS: p.DNIS, QueueID: p.QueueID, PeerID: uuid(6, 4*n)}
		update := &conversation.Session{ID: s.ID, ConnectedTime: at(10*i + 2), Muted: true}
		for k := range 4 {
			s.Segments = append(s.Segments, &conversation.Segment{Type: conversation.SegmentInteract, Start: at(10*i + k), End: at(10*i + k + 1), QueueID: p.QueueID})
		}
		for k := range 6 {
			s.Metrics = append(s.Metrics, conversation.Metric{Name: []string{"tTalk", "tHeld", "tAcw", "tHandle", "nOffered", "tAlert"}[k], EmitDate: at(10*i + 5), Value: int64(1000 * k)})
		}
		p.Sessions = []*conversation.Session{s}
		c.Participants = append(c.Participants, p)
		if i >= 2 {
			update.Segments = []*conversation.Segment{{Type: conversation.SegmentInteract, Start: at(10 * i), End: at(10*i + 60)}}
			update.Metrics = []conversation.Metric{{Name: "tTalk", EmitDate: at(10*i + 5), Value: int64(n)}}
			more.Participants = append(more.Participants, &conversation.Participant{ID: p.ID, ConnectedTime: at(10*i + 2), Sessions: []*conversation.Session{update}})
		}
	}
	first := conversation.Merge(nil, stated(at(100), c))
	return &reference{id: id, from: first, to: conversation.Merge(first, stated(at(200), more))}
}

func (r *reference) create() *store.Change { return &store.Change{ID: r.id, To: r.from} }

// update is the next update, to and fro.
func (r *reference) update() *store.Change {
	r.seq++
	e := store.NewEvent{Event: store.Event{ID: r.eventID(), ConversationID: r.id, Seq: r.seq, Type: "agent.connected",
		Time: time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC), Rule: "answered", Data: referenceData},
		Deliveries: []store.NewDelivery{{Hook: "hook", Claimed: true}}}
	return &store.Change{ID: r.id, Version: r.version, From: r.from, To: r.to, Events: []store.NewEvent{e}}
}

func (r *reference) written(version int64) { r.version, r.from, r.to = version, r.to, r.from }

func (r *reference) eventID() string { return r.id[:8] + uuid(7, int(r.seq))[8:24] + r.id[24:] }

func (r *reference) done(owner string) store.Outcome {
	return store.Outcome{Owner: owner, EventID: r.eventID(), ConversationID: r.id, Seq: r.seq, Hook: "hook", Did: store.Done}
}

// references creates conversations.
func references(t testing.TB, s store.Store, first, n int) []*reference {
	t.Helper()
	list := make([]*reference, n)
	for begin := 0; begin < n; begin += 100 {
		var changes []*store.Change
		for i := begin; i < min(begin+100, n); i++ {
			list[i] = newReference(first + i)
			changes = append(changes, list[i].create())
		}
		done, err := s.Commit(t.Context(), store.Batch{Changes: changes})
		require.NoError(t, err)
		for i, r := range done.Results {
			require.NoError(t, r.Err)
			list[begin+i].version = r.Version
		}
	}
	return list
}

// updateAll commits an update of each in one batch, with the outcomes of the
// last ones.
func updateAll(ctx context.Context, s store.Store, list []*reference) error {
	b := store.Batch{Owner: "owner", Lease: time.Minute}
	for _, r := range list {
		if r.seq > 0 {
			b.Outcomes = append(b.Outcomes, r.done("owner"))
		}
		b.Changes = append(b.Changes, r.update())
	}
	done, err := s.Commit(ctx, b)
	if err != nil {
		return err
	}
	for i, r := range done.Results {
		if r.Err != nil {
			return r.Err
		}
		list[i].written(r.Version)
	}
	return nil
}

// walAt returns the place of the server's log.
func walAt(t testing.TB, pool *pgxpool.Pool) int64 {
	t.Helper()
	var at int64
	require.NoError(t, pool.QueryRow(t.Context(), "select (pg_current_wal_insert_lsn() - '0/0')::bigint").Scan(&at))
	return at
}

// updateUndelivered is updateAll where no hook is registered.
func updateUndelivered(ctx context.Context, s store.Store, list []*reference) error {
	var b store.Batch
	for _, r := range list {
		c := r.update()
		c.Events[0].Deliveries = nil
		b.Changes = append(b.Changes, c)
	}
	done, err := s.Commit(ctx, b)
	if err != nil {
		return err
	}
	for i, r := range done.Results {
		if r.Err != nil {
			return r.Err
		}
		list[i].written(r.Version)
	}
	return nil
}
