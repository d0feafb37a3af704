package pgstore

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// connection is what is kept with a connection of the pool. Only who holds the
// connection may use it.
type connection struct {
	prepared map[string]*pgconn.StatementDescription // by name
	room     []byte                                  // what is sent is composed in it
}

const customData = "convtrack"

func connectionOf(c *pgconn.PgConn) *connection {
	kept, _ := c.CustomData()[customData].(*connection)
	if kept == nil {
		kept = &connection{prepared: map[string]*pgconn.StatementDescription{}}
		c.CustomData()[customData] = kept
	}
	return kept
}

// besideValues is about what a batch's messages have beside their values.
const besideValues = 4 << 10

// makeRoom gives what is not yet sent, and so many bytes more, the memory that
// was used the last time. The frontend forgets its own whenever it was large,
// and would let it grow anew for each batch.
func (kept *connection) makeRoom(f *pgproto3.Frontend, unsent, more int) {
	size := unsent + more + besideValues
	if size > mostKept {
		return
	}
	if size > cap(kept.room) {
		kept.room = slices.Grow(kept.room[:0], size)
	}
	f.Send((*room)(kept))
}

// room is a message of nothing, whose encoding moves the ones before it.
type room connection

var _ pgproto3.FrontendMessage = (*room)(nil)

func (r *room) Encode(before []byte) ([]byte, error) {
	if cap(before) >= cap(r.room) {
		return before, nil
	}
	return append(r.room[:0], before...), nil
}

// Decode implements pgproto3.FrontendMessage; nobody receives it.
func (*room) Decode([]byte) error { return errors.ErrUnsupported }

// Frontend implements pgproto3.FrontendMessage.
func (*room) Frontend() {}

// prepare prepares what the connection does not have yet, in one round trip.
func (kept *connection) prepare(ctx context.Context, c *pgconn.PgConn, p *pipeline) error {
	var missing []string
	for _, x := range p.steps {
		if x.name != "" && kept.prepared[x.name] == nil && !slices.Contains(missing, x.name) {
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
		kept.prepared[d.Name], missing = d, missing[1:]
	}
	return errors.Join(err, preparing.Close())
}
