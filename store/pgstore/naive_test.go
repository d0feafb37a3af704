package pgstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// naive writes the same rows into the same tables as programs do that are
// written by hand: statement by statement, one conversation a transaction.
type naive struct{ upserts map[rows.Entity]string }

func newNaive() *naive {
	n := &naive{map[rows.Entity]string{}}
	for _, e := range rows.Children() {
		table := e.Table()
		var columns, params, sets []string
		for i, c := range table.Columns {
			columns = append(columns, c.Name)
			params = append(params, fmt.Sprintf("$%d", i+1))
			if i >= table.Keys {
				sets = append(sets, fmt.Sprintf("%s = excluded.%[1]s", c.Name))
			}
		}
		n.upserts[e] = fmt.Sprintf("insert into cdm_%s (%s) values (%s) on conflict (%s) do update set %s", table.Name, strings.Join(columns, ", "),
			strings.Join(params, ", "), strings.Join(columns[:table.Keys], ", "), strings.Join(sets, ", "))
	}
	return n
}

func (n *naive) update(ctx context.Context, c *pgx.Conn, r *reference) error {
	change := r.update()
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		var version int64
		if err := tx.QueryRow(ctx, "select version from cdm_conversation where conversation_id = $1", r.id).Scan(&version); err != nil {
			return err
		}
		var b rows.Batch
		state := b.Add(change)
		_ = state
		tag, err := tx.Exec(ctx, "update cdm_conversation set version = version + 1, changed = clock_timestamp(), calculated_status = $3 where conversation_id = $1 and version = $2",
			r.id, r.version, string(change.To.Status))
		if err != nil || tag.RowsAffected() != 1 {
			return fmt.Errorf("%w: %w", store.ErrConflict, err)
		}
		for _, e := range rows.Children() {
			columns := e.Table().Columns
			for row := range slices.Chunk(b.Values(e), len(columns)) {
				args := make([]any, len(columns))
				for i, v := range row {
					args[i] = plain(columns[i].Kind, v)
				}
				if _, err := tx.Exec(ctx, n.upserts[e], args...); err != nil {
					return err
				}
			}
		}
		event := change.Events[0]
		if _, err := tx.Exec(ctx, "insert into cdm_event (conversation_id, seq, event_id, type, time, rule, vetoed, data) values ($1, $2, $3, $4, $5, $6, $7, $8)",
			event.ConversationID, event.Seq, event.ID, event.Type, event.Time, event.Rule, event.Vetoed, string(event.Data)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into cdm_delivery (conversation_id, hook, seq, event_id, state, blocked, due, owner, attempts) values ($1, $2, $3, $4, 'claimed', false, clock_timestamp() + interval '1 minute', $5, 0)",
			event.ConversationID, "hook", event.Seq, event.ID, "owner"); err != nil {
			return err
		}
		if event.Seq > 1 {
			_, err = tx.Exec(ctx, "delete from cdm_delivery where conversation_id = $1 and hook = $2 and seq = $3", event.ConversationID, "hook", event.Seq-1)
		}
		r.written(r.version + 1)
		return err
	})
}

func plain(kind rows.Kind, v rows.Value) any {
	switch {
	case !v.Valid:
		return nil
	case kind == rows.Bool:
		return v.Int != 0
	case kind == rows.Integer:
		return v.Int
	case kind == rows.Float:
		return v.Float()
	case kind == rows.Time:
		return time.UnixMicro(v.Int)
	case kind == rows.Blob:
		return []byte(v.Text)
	case kind == rows.Texts:
		return *v.List
	}
	return v.Text
}

// BenchmarkNaive is what BenchmarkUpdate is compared with.
func BenchmarkNaive(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := open(b, func(c *pgxpool.Config) { c.MaxConns = int32(writers) + 1 })
			const all = 2000
			list := references(b, s, 0, all)
			_, err := s.pool.Exec(b.Context(), "vacuum analyze")
			require.NoError(b, err)
			n := newNaive()
			var left atomic.Int64
			left.Store(int64(b.N))
			before := walAt(b, s.pool)
			b.ResetTimer()
			var group sync.WaitGroup
			for w := range writers {
				own := list[w*all/writers : (w+1)*all/writers]
				group.Go(func() {
					c, err := s.pool.Acquire(b.Context())
					if err != nil {
						b.Error(err)
						return
					}
					defer c.Release()
					for at := 0; left.Add(-1) >= 0; at = (at + 1) % len(own) {
						if err := n.update(b.Context(), c.Conn(), own[at]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
			b.ReportMetric(float64(walAt(b, s.pool)-before)/float64(b.N), "WAL-B/update")
		})
	}
}
