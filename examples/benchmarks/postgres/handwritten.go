package main

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed handwritten.sql
var handwrittenTables string

// byHand is the reference update as somebody writes it with pgx, on as many
// connections, each with conversations of its own.
func byHand(name string, connections int, update func(ctx context.Context, c *pgx.Conn, h *handmade) error) variant {
	return variant{name: name, with: fmt.Sprint(connections, " connections"), counts: "updates", open: func(ctx context.Context, s *server, o *options) (round, error) {
		x, err := s.newSite(ctx)
		if err != nil {
			return nil, err
		}
		pool, err := x.pool(ctx, connections)
		if err != nil {
			return nil, err
		}
		list, err := fillByHand(ctx, pool, o.subjects)
		if err != nil {
			return nil, err
		}
		next := make([]int, connections)
		return func(ctx context.Context, d time.Duration) (tally, error) {
			return onConnections(ctx, pool, connections, d, func(c *pgx.Conn, worker int) (int, error) {
				h := list[(worker+connections*next[worker])%(len(list)/connections*connections)]
				next[worker]++
				return 1, update(ctx, c, h)
			})
		}, nil
	}}
}

// onConnections lets one worker for each connection work for a while.
func onConnections(ctx context.Context, pool *pgxpool.Pool, connections int, d time.Duration, do func(c *pgx.Conn, worker int) (int, error)) (tally, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	var n atomic.Int64
	began := time.Now()
	for w := range connections {
		all.Go(func() {
			c, err := pool.Acquire(ctx)
			if err != nil {
				cancel(err)
				return
			}
			defer c.Release()
			for time.Since(began) < d && ctx.Err() == nil {
				did, err := do(c.Conn(), w)
				if err != nil {
					cancel(err)
					return
				}
				n.Add(int64(did))
			}
		})
	}
	all.Wait()
	return tally{n: n.Load(), took: time.Since(began)}, context.Cause(ctx)
}

// handmade is a conversation in the tables by hand.
type handmade struct {
	id                     uuid
	participants, sessions [legs]uuid
	version                int64
	turn                   int
}

type uuid = [16]byte

func uuidOf(text string) (id uuid) {
	if _, err := hex.Decode(id[:], []byte(strings.ReplaceAll(text, "-", ""))); err != nil {
		panic(err) // it is one of ours
	}
	return id
}

const (
	selectVersion      = `select version from conversation where id = $1`
	updateConversation = `update conversation set version = version + 1, state = $3, updated_at = now() where id = $1 and version = $2`
	upsertParticipant  = `insert into participant (conversation_id, id, purpose, user_id, queue_id, name, address, external_contact_id, connected_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (conversation_id, id) do update set purpose = excluded.purpose, user_id = excluded.user_id,
		queue_id = excluded.queue_id, name = excluded.name, address = excluded.address, external_contact_id = excluded.external_contact_id,
		connected_at = excluded.connected_at, ended_at = excluded.ended_at`
	upsertSession = `insert into session (conversation_id, id, participant_id, media, direction, ani, dnis, provider, state, muted, connected_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (conversation_id, id) do update set participant_id = excluded.participant_id,
		media = excluded.media, direction = excluded.direction, ani = excluded.ani, dnis = excluded.dnis, provider = excluded.provider,
		state = excluded.state, muted = excluded.muted, connected_at = excluded.connected_at`
	upsertSegment = `insert into segment (conversation_id, session_id, started_at, type, ended_at, queue_id, wrapup, disconnect)
		values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (conversation_id, session_id, started_at, type) do update set ended_at = excluded.ended_at,
		queue_id = excluded.queue_id, wrapup = excluded.wrapup, disconnect = excluded.disconnect`
	upsertMetric = `insert into metric (conversation_id, session_id, emitted_at, name, value) values ($1, $2, $3, $4, $5)
		on conflict (conversation_id, session_id, emitted_at, name) do update set value = excluded.value`
	insertOutbox = `insert into outbox (conversation_id, version, type, payload) values ($1, $2, $3, $4)`
)

// rows calls f with each row of the next update below the conversation.
func (h *handmade) rows(f func(sql string, args ...any)) {
	first := h.turn % (legs / changedLegs) * changedLegs
	for i := first; i < first+changedLegs; i++ {
		h.leg(i, f)
	}
	for i := first; i < first+changedLegs; i++ {
		f(upsertSegment, h.segment(i, 0)...)
		f(upsertMetric, h.metric(i, 0)...)
	}
}

func (h *handmade) leg(i int, f func(sql string, args ...any)) {
	f(upsertParticipant, h.participant(i)...)
	f(upsertSession, h.session(i)...)
}

func (h *handmade) began(i int) time.Time { return referenceStart.Add(time.Duration(i) * time.Minute) }

func (h *handmade) participant(i int) []any {
	return []any{h.id, h.participants[i], "external", h.participants[i], h.sessions[i], "participant", "sip:participant@example.org", fmt.Sprint("contact ", h.turn), h.began(i), nil}
}

func (h *handmade) session(i int) []any {
	return []any{h.id, h.sessions[i], h.participants[i], "voice", "inbound", "tel:+31612345678", "tel:+4930901820", "Edge", "connected", h.turn%2 == 1, h.began(i)}
}

func (h *handmade) segment(i, k int) []any {
	start := h.began(i).Add(time.Duration(k) * 10 * time.Second)
	return []any{h.id, h.sessions[i], start, "interact", start.Add(9*time.Second + time.Duration(h.turn)*time.Millisecond), h.sessions[i], nil, nil}
}

func (h *handmade) metric(i, k int) []any {
	return []any{h.id, h.sessions[i], h.began(i), fmt.Sprint("tTalk", k), int64(1000 + h.turn)}
}

// naive sends statement after statement: 13 round trips.
func naive(ctx context.Context, c *pgx.Conn, h *handmade) error {
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		var version int64
		if err := tx.QueryRow(ctx, selectVersion, h.id).Scan(&version); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, updateConversation, h.id, version, "connected")
		if err == nil && tag.RowsAffected() != 1 {
			err = errConflict
		}
		h.rows(func(sql string, args ...any) {
			if err == nil {
				_, err = tx.Exec(ctx, sql, args...)
			}
		})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertOutbox, h.id, version+1, "agent.connected", payload); err != nil {
			return err
		}
		h.version, h.turn = version+1, h.turn+1
		return nil
	})
}

// batched sends everything but the COMMIT at once: two round trips. It knows
// the version already.
func batched(ctx context.Context, c *pgx.Conn, h *handmade) error {
	var b pgx.Batch
	b.Queue("begin")
	b.Queue(updateConversation, h.id, h.version, "connected")
	h.rows(func(sql string, args ...any) { b.Queue(sql, args...) })
	b.Queue(insertOutbox, h.id, h.version+1, "agent.connected", payload)
	results := c.SendBatch(ctx, &b)
	_, err := results.Exec()
	if err != nil {
		return errors.Join(err, results.Close())
	}
	tag, err := results.Exec()
	if err == nil && tag.RowsAffected() != 1 {
		err = errConflict
	}
	if err = errors.Join(err, results.Close()); err != nil {
		_, undone := c.Exec(ctx, "rollback")
		return errors.Join(err, undone)
	}
	if _, err := c.Exec(ctx, "commit"); err != nil {
		return err
	}
	h.version, h.turn = h.version+1, h.turn+1
	return nil
}

var errConflict = errors.New("somebody else has changed the conversation")
