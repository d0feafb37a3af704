package convtrack_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/dcmkit/convtrack"

// OpenTelemetry's API. Its SDK is for examples and tests.
const (
	otelMetric    = "go.opentelemetry.io/otel/metric"
	otelTrace     = "go.opentelemetry.io/otel/trace"
	otelAttribute = "go.opentelemetry.io/otel/attribute"
)

// arrows are the imports that each package may have beside the standard
// library. A package that is not listed fails the test, so that nobody adds a
// room without saying what it may touch.
var arrows = map[string][]string{
	"": {"conversation", "events", "store", "internal/access", "internal/change", "internal/commit", "internal/diagnosis", "internal/engine", "internal/heard", "internal/host", "internal/membership", "internal/metrics",
		"internal/origin", "internal/record", "internal/telemetry", otelMetric, otelTrace},
	"conversation":                     {},
	"events":                           {"conversation"},
	"events/hooktest":                  {"", "conversation", "events", "genesys", "genesys/genesystest", "genesys/recording", "store", "store/memstore", "github.com/stretchr/testify"},
	"store":                            {"conversation"},
	"dryrun":                           {"conversation", "events", "store"},
	"internal/heard":                   {"conversation"},
	"internal/diagnosis":               {"conversation", "store", "internal/access", "internal/heard", "internal/membership"},
	"internal/metrics":                 {"conversation", "internal/diagnosis", "internal/heard", "internal/record", "internal/telemetry", otelAttribute},
	"internal/origin":                  {otelTrace, "go.opentelemetry.io/otel/propagation"},
	"internal/telemetry":               {"events", "store", "internal/origin", "internal/throttle", otelMetric, otelTrace, otelAttribute, "go.opentelemetry.io/otel/codes"},
	"internal/alarm":                   {},
	"internal/host":                    {},
	"internal/redact":                  {},
	"internal/throttle":                {},
	"internal/monotonic":               {},
	"internal/retry":                   {"events"},
	"internal/telemetry/telemetrytest": {"go.opentelemetry.io/otel", "github.com/stretchr/testify"},
	"internal/access":                  {"store", "internal/telemetry", "internal/throttle"},
	"internal/failure":                 {"events", "store", "internal/host"},
	"internal/lane":                    {"conversation", "store", "internal/telemetry"},
	"internal/record":                  {"conversation", "store"},
	"internal/membership":              {"store"},
	"internal/change":                  {"conversation", "events", "store", "internal/record"},
	"internal/settling":                {"events", "store", "internal/alarm", "internal/change", "internal/lane"},
	"internal/outbox":                  {"conversation", "events", "store", "internal/access", "internal/alarm", "internal/failure", "internal/retry", "internal/telemetry"},
	"internal/duplicate":               {"conversation"},
	"internal/inbox":                   {"conversation", "events", "store", "internal/access", "internal/alarm", "internal/monotonic", "internal/redact", "internal/retry", "internal/throttle", "github.com/klauspost/compress/s2"},
	"internal/commit": {"events", "store", "internal/access", "internal/change", "internal/failure", "internal/lane", "internal/monotonic", "internal/outbox",
		"internal/record", "internal/retry", "internal/telemetry", "internal/throttle"},
	"internal/engine": {"conversation", "events", "store", "internal/access", "internal/change", "internal/commit", "internal/duplicate", "internal/failure", "internal/inbox",
		"internal/lane", "internal/membership", "internal/monotonic", "internal/outbox", "internal/record", "internal/retention", "internal/retry", "internal/settling", "internal/telemetry"},
	"internal/integrationtest":         {},
	"internal/retention":               {"conversation", "store", "internal/retry"},
	"store/internal/cursor":            {},
	"store/internal/wake":              {"store"},
	"store/memstore":                   {"store", "store/internal/cursor", "store/internal/rows", "store/internal/wake", "conversation"},
	"store/internal/rows":              {"store", "store/internal/cursor", "conversation"},
	"store/sqlitestore":                {"store", "store/internal/cursor", "store/internal/rows", "store/internal/wake", "conversation", "modernc.org/sqlite"},
	"store/pgstore":                    {"store", "store/internal/rows", "store/internal/cursor", "store/internal/wake", "conversation", "github.com/jackc/pgx/v5"},
	"store/pgstore/pgtest":             {"github.com/jackc/pgx/v5"},
	"store/inspector":                  {"", "conversation", "events", "store"},
	"internal/browsertest":             {"github.com/chromedp/cdproto", "github.com/chromedp/chromedp", "github.com/stretchr/testify", "go.uber.org/goleak"},
	"internal/programtest":             {},
	"storetest":                        {"store", "conversation"},
	"genesys":                          {"conversation", "genesys/internal/wire", "github.com/go-json-experiment/json"},
	"genesys/internal/wire":            {"github.com/go-json-experiment/json"},
	"genesys/internal/rest":            {"conversation", "genesys", "genesys/internal/permission", "internal/host", "github.com/cenkalti/backoff/v4"},
	"genesys/internal/pause":           {"github.com/cenkalti/backoff/v4"},
	"genesys/architect":                {"conversation", "genesys", "genesys/internal/ingress", "internal/host", "internal/throttle", "genesys/internal/memory", "genesys/internal/pause"},
	"genesys/directory":                {"genesys", "genesys/internal/rest"},
	"genesys/rest":                     {"conversation", "genesys", "genesys/directory", "genesys/internal/rest"},
	"genesys/platform":                 {"genesys/directory", "genesys/internal/rest", "genesys/rest", "github.com/mypurecloud/platform-client-sdk-go/v150"},
	"genesys/genesystest":              {"genesys", "genesys/internal/rest", "github.com/gorilla/websocket"},
	"genesys/clientapp":                {"conversation", "genesys", "genesys/clientapp/internal/agent", "genesys/internal/ingress", "internal/host", "internal/throttle", "genesys/internal/rest"},
	"genesys/clientapp/internal/agent": {"genesys", "genesys/internal/rest", "golang.org/x/sync"},
	"examples/simulator":               {"examples/internal/duration", "genesys/genesystest"},
	"genesys/setup":                    {"genesys"},
	"genesys/recording":                {"conversation"},
	"examples/setup":                   {"genesys", "genesys/setup"},
	"genesys/notifications": {"conversation", "genesys", "github.com/go-json-experiment/json", "github.com/gorilla/websocket",
		"genesys/directory", "genesys/internal/memory", "genesys/internal/pause", "genesys/internal/permission", "internal/host", "internal/throttle", "golang.org/x/sync"},
	"genesys/eventbridge": {"conversation", "genesys", "genesys/internal/ingress", "internal/host", "internal/origin", "internal/throttle", "genesys/internal/memory", "genesys/internal/pause", "golang.org/x/sync",
		"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/sqs", "github.com/aws/smithy-go"},
	"genesys/eventbridge/fauxqstest": {},
	"genesys/internal/permission":    {},
	"genesys/internal/ingress":       {"conversation", "internal/host", "internal/origin", "internal/throttle", otelTrace},
	"genesys/internal/memory":        {"genesys/internal/pause"},
	"genesys/internal/rest/resttest": {
		"genesys/internal/rest", "github.com/stretchr/testify",
	},
	"genesys/polling":               {"conversation", "genesys", "genesys/internal/pause", "internal/host", "internal/redact", "github.com/go-json-experiment/json", "golang.org/x/sync"},
	"examples/caseowner":            {"*"},
	"examples/convtrackctl":         {"*"},
	"examples/convtrackctl/observe": {"*"},
	"examples/internal/duration":    {},
	"examples/internal/stores":      {"*"},
	"examples/internal/timeline":    {"conversation"},
	"examples/internal/remote":      {"genesys", "genesys/rest", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/sqs"},
	"examples/backend":              {"examples/backend/app"},
	"examples/backend/app":          {"*"},
	"examples/quickstart":           {},
	"examples/quickstart/app":       {"*"},
	"examples/postgres":             {"*"},
	"examples/replay":               {"*"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func TestImportsFollowTheArrows(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := arrows[name]
		require.True(t, known, "package %s is not in the table of arrows", p.ImportPath)
		for _, i := range p.Imports {
			if allows(allowed, i) {
				continue
			}
			t.Errorf("%s must not import %s", p.ImportPath, i)
		}
	}
}

// TestTheRootHasWhatAHostCallsAndNoMore: what does not fit into so few files
// belongs into a room of its own.
func TestTheRootHasWhatAHostCallsAndNoMore(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	require.LessOrEqual(t, len(files), 9, files)
}

func allows(allowed []string, imported string) bool {
	if !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") || slices.Contains(allowed, "*") {
		return true
	}
	for _, a := range allowed {
		if imported == strings.TrimSuffix(module+"/"+a, "/") || !strings.HasPrefix(imported, module) && (imported == a || strings.HasPrefix(imported, a+"/")) {
			return true
		}
	}
	return false
}

// TestRoomsAskForLittle: what a room of the engine takes as an interface has three
// methods at most.
func TestRoomsAskForLittle(t *testing.T) {
	asked := 0
	err := filepath.WalkDir("internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, is := n.(*ast.TypeSpec); is {
				if i, is := spec.Type.(*ast.InterfaceType); is {
					asked++
					if n := i.Methods.NumFields(); n > 3 {
						t.Errorf("%s: %s has %d methods", path, spec.Name, n)
					}
				}
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, asked, 15)
}

func TestTestingIsImportedOnlyByPackagesForTests(t *testing.T) {
	for _, p := range list(t, "./...") {
		if slices.Contains(p.Imports, "testing") {
			require.True(t, strings.HasSuffix(p.ImportPath, "test"), "%s imports testing", p.ImportPath)
		}
	}
}

// list asks the go command for packages.
func list(t *testing.T, pattern string) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Standard", pattern).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("go list: %s", failed.Stderr)
	}
	require.NoError(t, err)
	var packages []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}
