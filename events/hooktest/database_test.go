package hooktest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/events/hooktest"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// Assign writes who works on a conversation into a table of the host, in the
// transaction that stores that it is so.
func Assign(ctx context.Context, e *events.AgentConnected) error {
	tx, ok := sqlitestore.Tx(ctx)
	if !ok {
		return errors.New("assign: it is a Before hook, or needs events.InTransaction")
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO assignment (conversation, agent) VALUES (?, ?)", e.ConversationID, e.UserID)
	return err
}

func TestAssignWritesWithTheEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := sqlitestore.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	table := host(t, path, "CREATE TABLE assignment (conversation TEXT, agent TEXT)")
	story := genesystest.NewStory("c-1")
	story.Customer("caller", 0).Ends(time.Minute, "endpoint")
	story.Agent("anna", 2*time.Second, "anna", "").Answer(5*time.Second).Ends(time.Minute, "peer")

	hooks := events.NewHooks()
	events.Before(hooks, "assign", Assign)
	got := hooktest.Play(t, hooks, story, hooktest.Forms()[0], hooktest.On(db))
	require.Empty(t, got.Failed)
	require.Equal(t, "c-1 anna", one(t, table, "SELECT conversation || ' ' || agent FROM assignment"))
}

// Without a tracker: the hook alone, in a transaction of the test.
func TestAssignAlone(t *testing.T) {
	table := host(t, filepath.Join(t.TempDir(), "test.db"), "CREATE TABLE assignment (conversation TEXT, agent TEXT)")
	tx, err := table.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	e := &events.AgentConnected{Header: events.Header{ConversationID: "c-1"}, UserID: "anna"}
	require.NoError(t, Assign(sqlitestore.WithTx(t.Context(), tx), e))
	require.ErrorContains(t, Assign(t.Context(), e), "InTransaction")
}
