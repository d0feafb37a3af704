package access

import (
	"context"

	"github.com/dcmkit/convtrack/store"
)

// Broadcast is that of the store; of one that carries no messages it does
// nothing.
func (s *Store) Broadcast(ctx context.Context, message []byte) error {
	b, ok := store.As[store.Broadcaster](s.store)
	if !ok {
		return nil
	}
	_, err := bounded(ctx, s, "broadcast", func(ctx context.Context) (struct{}, error) { return struct{}{}, b.Broadcast(ctx, message) })
	return err
}

// Listen is that of the store. It has no limit; of a store that carries no
// messages it waits until ctx ends.
func (s *Store) Listen(ctx context.Context, hear func(message []byte)) error {
	if b, ok := store.As[store.Broadcaster](s.store); ok {
		_, err := guarded(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, b.Listen(ctx, hear) })
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}
