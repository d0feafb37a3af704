package inspector_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
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

// months is over how long a time the conversations have changed.
const months = 60 * 24 * time.Hour

// samples is how many conversations go through the store, of each kind; all others
// are copies that the database makes of the short ones.
func samples(n int) int { return min(500, n/2) }

// storeMany stores so many conversations: a few long ones, of some forty rows each,
// that changed just now, and before them, over two months, short ones of three legs.
// One in a hundred is open, one in a thousand outbound.
func storeMany(b *testing.B, s store.Store, d database, n int) (last string) {
	b.Helper()
	began := time.Now()
	random := rand.New(rand.NewPCG(1, 2))
	batch := store.Batch{Owner: "bench", Lease: time.Minute}
	add := func(c *conversation.Conversation) {
		batch.Changes = append(batch.Changes, &store.Change{ID: c.ID, To: c})
		last = c.ID
	}
	for i := range samples(n) {
		add(called(b, short(fmt.Sprintf("short-%d", i)), i))
	}
	for i := range samples(n) {
		add(called(b, story("c", time.Duration(1+random.IntN(60))*time.Minute).Fresh(random), i))
	}
	_, err := s.Commit(b.Context(), batch)
	require.NoError(b, err)
	d.multiply(b, n-2*samples(n))
	b.Logf("%d conversations are stored after %s", n, time.Since(began).Round(time.Second))
	return last
}

// short is a call that an agent takes from a queue.
func short(id string) *genesystest.Story {
	s := genesystest.NewStory(id)
	s.Start = time.Now().Add(-24 * time.Hour)
	s.Customer("customer", 0).Ends(3*time.Minute, "peer")
	queue := s.Queue("queue", time.Second, "q-1").Ends(20*time.Second, "transfer")
	agent := s.Agent("agent", 10*time.Second, "user-1", "q-1").Answer(20*time.Second).Ends(3*time.Minute, "client").WrapUp(4*time.Minute, "question")
	queue.AnsweredBy(agent, 0)
	return s
}

// called is the nth conversation of a story.
func called(b *testing.B, s *genesystest.Story, n int) *conversation.Conversation {
	b.Helper()
	all := s.Snapshots()
	message := all[len(all)-1]
	if n%100 == 0 { // it goes on
		message = all[3]
	}
	m, err := genesys.Decode(message, time.Now())
	require.NoError(b, err)
	c := conversation.Merge(nil, m.Conversations[0])
	more := &conversation.Conversation{ID: c.ID, Attributes: map[string]string{"caseId": fmt.Sprint("sample-", n), "kind": "question"}, OriginatingDirection: conversation.Inbound}
	now := time.Now()
	return conversation.Merge(c, conversation.State(more, conversation.Statement{By: conversation.SourceHost, At: now, Seen: now}))
}

// database multiplies conversations by its own statements.
type database struct {
	exec  func(ctx context.Context, sql string) error
	texts func(ctx context.Context, sql string) ([]string, error)

	before, after []string // what is done first, and last
	columns       string   // selects the names of the columns of a table
	indexes       string   // selects the statements that make the indexes beside the keys
	names         string   // selects the names of these indexes
	numbers       string   // a table m of numbers n, from and to
	time          string   // of microseconds since 1970
	hex           string   // eight hexadecimal digits of m.n
	json          string   // of a text
}

