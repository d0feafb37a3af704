package convtrack_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// forget has one of the processes forget a conversation that has begun, until it
// has succeeded.
func (s *simulation) forget() {
	s.mu.Lock()
	var id string
	if n := len(s.begun); n > 0 {
		id = s.begun[s.random.IntN(n)].Story().ID
	}
	tracker := s.processes[s.random.IntN(len(s.processes))].tracker
	s.mu.Unlock()
	if id == "" || tracker == nil {
		return
	}
	if _, err := tracker.Forget(s.t.Context(), id); err != nil {
		return // the process is dead; that happens with another one
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.forgotten[id]; !again {
		s.forgotten[id] = len(s.told[id])
	}
}

// judgeForgotten demands that nothing of it is stored, and that nothing was told
// of it since.
func (s *simulation) judgeForgotten(id string, before int) {
	require.Len(s.t, s.told[id], before, "%s: something was announced after it was forgotten", id)
	records, err := s.store.Load(s.t.Context(), id)
	require.NoError(s.t, err)
	require.Equal(s.t, store.Record{ID: id, Forgotten: true}, records[0])
	_, err = s.store.Events(s.t.Context(), id)
	require.ErrorIs(s.t, err, store.ErrNotFound)
	entries, err := s.store.Inbox(s.t.Context(), store.InboxQuery{Limit: 1000})
	require.NoError(s.t, err)
	for _, e := range entries {
		require.NotEqual(s.t, id, e.ConversationID)
		if e.ConversationID == "" { // one that has just been used up goes with the next commit, or soon
			require.Less(s.t, time.Since(e.At), time.Minute, "a bundle or a notice lies in the inbox of %s", e.Owner)
		}
	}
}
