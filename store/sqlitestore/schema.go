package sqlitestore

import (
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// narrow are the tables whose rows are so short that they are kept in the
// index of their key. All others are kept in the order in which they came, so
// that the rows of conversations that are going on lie close together.
var narrow = map[rows.Entity]bool{rows.Metric: true, rows.Delivery: true, rows.Named: true, rows.Attribute: true, rows.Forgotten: true, rows.Migration: true}

// indexes are made beside the primary keys.
var indexes = []struct {
	of            rows.Entity
	name, columns string
}{
	{rows.Conversation, "start", "(conversation_start, conversation_id) WHERE provenance IS NOT NULL"},
	{rows.Conversation, "end", "(conversation_end) WHERE conversation_end IS NOT NULL"},
	{rows.Conversation, "changed", "(changed)"},
	{rows.Conversation, "open", "(changed) WHERE calculated_status <> 'Ended'"},
	{rows.Conversation, "due", "(due) WHERE due IS NOT NULL"},
	{rows.Conversation, "refused", "(refused_at) WHERE refused_at IS NOT NULL"},
	{rows.Conversation, "customer", "(customer_address) WHERE customer_address IS NOT NULL"},
	{rows.Participant, "user", "(user_id, conversation_id) WHERE user_id IS NOT NULL"},
	{rows.Participant, "queue", "(queue_id, conversation_id) WHERE queue_id IS NOT NULL"},
	{rows.Session, "queue", "(queue_id, conversation_id) WHERE queue_id IS NOT NULL"},
	{rows.Attribute, "value", "(name, value)"},
	{rows.Delivery, "event", "(event_id, hook)"},
	{rows.Delivery, "claimable", "(hook, due) WHERE head = 1 AND state < 2"},
	{rows.Delivery, "owner", "(owner) WHERE state = 1"},
	{rows.Delivery, "parked", "(failed_at) WHERE state = 2"},
	{rows.Inbox, "owner", "(owner, heard_at)"},
	{rows.Forgotten, "at", "(forgotten_at)"},
	{rows.Conversation, "vetoed", "(changed) WHERE vetoed IS NOT NULL"},
	{rows.Conversation, "aside", "(conversation_id) WHERE refused IS NOT NULL"},
}

var columnTypes = map[rows.Kind]string{rows.Text: "TEXT", rows.Bool: "INTEGER", rows.Integer: "INTEGER", rows.Float: "REAL",
	rows.Time: "INTEGER", rows.JSON: "TEXT", rows.Blob: "BLOB", rows.Texts: "TEXT"}

// schema writes the statements that make all tables: what the migrations
// together come to.
func schema(prefix string) string {
	var b strings.Builder
	for e := rows.Conversation; e <= rows.Migration; e++ {
		createTable(&b, prefix, e)
	}
	for _, x := range indexesOf(prefix) {
		b.WriteString(x.statement() + ";\n")
	}
	fmt.Fprintf(&b, forgetEntries, prefix)
	return b.String()
}

// index is one of a store.
type index struct{ name, table, columns string }

func (x index) statement() string {
	return "CREATE INDEX " + x.name + " ON " + x.table + " " + x.columns
}

func indexesOf(prefix string) []index {
	all := make([]index, len(indexes))
	for i, x := range indexes {
		table := prefix + x.of.Table().Name
		all[i] = index{table + "_" + x.name, table, x.columns}
	}
	return all
}

// forgetEntries: entries may be there before their conversation is, so no
// foreign key can make them go with it.
const forgetTrigger = "inbox_forgotten"

const forgetEntries = `CREATE TRIGGER %[1]s` + forgetTrigger + ` AFTER DELETE ON %[1]sconversation BEGIN
  DELETE FROM %[1]sinbox WHERE conversation_id = OLD.conversation_id;
END;
`

func createTable(b *strings.Builder, prefix string, e rows.Entity) {
	t := e.Table()
	fmt.Fprintf(b, "CREATE TABLE %s%s (\n", prefix, t.Name)
	for i, c := range t.Columns {
		fmt.Fprintf(b, "  %s %s", c.Name, columnTypes[c.Kind])
		// A conversation has no state where it was vetoed or refused.
		if c.Required && (e != rows.Conversation || i < t.Keys+t.Record) {
			b.WriteString(" NOT NULL")
		}
		if c.Name == "conversation_id" && e != rows.Conversation && e != rows.Inbox {
			fmt.Fprintf(b, " REFERENCES %sconversation ON DELETE CASCADE", prefix)
		}
		b.WriteString(",\n")
	}
	fmt.Fprintf(b, "  PRIMARY KEY (%s)\n) STRICT", names(t.Key(), ""))
	if narrow[e] {
		b.WriteString(", WITHOUT ROWID")
	}
	b.WriteString(";\n\n")
}

// names lists the names of columns, each with what goes before it.
func names(columns []rows.Column, before string) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(before + c.Name)
	}
	return b.String()
}
