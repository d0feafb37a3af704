package retention

import "context"

// DeleteConversations deletes what is due without waiting first, as Loop does.
func (r *Retention) DeleteConversations(ctx context.Context) (int, error) {
	return r.rounds(ctx, r.conversations)
}
