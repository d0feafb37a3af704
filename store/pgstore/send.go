package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sender sends pipelines on connections of a pool, in the protocol that the
// pool is set to.
type sender struct {
	protocol
	unprepared atomic.Bool // the connections do not keep prepared statements
	encoders   encoders
}

// run sends the pipeline and reads what comes back. Without a "begin" in it,
// or before it, it is a transaction of its own.
func (s *sender) run(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	if s.protocol == simpleProtocol {
		return runSimple(ctx, c, p)
	}
	kept := connectionOf(c.PgConn())
	prepared := s.protocol == preparedProtocol && !s.unprepared.Load()
	if prepared {
		if err := kept.prepare(ctx, c.PgConn(), p); err != nil {
			return err
		}
	}
	return s.send(ctx, c.PgConn(), kept, prepared, p)
}

var binaryFormat = []int16{pgx.BinaryFormatCode}

// enough is how many bytes are sent on, so that the server begins while the
// rest is being composed.
const enough = 64 << 10

// send sends the steps and reads what comes back.
func (s *sender) send(ctx context.Context, c *pgconn.PgConn, kept *connection, prepared bool, p *pipeline) error {
	e := s.encoders.borrow()
	defer s.encoders.giveBack(e)
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
