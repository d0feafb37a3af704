package sqlitestore

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// child makes the test binary another process that writes to a store.
var child = flag.String("sqlitestore.child", "", "the file of the store that this process writes to, and nothing else")

// rounds is how often each process changes the conversation.
const rounds = 40

func TestMain(m *testing.M) {
	flag.Parse()
	if *child != "" {
		if err := writeAsChild(*child); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func writeAsChild(path string) error {
	s, err := Open(context.Background(), path, nil)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	for i := range rounds {
		if err := appendDivision(context.Background(), s, fmt.Sprintf("child-%d", i)); err != nil {
			return err
		}
	}
	return nil
}

// appendDivision changes the conversation "shared", as often as others are
// faster.
func appendDivision(ctx context.Context, s *Store, division string) error {
	for {
		records, err := s.Load(ctx, "shared")
		if err != nil {
			return err
		}
		r := records[0]
		said := conversation.State(&conversation.Conversation{ID: "shared", DivisionIDs: []string{division}}, conversation.Statement{By: conversation.SourceREST})
		c := &store.Change{ID: "shared", Version: r.Version, From: r.Conversation, To: conversation.Merge(r.Conversation, said),
			Events: []store.NewEvent{{Event: store.Event{ID: fmt.Sprint("shared.", r.LastSeq+1), ConversationID: "shared", Seq: r.LastSeq + 1, Data: []byte("{}")},
				Deliveries: []store.NewDelivery{{Hook: "hook"}}}}}
		done, err := s.Commit(ctx, store.Batch{Changes: []*store.Change{c}})
		if err != nil {
			return err
		}
		if done.Results[0].Err == nil {
			return nil
		}
	}
}
