package pgstore

import (
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// names replaces the names of tables and types in the text of a statement.
type names struct{ *strings.Replacer }

func newNames(c *Config) names {
	var pairs []string
	for e := rows.Conversation; e <= rows.Migration; e++ {
		name := e.Table().Name
		pairs = append(pairs, "{"+name+"_row}", c.name(rowTypeName(e)), "{"+name+"}", c.name(name))
	}
	pairs = append(pairs, "{outcome_row}", c.name("outcome_row"))
	return names{strings.NewReplacer(pairs...)}
}

func (n names) statement(sql string, params ...uint32) *statement {
	return newStatement(n.Replace(strings.Join(strings.Fields(sql), " ")), params...)
}

// rowsOf is a parameter with rows of the entity.
func rowsOf(e rows.Entity, parameter int) string {
	return fmt.Sprintf("pg_catalog.unnest($%d::{%s_row}[])", parameter, e.Table().Name)
}

// insertRows writes rows of an entity that are not there yet.
func insertRows(e rows.Entity, from string) string {
	columns := list(e.Table().Columns)
	return `insert into {` + e.Table().Name + `} (` + columns + `) select ` + columns + ` from ` + from
}

// upsertRows writes rows of an entity below conversations.
func upsertRows(e rows.Entity, from string) string {
	table := e.Table()
	var sets []string
	for _, c := range table.Columns[table.Keys:] {
		sets = append(sets, c.Name+" = excluded."+c.Name)
	}
	return insertRows(e, from) + `
		on conflict (` + list(table.Key()) + `) do update set ` + strings.Join(sets, ", ")
}

// list lists the names of columns.
func list(columns []rows.Column) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name)
	}
	return b.String()
}
