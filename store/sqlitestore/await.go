package sqlitestore

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

const (
	// askEvery is how often the file is asked whether somebody has written to
	// it, while an inbox is awaited. That touches no table.
	askEvery = 10 * time.Millisecond
	// lingerWatch is how long the connection is kept that asks.
	lingerWatch = time.Second
	// mostWait is how long Await waits when it is not woken.
	mostWait = 500 * time.Millisecond
)

// Await implements store.Store.
func (s *Store) Await(ctx context.Context, owner string) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return s.wakes.Wait(ctx, rows.Storable(owner))
}

// watch wakes those for whom another process deposits something, on a
// connection of its own.
func (s *Store) watch(ctx context.Context) {
	ticks := time.NewTicker(askEvery)
	defer ticks.Stop()
	w := watcher{Store: s, seen: map[string]latest{}}
	defer w.disconnect()
	for {
		if w.look(ctx) != nil {
			w.disconnect() // until the next tick
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}

// watcher remembers what it has seen of the file.
type watcher struct {
	*Store
	link    *link
	version int64 // of the file
	seen    map[string]latest
}

// latest tells whether an inbox has grown.
type latest struct{ entries, heardAt int64 }

func (w *watcher) disconnect() {
	if w.link != nil {
		w.link.close()
		w.link = nil
	}
}

// look looks into the inboxes that are awaited, if somebody has written to the
// file.
func (w *watcher) look(ctx context.Context) (err error) {
	if w.link == nil {
		if w.link, err = connect(ctx, w.db, readerSettings...); err != nil {
			return err
		}
	}
	version := w.version
	err = w.link.query(ctx, w.statements.dataVersion, nil, func(row []any) error {
		version = integer(row[0])
		return nil
	})
	owners := w.wakes.Waiting()
	for _, owner := range owners {
		was, known := w.seen[owner]
		if known && version == w.version {
			continue
		}
		var is latest
		err = w.link.query(ctx, w.statements.inbox.latest, []any{owner}, func(row []any) error {
			is = latest{integer(row[0]), integer(row[1])}
			return nil
		})
		if err != nil {
			return err
		}
		w.seen[owner] = is
		if is.entries > was.entries || is.heardAt > was.heardAt {
			w.wakes.Wake(owner)
		}
	}
	w.version = version
	return err
}
