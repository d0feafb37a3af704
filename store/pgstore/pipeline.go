package pgstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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
	sum := sha256.Sum256([]byte(sql))
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

// run sends the pipeline and reads what comes back. Without a "begin" in it,
// or before it, it is a transaction of its own.
func (s *Store) run(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	switch {
	case s.protocol == simpleProtocol:
		return runSimple(ctx, c, p)
	case s.protocol == preparedProtocol && !s.unprepared.Load():
		return s.runPrepared(ctx, c.PgConn(), p)
	}
	return s.send(ctx, c.PgConn(), p, nil)
}

var binaryFormat = []int16{pgx.BinaryFormatCode}

// preparedStatements are those of a connection, by name.
type preparedStatements map[string]*pgconn.StatementDescription

const customData = "convtrack"

func (s *Store) runPrepared(ctx context.Context, c *pgconn.PgConn, p *pipeline) error {
	known, _ := c.CustomData()[customData].(preparedStatements)
	if known == nil {
		known = preparedStatements{}
		c.CustomData()[customData] = known
	}
	if err := known.prepare(ctx, c, p); err != nil {
		return err
	}
	return s.send(ctx, c, p, known)
}

// enough is how many bytes are sent on, so that the server begins while the
// rest is being composed.
const enough = 64 << 10

// send sends the steps and reads what comes back.
func (s *Store) send(ctx context.Context, c *pgconn.PgConn, p *pipeline, known preparedStatements) error {
	e := s.borrowEncoder()
	defer s.giveBack(e)
	sending := c.StartPipeline(ctx)
	waiting := 0
	for i := range p.steps {
		x := &p.steps[i]
		if d := known[x.name]; d != nil {
			sending.SendQueryStatement(d, e.encode(x), binaryFormat, binaryFormat)
		} else {
			sending.SendQueryParams(x.sql, e.encode(x), x.params, binaryFormat, binaryFormat)
		}
		if waiting += len(e.buffer); waiting >= enough {
			if sending.Flush() != nil {
				break // Close says it again
			}
			waiting = 0
		}
	}
	var failed error
	if sending.Sync() == nil {
		failed = readAll(sending, p)
	}
	if err := sending.Close(); err != nil && failed == nil {
		return err
	}
	return failed
}

// prepare prepares what the connection does not have yet, in one round trip.
func (known preparedStatements) prepare(ctx context.Context, c *pgconn.PgConn, p *pipeline) error {
	var missing []string
	for _, x := range p.steps {
		if x.name != "" && known[x.name] == nil && !slices.Contains(missing, x.name) {
			missing = append(missing, x.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	preparing := c.StartPipeline(ctx)
	for _, name := range missing {
		x := p.steps[slices.IndexFunc(p.steps, func(x step) bool { return x.name == name })]
		preparing.SendPrepare(name, x.sql, x.params)
	}
	err := preparing.Sync()
	for err == nil {
		var result any
		result, err = preparing.GetResults()
		d, ok := result.(*pgconn.StatementDescription)
		if !ok {
			break // all have come, or there is an error
		}
		d.Name = missing[0] // the answers do not say it
		known[d.Name], missing = d, missing[1:]
	}
	return errors.Join(err, preparing.Close())
}

// readAll reads the results of all steps.
func readAll(sent *pgconn.Pipeline, p *pipeline) error {
	var failed error
	var oids []uint32
	for i := range p.steps {
		next, err := sent.GetResults()
		if err != nil {
			return err
		}
		result, ok := next.(*pgconn.ResultReader)
		if !ok {
			return fmt.Errorf("pgstore: the server's answer to a statement is a %T", next)
		}
		if scan := p.steps[i].scan; scan != nil && failed == nil {
			oids = oids[:0]
			for _, f := range result.FieldDescriptions() {
				oids = append(oids, f.DataTypeOID)
			}
			for failed == nil && result.NextRow() {
				r := row{columns: result.Values(), oids: oids}
				failed = errors.Join(scan(&r), r.err)
			}
		}
		if _, err := result.Close(); err != nil {
			return err
		}
	}
	return failed
}

// runSimple runs the steps as one text, the parameters written into it.
func runSimple(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	var b pgx.Batch
	for _, x := range p.steps {
		var params []any
		for i, a := range x.args {
			if a.of != nil {
				params = append(params, rowsLiteral(a.of, a.rows))
			} else {
				params = append(params, literal(x.params[i], &a.value))
			}
		}
		b.Queue(x.sql, params...)
	}
	results := c.SendBatch(ctx, &b)
	failed := func() error {
		for _, x := range p.steps {
			found, err := results.Query()
			if err != nil {
				return err
			}
			var oids []uint32
			for _, f := range found.FieldDescriptions() {
				oids = append(oids, f.DataTypeOID)
			}
			for found.Next() {
				if x.scan == nil {
					continue
				}
				r := row{columns: found.RawValues(), oids: oids, text: true}
				if err := errors.Join(x.scan(&r), r.err); err != nil {
					found.Close()
					return err
				}
			}
			if found.Close(); found.Err() != nil {
				return found.Err()
			}
		}
		return nil
	}()
	return errors.Join(failed, results.Close())
}
