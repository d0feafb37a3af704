package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// fill stores so many conversations that have ended, as copies of one.
func fill(ctx context.Context, x *site, to *pgstore.Store, n int) error {
	if n <= 0 {
		return nil
	}
	original := resting()
	done, err := to.Commit(ctx, store.Batch{Changes: []*store.Change{{ID: original.ID, To: original}}})
	if err != nil {
		return err
	}
	if err := done.Results[0].Err; err != nil {
		return err
	}
	pool, err := x.pool(ctx, 1)
	if err != nil {
		return err
	}
	c, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	// Nobody needs them to be durable.
	if _, err := c.Exec(ctx, "set synchronous_commit = off"); err != nil {
		return err
	}
	for _, table := range []string{"conversation", "participant", "session", "segment", "metric"} {
		if err := multiply(ctx, c.Conn(), x.schema, pgstore.DefaultPrefix+table, n-1); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	if _, err := c.Exec(ctx, "reset synchronous_commit"); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, "vacuum analyze"); err != nil {
		return err
	}
	_, err = c.Exec(ctx, "checkpoint")
	return err
}

// restingDigits tell the original from its copies, in all its ids.
const restingDigits = "000000000000"

// multiply copies the rows of the original, with other digits in all ids. The
// digits lie as far apart as n places allow, and the ids of the conversations
// begin with them.
func multiply(ctx context.Context, c *pgx.Conn, schema, table string, n int) error {
	rows, err := c.Query(ctx, `select column_name, column_name like '%\_id' and data_type = 'text' from information_schema.columns
		where table_schema = $1 and table_name = $2 and is_generated = 'NEVER'`, schema, table)
	if err != nil {
		return err
	}
	var columns, values []string
	var name string
	var isID bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &isID}, func() error {
		columns = append(columns, name)
		switch {
		case name == "conversation_id":
			name = "left(k.digits, 8) || substr(replace(o.conversation_id, '" + restingDigits + "', k.digits), 9)"
		case isID:
			name = "replace(o." + name + ", '" + restingDigits + "', k.digits)"
		default:
			name = "o." + name
		}
		values = append(values, name)
		return nil
	}); err != nil {
		return err
	}
	_, err = c.Exec(ctx, fmt.Sprintf(`insert into %s (%s) select %s
		from (select lpad(to_hex(i * ((1::bigint << 48) / ($1::bigint + 1))), 12, '0') as digits from generate_series(1, $1::bigint) as i) as k
		cross join (select * from %[1]s where conversation_id = $2) as o`, table, strings.Join(columns, ", "), strings.Join(values, ", ")),
		n, resting().ID)
	return err
}

// resting is a conversation that has ended: a customer and an agent.
func resting() *conversation.Conversation {
	id := func(kind string) string { return kind + "-0000-4000-8000-" + restingDigits }
	end := referenceStart.Add(5 * time.Minute)
	leg := func(kind string) []*conversation.Session {
		return []*conversation.Session{{ID: id(kind), MediaType: conversation.MediaVoice, Direction: conversation.Inbound, Provider: "Edge",
			ANI: "tel:+31612345678", DNIS: "tel:+4930901820", Start: referenceStart, ConnectedTime: referenceStart, DisconnectedTime: end, DisconnectType: conversation.DisconnectClient,
			Segments: []*conversation.Segment{{Type: conversation.SegmentInteract, Start: referenceStart, End: end, QueueID: id("40e00000")}},
			Metrics:  []conversation.Metric{{Name: "tTalk", EmitDate: end, Value: 300_000}}}}
	}
	c := &conversation.Conversation{ID: id("c2000000"), Start: referenceStart, RecordedEnd: end, OriginatingDirection: conversation.Inbound,
		Initiator: conversation.PurposeCustomer, Address: "tel:+31612345678", Participants: []*conversation.Participant{
			{ID: id("9a470001"), Purpose: conversation.PurposeExternal, Name: "customer", Start: referenceStart, End: end, Sessions: leg("5e550001")},
			{ID: id("9a470002"), Purpose: conversation.PurposeAgent, UserID: id("05e00000"), QueueID: id("40e00000"), Start: referenceStart, End: end, Sessions: leg("5e550002")},
		}}
	by := conversation.Statement{By: conversation.SourceAnalytics, At: end, Seen: end}
	return conversation.Merge(nil, conversation.State(c, by))
}
