// Package queries tries the queries of the dashboard and of the alert rules with
// Prometheus's own engine, on what a backend beside the simulator says. It is a
// module of its own, as the engine brings many modules along.
package queries

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/programtest"
	_ "github.com/dcmkit/convtrack/store/sqlitestore" // the driver
)

// rateInterval is what Grafana puts in place of its variable.
const rateInterval = "1m"

// scrape is what Prometheus was told at a time.
type scrape struct {
	at   time.Time
	text []byte
}

// backend builds and runs a backend beside the simulator, and returns what it says:
// while all is well, and then while a hook fails.
func backend(t *testing.T) (well, failing []scrape) {
	folder := t.TempDir()
	file := filepath.Join(folder, "backend.db")
	t.Cleanup(programtest.Remove)
	genesys := genesystest.NewServer(t, genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "first line"}),
		genesystest.Users(genesystest.Entry{ID: "user-a", Name: "Alice"}, genesystest.Entry{ID: "user-b", Name: "Bob"}))
	aws := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1})
	queue := aws.Queue("events", genesystest.QueueAttributes{Visibility: 30 * time.Second})
	command := exec.CommandContext(t.Context(), programtest.Build(t, "examples/backend"), "-listen", "127.0.0.1:0", "-store", "sqlite:"+file)
	command.Env = []string{"HOME=" + folder, "GENESYS_BASE_URL=" + genesys.URL(), "CONVTRACK_TOKENS=token", "CONVTRACK_SQS_QUEUE_URL=" + queue.URL(),
		"AWS_ENDPOINT_URL_SQS=" + aws.URL(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret"}
	var said said
	command.Stderr = &said
	var read func()
	command.Stdout, read = unread(t)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	address := regexp.MustCompile(`on:  HTTP: (http://[\d.:]+)`)
	require.Eventually(t, func() bool { return address.MatchString(said.String()) }, time.Minute, 50*time.Millisecond)
	url := address.FindStringSubmatch(said.String())[1]
	get := func(path string) (int, []byte) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, text
	}
	require.Eventually(t, func() bool { status, _ := get("/readyz"); return status == http.StatusOK }, 2*time.Minute, 100*time.Millisecond)
	ask := func() (s scrape) {
		s.at = time.Now()
		_, s.text = get("/metrics")
		return s
	}
	well = append(well, ask())
	story := genesys.Play(genesystest.BlindTransferToQueue(), genesystest.Speed(60))
	require.Eventually(t, func() bool { // as nobody reads what a hook prints
		well = append(well, ask())
		return strings.Contains(string(well[len(well)-1].text), "\nconvtrack_deliveries_unfinished{")
	}, 2*time.Minute, time.Second)
	read()
	require.NoError(t, story.Wait(t.Context()))
	require.Eventually(t, func() bool {
		well = append(well, ask())
		return strings.Contains(string(well[len(well)-1].text), `convtrack_events_total{convtrack_event_type="conversation.ended"} 1`)
	}, 2*time.Minute, time.Second)

	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(t.Context(), "pragma busy_timeout = 30000; drop table dcm_case")
	require.NoError(t, err)
	other := genesystest.BlindTransferToQueue()
	other.ID = "c0000000-0000-4000-8000-00000000000f"
	genesys.Play(other, genesystest.Speed(60))
	require.Eventually(t, func() bool {
		failing = append(failing, ask())
		return strings.Contains(string(failing[len(failing)-1].text), "\nconvtrack_failed_waiting{")
	}, 2*time.Minute, time.Second)
	return well, failing
}

