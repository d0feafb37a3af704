package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// fillByHand makes the tables and the conversations in them.
func fillByHand(ctx context.Context, pool *pgxpool.Pool, size int) ([]*handmade, error) {
	if _, err := pool.Exec(ctx, handwrittenTables); err != nil {
		return nil, err
	}
	var list []*handmade
	var conversations, participants, sessions, segments, metrics [][]any
	for n := range size {
		h := &handmade{id: uuidOf(referenceID(ofConversation, n, 0)), version: 1}
		conversations = append(conversations, []any{h.id, h.version, "voice", "inbound", "connected", referenceStart, "order-4711"})
		for i := range legs {
			h.participants[i], h.sessions[i] = uuidOf(referenceID(ofParticipant, n, i)), uuidOf(referenceID(ofSession, n, i))
			participants, sessions = append(participants, h.participant(i)), append(sessions, h.session(i))
			for k := range segmentsOfLeg {
				segments = append(segments, h.segment(i, k))
			}
			for k := range metricsOfLeg {
				metrics = append(metrics, h.metric(i, k))
			}
		}
		list = append(list, h)
	}
	for _, t := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"conversation", []string{"id", "version", "media", "direction", "state", "started_at", "external_tag"}, conversations},
		{"participant", []string{"conversation_id", "id", "purpose", "user_id", "queue_id", "name", "address", "external_contact_id", "connected_at", "ended_at"}, participants},
		{"session", []string{"conversation_id", "id", "participant_id", "media", "direction", "ani", "dnis", "provider", "state", "muted", "connected_at"}, sessions},
		{"segment", []string{"conversation_id", "session_id", "started_at", "type", "ended_at", "queue_id", "wrapup", "disconnect"}, segments},
		{"metric", []string{"conversation_id", "session_id", "emitted_at", "name", "value"}, metrics},
	} {
		if _, err := pool.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return nil, err
		}
	}
	return list, nil
}
