package pgstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

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
