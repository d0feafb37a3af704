package pgstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// run sends the pipeline and reads what comes back. Without a "begin" in it,
// or before it, it is a transaction of its own.
func (db *database) run(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	if db.protocol == simpleProtocol {
		return runSimple(ctx, c, p)
	}
	kept := connectionOf(c.PgConn())
	prepared := db.protocol == preparedProtocol && !db.unprepared.Load()
	if prepared {
		if err := kept.prepare(ctx, c.PgConn(), p); err != nil {
			return err
		}
	}
	return db.send(ctx, c.PgConn(), kept, prepared, p)
}

var binaryFormat = []int16{pgx.BinaryFormatCode}

// enough is how many bytes are sent on, so that the server begins while the
// rest is being composed.
const enough = 64 << 10

// send sends the steps and reads what comes back.
func (db *database) send(ctx context.Context, c *pgconn.PgConn, kept *connection, prepared bool, p *pipeline) error {
	e := db.borrowEncoder()
	defer db.giveBack(e)
	sending := c.StartPipeline(ctx)
	waiting := 0
	for i := range p.steps {
		x := &p.steps[i]
		values := e.encode(x)
		kept.makeRoom(c.Frontend(), waiting, len(e.buffer))
		if d := kept.prepared[x.name]; prepared && d != nil {
			sending.SendQueryStatement(d, values, binaryFormat, binaryFormat)
		} else {
			sending.SendQueryParams(x.sql, values, x.params, binaryFormat, binaryFormat)
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

// asText makes the server write values as they are read, whatever it, the role
// or the connection is set to: until the transaction ends.
var asText = newStatement("select pg_catalog.set_config('datestyle', 'ISO, YMD', true), pg_catalog.set_config('intervalstyle', 'postgres', true), " +
	"pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('extra_float_digits', '1', true)")

// runSimple runs the steps as one text, the parameters written into it. Without
// a "begin" in it, the text is a transaction of its own.
func runSimple(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	first := 0
	if strings.HasPrefix(p.steps[0].sql, "begin") {
		first = 1
	}
	steps := slices.Insert(slices.Clone(p.steps), first, step{statement: asText})
	var b pgx.Batch
	for _, x := range steps {
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
		for _, x := range steps {
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
