package access

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// Forget is that of the store.
func (s *Store) Forget(ctx context.Context, ids ...string) (int, error) {
	return bounded(ctx, s, "forget", func(ctx context.Context) (int, error) { return s.store.Forget(ctx, ids...) })
}

// Expire is that of the store.
func (s *Store) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	return bounded(ctx, s, "expire", func(ctx context.Context) (int, error) { return s.store.Expire(ctx, before, limit) })
}

// List is that of the store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	return bounded(ctx, s, "list", func(ctx context.Context) (store.Page, error) { return s.store.List(ctx, q) })
}

// ListFailed is Failed of the store.
func (s *Store) ListFailed(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	return bounded(ctx, s, "failed", func(ctx context.Context) (store.FailedPage, error) { return s.store.Failed(ctx, q) })
}