// unread is a pipe that takes nothing until read is called.
func unread(t *testing.T) (to *os.File, read func()) {
	from, to, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = to.Close(), from.Close() })
	require.NoError(t, to.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	for err == nil {
		_, err = to.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	return to, func() { go func() { _, _ = io.Copy(io.Discard, from) }() }
}

// said is what the backend says.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// panel is one of the dashboard.
type panel struct {
	Title   string
	Targets []struct{ Expr, LegendFormat string }
}

func panels(t *testing.T) []panel {
	text, err := os.ReadFile("../../examples/backend/dashboard.json")
	require.NoError(t, err)
	var dashboard struct{ Panels []panel }
	require.NoError(t, json.Unmarshal(text, &dashboard))
	return dashboard.Panels
}

// rules are those of the alerts.
func rules(t *testing.T) (all []rulefmt.Rule) {
	groups, errs := rulefmt.ParseFile("../../examples/backend/alerts.yml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// history is what Prometheus has kept, and what it knows of it.
type history struct {
	db     *tsdb.DB
	labels map[string]map[string]bool // of each metric
	last   time.Time
}

// remember keeps what each of the instances has said, which is the same.
func remember(t *testing.T, all []scrape, instances ...string) *history {
	db, err := tsdb.Open(t.TempDir(), nil, nil, tsdb.DefaultOptions(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	h := &history{db: db, labels: map[string]map[string]bool{}}
	for _, s := range all {
		h.last = s.at
		to := db.Appender(t.Context())
		p, err := textparse.New(s.text, "text/plain; version=0.0.4", labels.NewSymbolTable(), textparse.ParserOptions{})
		require.NoError(t, err)
		for {
			entry, err := p.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			if entry != textparse.EntrySeries {
				continue
			}
			_, _, value := p.Series()
			var of labels.Labels
			p.Labels(&of)
			for _, instance := range instances {
				of = labels.NewBuilder(of).Set("instance", instance).Set("job", "convtrack").Labels()
				_, err = to.Append(0, of, s.at.UnixMilli(), value)
				require.NoError(t, err)
			}
			name := of.Get(model.MetricNameLabel)
			if h.labels[name] == nil {
				h.labels[name] = map[string]bool{}
			}
			of.Range(func(l labels.Label) { h.labels[name][l.Name] = true })
		}
		require.NoError(t, to.Commit())
	}
	return h
}

// evaluate evaluates a query as of the last scrape. Each metric that it names, and
// each label, must have been there.
func (h *history) evaluate(t *testing.T, query string) promql.Vector {
	t.Helper()
	query = strings.ReplaceAll(query, "$__rate_interval", rateInterval)
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	require.NoError(t, err, query)
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch is := node.(type) {
		case *parser.VectorSelector:
			require.Contains(t, h.labels, is.Name, "no such metric, in %s", query)
			for _, m := range is.LabelMatchers {
				require.True(t, h.labels[is.Name][m.Name], "%s has no label %s, in %s", is.Name, m.Name, query)
			}
		case *parser.AggregateExpr:
			parser.Inspect(is.Expr, func(of parser.Node, _ []parser.Node) error {
				if of, named := of.(*parser.VectorSelector); named {
					for _, label := range is.Grouping {
						require.True(t, h.labels[of.Name][label], "%s has no label %s, in %s", of.Name, label, query)
					}
				}
				return nil
			})
		}
		return nil
	})
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})
	asked, err := engine.NewInstantQuery(t.Context(), h.db, nil, query, h.last)
	require.NoError(t, err, query)
	result := asked.Exec(context.WithoutCancel(t.Context()))
	require.NoError(t, result.Err, query)
	vector, err := result.Vector()
	require.NoError(t, err, query)
	return vector
}

func TestTheQueriesOfTheDashboardAndOfTheAlertsHoldOnWhatABackendSays(t *testing.T) {
	well, failing := backend(t)
	ofAll, ofWell := remember(t, append(well[:len(well):len(well)], failing...), "backend"), remember(t, well, "backend")
	t.Run("each query of the dashboard shows something", func(t *testing.T) {
		n := 0
		for _, p := range panels(t) {
			for _, q := range p.Targets {
				n++
				vector := ofAll.evaluate(t, q.Expr)
				require.NotEmpty(t, vector, "%s: %s", p.Title, q.Expr)
				for _, l := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(q.LegendFormat, -1) {
					require.NotEmpty(t, vector[0].Metric.Get(l[1]), "%s: the legend names %s", p.Title, l[1])
				}
			}
		}
		require.Greater(t, n, 30)
	})
	t.Run("alerts are silent while all is well, and the one on hooks fires when one fails", func(t *testing.T) {
		for _, r := range rules(t) {
			fires := ofAll.evaluate(t, r.Expr)
			require.Equal(t, r.Alert == "ConvtrackHookFailed", len(fires) > 0, "%s: %v", r.Alert, fires)
			if strings.HasPrefix(r.Expr, "absent(") {
				continue
			}
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
			require.NoError(t, err)
			compared, is := expr.(*parser.BinaryExpr)
			require.True(t, is && compared.Op.IsComparisonOperator(), r.Alert)
			require.NotEmpty(t, ofAll.evaluate(t, compared.LHS.String()), "%s compares nothing, so it never fires", r.Alert)
			if r.Alert != "ConvtrackHookFailed" {
				require.Empty(t, ofWell.evaluate(t, r.Expr), r.Alert)
			}
		}
	})
	t.Run("an alert fires when no backend says anything any more", func(t *testing.T) {
		silent := *ofAll
		silent.last = silent.last.Add(6 * time.Minute) // Prometheus looks back for five
		fired := 0
		for _, r := range rules(t) {
			fired += len(silent.evaluate(t, r.Expr))
		}
		require.Equal(t, 1, fired)
	})
	t.Run("several processes count what is in the store once", func(t *testing.T) {
		twice := remember(t, append(well[:len(well):len(well)], failing...), "backend", "other")
		compared := 0
		for _, p := range panels(t) {
			if !slices.Contains([]string{"Failed and not decided", "Problems", "Processes"}, p.Title) {
				continue
			}
			compared++
			require.Equal(t, ofAll.evaluate(t, p.Targets[0].Expr)[0].F, twice.evaluate(t, p.Targets[0].Expr)[0].F, p.Title)
		}
		require.Equal(t, 3, compared)
	})
}
