package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// forgetStatements forget, and remember that.
type forgetStatements struct {
	delete, deleteHeard           *statement // what is stored, what lies in inboxes
	note, is, among               *statement // tombstones
	expireForgotten, expireVetoed *statement
}

func newForgetStatements(prepare func(string) *statement) forgetStatements {
	return forgetStatements{
		// What belongs to it goes with it.
		delete:          prepare("DELETE FROM @conversation WHERE conversation_id = ?"),
		deleteHeard:     prepare("DELETE FROM @inbox WHERE conversation_id = ?"),
		note:            prepare(upsert(rows.Forgotten.Table(), 1)),
		is:              prepare("SELECT 1 FROM @forgotten WHERE digest = ?"),
		among:           prepare("SELECT t.digest FROM json_each(?) AS id CROSS JOIN @forgotten AS t ON t.digest = id.value"),
		expireForgotten: prepare("DELETE FROM @forgotten WHERE digest IN (SELECT digest FROM @forgotten WHERE forgotten_at < ? ORDER BY forgotten_at LIMIT ?)"),
		expireVetoed: prepare(`DELETE FROM @conversation WHERE conversation_id IN
			(SELECT conversation_id FROM @conversation WHERE vetoed IS NOT NULL AND changed < ? ORDER BY changed LIMIT ?)`),
	}
}

func digest(id string) string { return store.Digest(rows.Storable(id)) }

// Forget implements store.Store.
func (s *Store) Forget(ctx context.Context, ids ...string) (stored int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.write(ctx, func(t *transaction) error {
		stored = 0
		for _, id := range ids {
			if err := t.ctx.Err(); err != nil {
				return err
			}
			n, err := t.exec(t.statements.forget.delete, id)
			if err != nil {
				return err
			}
			stored += int(n)
			if _, err := t.exec(t.statements.forget.deleteHeard, id); err != nil {
				return err
			}
			if _, err := t.exec(t.statements.forget.note, digest(id), t.now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sqlitestore: forget: %w", err)
	}
	return stored, nil
}

// isForgotten looks for the tombstone of a conversation that is not stored.
func (t *transaction) isForgotten(id string) (is bool, err error) {
	err = t.query(t.statements.forget.is, []any{digest(id)}, func([]any) error {
		is = true
		return nil
	})
	return is, err
}

// markForgotten marks the records of what is not stored and is forgotten.
func (s *Store) markForgotten(ctx context.Context, l *link, records map[string]*store.Record) error {
	byDigest := map[string]*store.Record{}
	var digests []string
	for id, r := range records {
		if r.Version == 0 {
			d := digest(id)
			byDigest[d] = r
			digests = append(digests, d)
		}
	}
	if len(digests) == 0 {
		return nil
	}
	return l.query(ctx, s.statements.forget.among, list(digests), func(row []any) error {
		byDigest[text(row[0])].Forgotten = true
		return nil
	})
}

// Expire implements store.Store.
func (s *Store) Expire(ctx context.Context, before time.Time, limit int) (expired int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	if limit <= 0 {
		return 0, nil
	}
	err = s.write(ctx, func(t *transaction) error {
		expired = 0
		for _, delete := range []*statement{t.statements.forget.expireForgotten, t.statements.forget.expireVetoed} {
			n, err := t.exec(delete, before.UnixMicro(), limit-expired)
			if err != nil {
				return err
			}
			expired += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sqlitestore: expire: %w", err)
	}
	return expired, nil
}
