package polling

import (
	"context"

	"github.com/dcmkit/convtrack/genesys"
)

// Read reads a conversation as it is now, because of a hint: something is said
// to have happened to it. The live API knows it at once; where that has it no
// more, or may not be asked, its record says what is known. It implements
// convtrack.Reader and needs Run.
//
// It returns nil when what it read is stored, and when there is nothing to read:
// an id that the organisation does not know.
func (s *Source) Read(ctx context.Context, conversationID string) error {
	select {
	case <-s.running:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	read := false
	err := s.permissions.try("live conversations", "conversation:communication:view", func() error {
		err := s.reader.live(ctx, conversationID, false)
		read = err == nil
		return err
	})
	if read || err != nil && !genesys.IsPermanent(err) {
		return err
	}
	_, err = s.reader.details(ctx, []string{conversationID}, false)
	return err
}
