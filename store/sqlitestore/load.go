package sqlitestore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// loadAtOnce is how many conversations are put together at a time.
const loadAtOnce = 500

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	records := make([]store.Record, len(ids))
	for i, id := range ids {
		records[i].ID = id
	}
	if len(ids) == 0 {
		return records, nil
	}
	err = s.readOnce(ctx, func(l *link) error {
		for chunk := range slices.Chunk(records, loadAtOnce) {
			if err := s.fill(ctx, l, chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: load: %w", err)
	}
	return records, nil
}

// fill loads records of which only the id is set. Two records of one id are
// not the same one.
func (s *Store) fill(ctx context.Context, l *link, records []store.Record) error {
	byID := make(map[string]*store.Record, len(records)) // as they are stored
	for i := range records {
		if id := rows.Storable(records[i].ID); byID[id] == nil {
			byID[id] = &records[i]
		}
	}
	var ids []string
	var reader rows.Reader
	state, values := rows.Conversation.Table().State(), []rows.Value(nil)
	err := l.query(ctx, s.statements.loadRecords, list(slices.Collect(maps.Keys(byID))), func(row []any) (err error) {
		id := text(row[0])
		r := byID[id]
		ids = append(ids, id)
		r.Version, r.Vetoed = integer(row[1]), text(row[2])
		if r.Pending, err = rows.ParsePending(document(row[3])); err != nil {
			return fmt.Errorf("the conclusions of %q: %w", r.ID, err)
		}
		if r.Refused, err = rows.ParseRefused(document(row[4]), micros(row[5]), true); err != nil {
			return fmt.Errorf("the refused change of %q: %w", r.ID, err)
		}
		if values, err = valuesOf(values, state, row[6:]); err != nil {
			return err
		}
		return reader.Conversation(id, values)
	})
	if err == nil && len(ids) < len(byID) {
		err = s.markForgotten(ctx, l, byID)
	}
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		if err := s.readBelow(ctx, l, &reader, byID, list(ids)); err != nil {
			return err
		}
	}
	for id, r := range byID {
		r.Conversation = reader.Build(id)
	}
	for i := range records {
		id := rows.Storable(records[i].ID)
		if first := byID[id]; first != &records[i] || id != records[i].ID {
			records[i] = rows.Copy(first, records[i].ID)
		}
	}
	return nil
}

// readBelow reads what is below the conversations whose ids are the argument.
func (s *Store) readBelow(ctx context.Context, l *link, reader *rows.Reader, byID map[string]*store.Record, found []any) error {
	if err := s.readChildren(ctx, l, reader, found); err != nil {
		return err
	}
	err := l.query(ctx, s.statements.loadLog, found, func(row []any) error {
		r := byID[text(row[0])]
		r.Announced = append(r.Announced, text(row[1]))
		r.LastSeq = max(r.LastSeq, integer(row[2]))
		return nil
	})
	if err != nil {
		return err
	}
	return l.query(ctx, s.statements.backlog, found, func(row []any) error {
		r := byID[text(row[0])]
		r.Backlog = append(r.Backlog, text(row[1]))
		return nil
	})
}

// readChildren reads all rows below the conversations whose ids are the
// argument.
func (s *Store) readChildren(ctx context.Context, l *link, reader *rows.Reader, ids []any) error {
	var values []rows.Value
	for _, e := range rows.Children() {
		columns := e.Table().Columns
		err := l.query(ctx, s.statements.load[e], ids, func(row []any) (err error) {
			if values, err = valuesOf(values, columns, row); err != nil {
				return err
			}
			return reader.Add(e, values)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// list is the argument of a statement that takes a JSON array.
func list(ids []string) []any {
	stored := make([]string, len(ids))
	for i, id := range ids {
		stored[i] = rows.Storable(id)
	}
	return []any{string(rows.AppendList(nil, stored))}
}

func document(x any) rows.Value {
	s, valid := x.(string)
	return rows.Value{Valid: valid, Text: s}
}

// Backlog implements store.Store.
func (s *Store) Backlog(ctx context.Context) (map[string]int, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	backlog := map[string]int{}
	err = s.read(ctx, func(l *link) error {
		return l.query(ctx, s.statements.backlogs, nil, func(row []any) error {
			backlog[text(row[0])] = int(integer(row[1]))
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: backlog: %w", err)
	}
	return backlog, nil
}

// Due implements store.Store.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) (ids []string, next time.Time, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer leave()
	limit = max(limit, 0)
	err = s.read(ctx, func(l *link) error {
		return l.query(ctx, s.statements.due, []any{int64(limit) + 1}, func(row []any) error {
			due := micros(row[1]).Time()
			if next.IsZero() && len(ids) < limit && !due.After(at) {
				ids = append(ids, text(row[0]))
			} else if next.IsZero() {
				next = due
			}
			return nil
		})
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("sqlitestore: due: %w", err)
	}
	return ids, next, nil
}
