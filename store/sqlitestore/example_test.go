package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "conversations")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	ctx := context.Background()
	s, err := sqlitestore.Open(ctx, filepath.Join(dir, "conversations.db"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()
	version, err := s.SetValue(ctx, "cursor", []byte("page 7"), 0)
	fmt.Println(version, err)
	_, err = s.SetValue(ctx, "cursor", []byte("page 6"), 0)
	fmt.Println(errors.Is(err, store.ErrConflict))
	// Output:
	// 1 <nil>
	// true
}

// A Before hook writes rows of its own that are committed with the event, or
// not at all.
func ExampleTx() {
	assign := func(ctx context.Context, caseID, userID string) error {
		tx, ok := sqlitestore.Tx(ctx)
		if !ok {
			return errors.New("not in a Before hook on SQLite")
		}
		_, err := tx.ExecContext(ctx, "UPDATE cases SET owner = ? WHERE id = ?", userID, caseID)
		return err
	}
	fmt.Println(assign(context.Background(), "case-1", "user-1"))
	// Output: not in a Before hook on SQLite
}
