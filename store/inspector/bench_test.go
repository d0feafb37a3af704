package inspector_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

var many = flag.Int("conversations", 10_000, "how many conversations are stored when pages are benchmarked")

// BenchmarkPages is how long each page takes with many conversations, of which one
// in a hundred is open and one in a thousand outbound:
//
//	go test ./store/inspector -run ^$ -bench Pages -conversations 1000000 -timeout 2h
func BenchmarkPages(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "many.db"), nil)
		require.NoError(b, err)
		b.Cleanup(func() { _ = s.Close() })
		benchPages(b, s)
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		cluster, err := pgtest.Start("", pgtest.Unsynced())
		require.NoError(b, err)
		b.Cleanup(func() { _ = cluster.Close() })
		pool, err := pgxpool.New(b.Context(), cluster.ConnString)
		require.NoError(b, err)
		b.Cleanup(pool.Close)
		s, err := pgstore.New(b.Context(), pool, nil)
		require.NoError(b, err)
		b.Cleanup(func() { _ = s.Close() })
		benchPages(b, s, func() {
			_, err := pool.Exec(b.Context(), "vacuum analyze")
			require.NoError(b, err)
		})
	})
}

func benchPages(b *testing.B, s store.Store, filled ...func()) {
	last := storeMany(b, s, *many)
	for _, f := range filled {
		f()
	}
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	pages, err := inspector.New(inspector.Config{Tracker: tracker, Access: func(*http.Request) inspector.Access { return people["anna"] }})
	require.NoError(b, err)
	b.Cleanup(pages.Close)
	for _, page := range []string{
		"", "state=open", "state=ended", "by=address&text=%2B31600000042", "by=user&text=user-7", "by=queue&text=q-7", "by=attribute&text=caseId%3D42",
		"medium=voice", "direction=outbound", "direction=outbound&since=hour", "by=queue&text=q-7&direction=outbound",
		"conversation?id=" + last, "failed", "health",
	} {
		b.Run("page="+page, func(b *testing.B) {
			path := "/" + page
			if page == "" || page[0] == 's' || page[0] == 'b' || page[0] == 'm' || page[0] == 'd' {
				path = "/?" + page
			}
			for b.Loop() {
				w := httptest.NewRecorder()
				pages.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil))
				require.Equal(b, http.StatusOK, w.Code, w.Body.String())
			}
		})
	}
}

// storeMany stores so many conversations, of some forty rows each, and returns the
// id of the last one.
func storeMany(b *testing.B, s store.Store, n int) (last string) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	began := time.Now()
	for done := 0; done < n; {
		batch := store.Batch{Owner: "bench", Lease: time.Minute}
		for range min(1000, n-done) {
			c := varied(b, random, done)
			batch.Changes = append(batch.Changes, &store.Change{ID: c.ID, To: c})
			last, done = c.ID, done+1
		}
		_, err := s.Commit(context.Background(), batch)
		require.NoError(b, err)
	}
	b.Logf("%d conversations are stored after %s", n, time.Since(began).Round(time.Second))
	return last
}

// varied is the nth conversation.
func varied(b *testing.B, random *rand.Rand, n int) *conversation.Conversation {
	b.Helper()
	st := story("c", time.Duration(1+random.IntN(60*24))*time.Hour).Fresh(random)
	for _, l := range st.Legs {
		switch {
		case l.Purpose == "customer":
			l.Address = fmt.Sprintf("tel:+316%08d", n)
		case l.User != "":
			l.User = fmt.Sprintf("user-%d", random.IntN(2000))
		}
		if l.Queue != "" {
			l.Queue = fmt.Sprintf("q-%d", random.IntN(200))
		}
	}
	records := st.Records()
	record := records[len(records)-1]
	if n%100 == 0 { // it goes on
		record = st.Snapshots()[3]
	}
	m, err := genesys.Decode(record, time.Now())
	require.NoError(b, err)
	c := conversation.Merge(nil, m.Conversations[0])
	more := &conversation.Conversation{ID: c.ID, Attributes: map[string]string{"caseId": fmt.Sprint(n)}}
	if n%1000 == 0 {
		more.OriginatingDirection = conversation.Outbound
	}
	now := time.Now()
	return conversation.Merge(c, conversation.State(more, conversation.Statement{By: conversation.SourceHost, At: now, Seen: now}))
}
