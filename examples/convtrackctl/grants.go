package main

import (
	"cmp"
	"context"
	"flag"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

func grantsCommand() *command {
	return &command{
		name: "grants", args: "[-schema SCHEMA] [-prefix PREFIX] ROLE",
		does: "Prints the SQL that gives a PostgreSQL role what a tracker needs, and no more",
		more: "Run it as the role that owns the tables, once the migrations are applied, and again after\n" +
			"each migration that makes a table. It is not sent to a database.",
		flags: func(f *flag.FlagSet) action {
			schema := f.String("schema", "public", "the `SCHEMA` of the tables")
			prefix := f.String("prefix", "cdm_", "what the names of the tables begin with")
			return func(_ context.Context, p *program, args []string) error {
				if len(args) != 1 {
					return wrongUsage("give the name of one role")
				}
				p.where = where{schema: cmp.Or(*schema, "public"), prefix: *prefix}
				return p.grants(args[0])
			}
		},
	}
}

func (p *program) grants(name string) error {
	role, schema := pgx.Identifier{name}.Sanitize(), pgx.Identifier{p.where.schema}.Sanitize()
	p.out.say("grant usage on schema %s to %s;", schema, role)
	tables, err := p.tableNames()
	if err != nil {
		return err
	}
	var deletable []string // values and migrations stay
	for _, t := range tables {
		if t != "migration" && t != "value" {
			deletable = append(deletable, t)
		}
	}
	p.out.say("grant select, insert, update, delete on %s to %s;", p.list(deletable), role)
	p.out.say("grant select, insert, update on %s to %s;", p.list([]string{"value"}), role)
	p.out.say("grant select on %s to %s;", p.list([]string{"migration"}), role)
	return nil
}

// tableNames are those that the migrations make, without the prefix.
func (p *program) tableNames() (names []string, err error) {
	all, err := p.known(true)
	if err != nil {
		return nil, wrongUsage("%w", err)
	}
	form := regexp.MustCompile(`(?m)^create table ` + regexp.QuoteMeta(p.where.prefix) + `([a-z0-9_]+)`)
	seen := map[string]bool{}
	for _, m := range all {
		for _, found := range form.FindAllStringSubmatch(m.sql, -1) {
			if !seen[found[1]] {
				seen[found[1]] = true
				names = append(names, found[1])
			}
		}
	}
	return names, nil
}

// list names tables with their schema.
func (p *program) list(names []string) string {
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = pgx.Identifier{p.where.schema, p.where.prefix + name}.Sanitize()
	}
	return strings.Join(full, ", ")
}
