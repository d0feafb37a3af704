package pgstore

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/dcmkit/convtrack/store"
)

// Broadcast implements store.Broadcaster: with a message of the server, as far as
// it tells of deposits too.
func (s *Store) Broadcast(ctx context.Context, message []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if len(message) > store.MostBroadcast {
		return fmt.Errorf("pgstore: broadcast: %d bytes are more than %d", len(message), store.MostBroadcast)
	}
	if !s.listening.Load() { // nor do others, presumably
		return fmt.Errorf("pgstore: broadcast: %w", errNoMessages)
	}
	payload := toAll + base64.RawStdEncoding.EncodeToString(message)
	if err := s.notify(ctx, payload); err != nil {
		return fmt.Errorf("pgstore: broadcast: %w", err)
	}
	return nil
}

// Listen implements store.Broadcaster.
func (s *Store) Listen(ctx context.Context, hear func(message []byte)) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	return s.listeners.Listen(ctx, hear)
}
