package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// statement is a statement with the types of its parameters. Its text says the
// type of each parameter, so that it is the same in every protocol.
type statement struct {
	sql    string
	params []uint32
	name   string // under which it is prepared; empty: it never is
}

func newStatement(sql string, params ...uint32) *statement {
	sum := sha256.Sum256(fmt.Append(nil, sql, params))
	return &statement{sql: sql, params: params, name: "convtrack_" + hex.EncodeToString(sum[:12])}
}

// argument is what a statement is given: a value, or rows as one parameter.
type argument struct {
	value rows.Value
	of    *rowType
	rows  []rows.Value
}

func args(values ...rows.Value) []argument {
	list := make([]argument, len(values))
	for i, v := range values {
		list[i].value = v
	}
	return list
}

// pipeline is a list of statements that go to the server in one round trip.
type pipeline struct {
	steps []step
}

type step struct {
	*statement
	args []argument
	scan func(r *row) error // for each row; nil when there are none of interest
}

func (p *pipeline) add(s *statement, args ...argument) { p.read(nil, s, args...) }

func (p *pipeline) read(scan func(r *row) error, s *statement, args ...argument) {
	p.steps = append(p.steps, step{s, args, scan})
}