// multiply makes n copies of the short conversations. They differ in what
// conversations are found by, and no kind of them lies together in time, as x
// scatters the numbers: half of all have come through one queue and have one
// attribute, a tenth has one user, a twentieth one customer. Only one user, who has
// gone, has many of the first ones.
func (d database) multiply(b *testing.B, n int) {
	b.Helper()
	const x = "(m.n * 7919 % 1000003)"
	kind := "case when " + x + " % 2 = 0 then 'question' else 'complaint' end"
	queue := "case when " + x + " % 2 = 0 then 'q-0' else 'q-' || (" + x + " % 200) end"
	user := fmt.Sprintf("case when m.n < %d and %s %% 5 = 1 then 'user-gone' when %s %% 10 = 0 then 'user-0' else 'user-' || (%s %% 500) end", n/10, x, x, x)
	customer := "case when " + x + " % 20 = 3 then '+31201234567' else '+316' || substr('0000000' || m.n, length('' || m.n)) end"
	at := func(before time.Duration) string {
		begin := time.Now().Add(-months - time.Hour - before).UnixMicro()
		return fmt.Sprintf(d.time, fmt.Sprintf("%d + m.n * %d", begin, months.Microseconds()/int64(n)))
	}
	values := map[string]string{ // c.… is the value that is copied
		"*.conversation_id":                  d.hex + " || '-0000-4000-8000-' || m.n",
		"conversation.changed":               at(0),
		"conversation.conversation_end":      at(0),
		"conversation.conversation_start":    at(4 * time.Minute),
		"conversation.customer_address":      customer,
		"conversation.originating_direction": "case when " + x + " % 1000 = 7 then 'outbound' else 'inbound' end",
		"conversation.attributes":            fmt.Sprintf(d.json, `'{"caseId": "' || m.n || '", "kind": "' || `+kind+` || '"}'`),
		"attribute.value":                    "case when c.name = 'caseId' then '' || m.n else " + kind + " end",
		"participant.queue_id":               queue,
		"participant.user_id":                user,
		"session.queue_id":                   queue,
		"session.media_type":                 "case when " + x + " % 10007 = 5 then 'email' else c.media_type end",
	}
	run := func(sql ...string) {
		b.Helper()
		for _, x := range sql {
			require.NoError(b, d.exec(b.Context(), x), x)
		}
	}
	list := func(sql string) []string {
		b.Helper()
		all, err := d.texts(b.Context(), sql)
		require.NoError(b, err, sql)
		return all
	}
	run(d.before...)
	indexes := list(d.indexes)
	for _, name := range list(d.names) {
		run("drop index " + name)
	}
	run("create table sample as select conversation_id, row_number() over (order by conversation_id) - 1 as n from cdm_conversation where conversation_id like 'short-%'")
	many := list("select cast(count(*) as text) from sample")[0]
	for _, table := range []string{"conversation", "attribute", "participant", "session"} {
		var columns, selected []string
		for _, name := range list(fmt.Sprintf(d.columns, "cdm_"+table)) {
			value := values["*."+name]
			switch special := values[table+"."+name]; {
			case value != "":
			case special != "":
				value = "case when c." + name + " is not null then " + special + " end"
			default:
				value = "c." + name
			}
			columns, selected = append(columns, name), append(selected, value)
		}
		const atOnce = 100_000
		for from := 0; from < n && len(columns) > 0; from += atOnce { // not every database has every table
			run("insert into cdm_" + table + " (" + strings.Join(columns, ", ") + ") select " + strings.Join(selected, ", ") +
				" from " + fmt.Sprintf(d.numbers, from, min(n, from+atOnce)-1) + " join sample s on s.n = m.n % " + many +
				" join cdm_" + table + " c on c.conversation_id = s.conversation_id order by m.n")
		}
	}
	run("drop table sample")
	run(indexes...)
	run(d.after...)
}

// postgres multiplies on a connection of somebody who may do everything.
func postgres(c *pgx.Conn) database {
	const ofIndexes = " from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid where i.relnamespace = current_schema()::regnamespace" +
		" and not x.indisprimary and t.relname in ('cdm_conversation', 'cdm_participant', 'cdm_session')"
	return database{
		exec: func(ctx context.Context, sql string) error {
			_, err := c.Exec(ctx, sql)
			return err
		},
		texts: func(ctx context.Context, sql string) ([]string, error) {
			found, err := c.Query(ctx, sql)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(found, pgx.RowTo[string])
		},
		after:   []string{"vacuum analyze"},
		columns: "select attname::text from pg_attribute where attrelid = to_regclass('%s') and attnum > 0 and attgenerated = '' and not attisdropped",
		indexes: "select pg_get_indexdef(i.oid)" + ofIndexes,
		names:   "select i.relname::text" + ofIndexes,
		numbers: "(select n from generate_series(%d::bigint, %d) n) m",
		time:    "timestamptz 'epoch' + interval '1 microsecond' * (%s)",
		hex:     "lpad(to_hex(m.n * 2654435761 % 4294967296), 8, '0')",
		json:    "(%s)::jsonb",
	}
}

// sqlite multiplies in a file.
func sqlite(db *sql.DB) database {
	db.SetMaxOpenConns(1) // settings are those of a connection
	const ofIndexes = " from sqlite_schema where type = 'index' and sql is not null and tbl_name in ('cdm_conversation', 'cdm_participant', 'cdm_session', 'cdm_attribute')"
	return database{
		exec: func(ctx context.Context, sql string) error {
			_, err := db.ExecContext(ctx, sql)
			return err
		},
		texts: func(ctx context.Context, sql string) (all []string, err error) {
			found, err := db.QueryContext(ctx, sql)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, found.Close()) }()
			for found.Next() {
				var one string
				if err := found.Scan(&one); err != nil {
					return nil, err
				}
				all = append(all, one)
			}
			return all, found.Err()
		},
		before:  []string{"pragma synchronous = off", "pragma cache_size = -1000000"},
		after:   []string{"analyze", "pragma wal_checkpoint(truncate)"},
		columns: "select name from pragma_table_info('%s')",
		indexes: "select sql" + ofIndexes,
		names:   "select name" + ofIndexes,
		numbers: "(with recursive number(n) as (select %[1]d union all select n + 1 from number where n < %[2]d) select n from number) m",
		time:    "%s",
		hex:     "printf('%08x', m.n * 2654435761 % 4294967296)",
		json:    "%s",
	}
}
