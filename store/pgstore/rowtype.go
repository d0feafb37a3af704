package pgstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// rowType is a type of the database for the rows that a statement writes: one
// parameter holds them all, however many there are.
type rowType struct {
	name    string // of the type, without the prefix
	columns []rows.Column
	oids    []uint32 // of the columns

	oid, array uint32 // of the type and of arrays of it
}

func newRowType(name string, columns ...rows.Column) *rowType {
	t := &rowType{name: name, columns: columns}
	for _, c := range columns {
		t.oids = append(t.oids, columnOID(c))
	}
	return t
}

func columnOID(c rows.Column) uint32 {
	if c.Name == "attributes" {
		return oidJSONB // it is searched
	}
	return oids[c.Kind]
}

func column(name string, kind rows.Kind) rows.Column { return rows.Column{Name: name, Kind: kind} }

// rowTypeName is the name of the type for rows of the entity. A migration that
// adds columns makes a type of its own, as programs that still run use the other.
func rowTypeName(e rows.Entity) string {
	if e == rows.Conversation || e == rows.Session || e == rows.Delivery {
		return e.Table().Name + "_row_2"
	}
	return e.Table().Name + "_row"
}

// rowTypes are all types for rows, in the form of the last migration.
type rowTypes struct {
	entities [rows.Evaluation + 1]*rowType
	event    *rowType
	delivery *rowType
	outcome  *rowType
	inbox    *rowType
}

func newRowTypes() *rowTypes {
	t := &rowTypes{
		event: newRowType("event_row", rows.Event.Table().Columns...),
		delivery: newRowType(rowTypeName(rows.Delivery), column("conversation_id", rows.Text), column("hook", rows.Text), column("seq", rows.Integer),
			column("event_id", rows.Text), column("claimed", rows.Bool), column("trace", rows.Text)),
		outcome: newRowType("outcome_row", column("conversation_id", rows.Text), column("hook", rows.Text), column("seq", rows.Integer), column("owner", rows.Text),
			column("did", rows.Integer), column("wait", rows.Integer), column("attempts", rows.Integer), column("type", rows.Text),
			column("error", rows.Text), column("stack", rows.Text), column("failed_at", rows.Time)),
		inbox: newRowType("inbox_row", rows.Inbox.Table().Columns...),
	}
	for e := range t.entities {
		t.entities[e] = newRowType(rowTypeName(rows.Entity(e)), rows.Entity(e).Table().Columns...)
	}
	return t
}

func (t *rowTypes) all() []*rowType {
	return append(t.entities[:], t.event, t.delivery, t.outcome, t.inbox)
}

// find asks the database for the ids of the types.
func (t *rowTypes) find(ctx context.Context, pool *pgxpool.Pool, mode pgx.QueryExecMode, c *Config) error {
	byName := map[string]*rowType{}
	for _, x := range t.all() {
		byName[c.Prefix+x.name] = x
	}
	found, err := pool.Query(ctx, `select t.typname::text, t.oid::bigint, t.typarray::bigint from pg_catalog.pg_type t
		join pg_catalog.pg_namespace n on n.oid = t.typnamespace where n.nspname = $1::text and t.typtype = 'c'`, mode, c.Schema)
	if err != nil {
		return err
	}
	var name string
	var oid, array int64
	_, err = pgx.ForEachRow(found, []any{&name, &oid, &array}, func() error {
		if x := byName[name]; x != nil {
			x.oid, x.array = uint32(oid), uint32(array)
			delete(byName, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var problems []string
	for name := range byName {
		problems = append(problems, fmt.Sprintf("the type %s.%s is missing", c.Schema, name))
	}
	if slices.Sort(problems); len(problems) > 0 {
		return &SchemaError{problems}
	}
	return nil
}

// same reports whether the types have the same ids.
func (t *rowTypes) same(others *rowTypes) bool {
	return slices.EqualFunc(t.all(), others.all(), func(a, b *rowType) bool { return a.oid == b.oid && a.array == b.array })
}
