package inspector_test

import (
	"database/sql"
	"flag"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/inspector"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

var many = flag.Int("conversations", 10_000, "how many conversations are stored when pages are benchmarked")

// BenchmarkPages is how long each page takes with many conversations; see
// [storeMany]. A million takes some minutes to store, and 5 GB of disk:
//
//	go test ./store/inspector -run ^$ -bench Pages -conversations 1000000 -timeout 1h
func BenchmarkPages(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "many.db")
		s, err := sqlitestore.Open(b.Context(), file, nil)
		require.NoError(b, err)
		b.Cleanup(func() { _ = s.Close() })
		db, err := sql.Open("sqlite", "file:"+file)
		require.NoError(b, err)
		last := storeMany(b, s, sqlite(db), *many)
		require.NoError(b, db.Close())
		benchPages(b, s, last)
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
		c, err := pool.Acquire(b.Context())
		require.NoError(b, err)
		last := storeMany(b, s, postgres(c.Conn()), *many)
		c.Release()
		benchPages(b, s, last)
	})
}

// pages are what is looked at: what is everywhere and nowhere, what is rare, what
// was long ago, and several things at once.
var pages = []string{
	"", "?state=open", "?state=ended", "?since=week",
	"?by=address&text=%2B31600000042", "?by=address&text=%2B31201234567", "?by=address&text=%2B31299999999",
	"?by=user&text=user-7", "?by=user&text=user-0", "?by=user&text=user-gone", "?by=user&text=nobody",
	"?by=queue&text=q-7", "?by=queue&text=q-0", "?by=queue&text=nothing",
	"?by=attribute&text=caseId%3D42", "?by=attribute&text=kind%3Dquestion", "?by=attribute&text=kind%3Dnone",
	"?medium=voice", "?medium=email", "?medium=email&since=week", "?direction=outbound", "?direction=outbound&since=hour",
	"?state=open&direction=outbound", "?state=open&medium=email", "?state=open&by=queue&text=q-7", "?state=open&by=user&text=user-0", "?state=open&by=user&text=user-gone",
	"?by=queue&text=q-7&direction=outbound", "?by=queue&text=q-0&medium=email", "?by=queue&text=q-0&medium=email&since=week",
	"?by=user&text=user-0&medium=email", "?by=address&text=%2B31201234567&direction=outbound", "?by=attribute&text=kind%3Dquestion&medium=email",
	"?by=attribute&text=kind%3Dquestion&state=ended&direction=outbound&since=week",
	"conversation?id=", "failed", "health", "processes",
}

func benchPages(b *testing.B, s store.Store, last string) {
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	handler, err := inspector.New(inspector.Config{Tracker: tracker, Access: func(*http.Request) inspector.Access { return people["anna"] }})
	require.NoError(b, err)
	b.Cleanup(handler.Close)
	for _, page := range pages {
		b.Run("page="+page, func(b *testing.B) {
			address := "/" + page
			if strings.HasSuffix(page, "id=") {
				address += last
			}
			least := time.Duration(math.MaxInt64)
			for b.Loop() {
				began := time.Now()
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, address, nil))
				require.Equal(b, http.StatusOK, w.Code, w.Body.String())
				least = min(least, time.Since(began))
			}
			b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
		})
	}
}
