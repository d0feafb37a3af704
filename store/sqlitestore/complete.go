package sqlitestore

import (
	"context"
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// complete returns a [SchemaError] when a table, column, index or trigger is
// missing, or a column is of another type.
func (s *Store) complete(ctx context.Context, l *link) error {
	columns, others, err := s.found(ctx, l)
	if err != nil {
		return err
	}
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for e := rows.Conversation; e <= rows.Migration; e++ {
		table := s.config.Prefix + e.Table().Name
		found, is := columns[table]
		if !is {
			say("the table %s is missing", table)
			continue
		}
		for _, c := range e.Table().Columns {
			switch is, must := found[c.Name], columnTypes[c.Kind]; is {
			case must:
			case "":
				say("the column %s.%s is missing", table, c.Name)
			default:
				say("the column %s.%s is of the type %s, and must be %s", table, c.Name, is, must)
			}
		}
	}
	for _, x := range indexesOf(s.config.Prefix) {
		if _, is := columns[x.table]; is && others[x.name] != x.table {
			say("the index %s is missing: %s", x.name, x.statement())
		}
	}
	on, trigger := s.config.Prefix+rows.Conversation.Table().Name, s.config.Prefix+forgetTrigger
	if _, is := columns[on]; is && others[trigger] != on {
		say("the trigger %s is missing", trigger)
	}
	if len(problems) > 0 {
		return &SchemaError{problems}
	}
	return nil
}

// found returns the types of the columns of all tables that begin with the
// prefix, and the tables of their indexes and triggers.
func (s *Store) found(ctx context.Context, l *link) (columns map[string]map[string]string, others map[string]string, err error) {
	columns, others = map[string]map[string]string{}, map[string]string{}
	err = l.queryText(ctx, `SELECT m.type, m.name, m.tbl_name, coalesce(c.name, ''), coalesce(c.type, '')
		FROM sqlite_schema AS m LEFT JOIN pragma_table_info(m.name) AS c ON m.type = 'table'
		WHERE m.type IN ('table', 'index', 'trigger') AND substr(m.tbl_name, 1, ?) = ?`, []any{len(s.config.Prefix), s.config.Prefix}, func(row []any) error {
		kind, name, table, column, is := text(row[0]), text(row[1]), text(row[2]), text(row[3]), text(row[4])
		if kind != "table" {
			others[name] = table
			return nil
		}
		if columns[name] == nil {
			columns[name] = map[string]string{}
		}
		columns[name][column] = strings.ToUpper(is)
		return nil
	})
	return columns, others, err
}
