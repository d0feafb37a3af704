package polling

import (
	"context"
	"errors"

	"github.com/dcmkit/convtrack/genesys"
)

// Read reads a conversation as it is now, after a hint that something has happened
// to it. The live API is up to date; when it no longer has the conversation, its
// answer is not understood, or its permission is missing, the record is read instead.
// Read implements convtrack.Reader, and waits until Run has started.
//
// It returns nil when what it read is stored, and also when there is nothing to
// read, as for an id that the organisation does not know.
func (s *Source) Read(ctx context.Context, conversationID string) error {
	select {
	case <-s.running:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	read := false
	err := s.permissions.tryOne("live conversations", "conversation:communication:view", func() error {
		err := s.reader.live(ctx, conversationID, false)
		read = err == nil
		return err
	})
	instead := errors.Is(err, errNothing) || genesys.IsPermanent(err) || errors.Is(err, genesys.ErrNotUnderstood)
	if read || err != nil && !instead {
		return err
	}
	_, err = s.reader.details(ctx, []string{conversationID}, false)
	return err
}
