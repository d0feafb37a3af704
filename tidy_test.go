package convtrack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// By go mod tidy itself: it fetches what the tests of all imported packages need,
// too, and leaves in go.sum the sum of each module that it has fetched.
func TestWhoImportsTheCoreAloneFetchesNoDatabaseDriverAndNoSDK(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	host := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(host, name), []byte(text), 0o600))
	}
	write("go.mod", "module example.com/host\n\ngo 1.26.0\n\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+here+"\n")
	fetched := func(imports string) string {
		write("host.go", "package host\n\nimport (\n"+imports+")\n")
		tidy := exec.CommandContext(t.Context(), "go", "mod", "tidy")
		tidy.Dir = host
		tidy.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOSUMDB=off", "GOWORK=off") // the sums are those of this module's go.sum
		out, err := tidy.CombinedOutput()
		require.NoError(t, err, "%s", out)
		sums, err := os.ReadFile(filepath.Join(host, "go.sum"))
		require.NoError(t, err)
		return string(sums)
	}
	const core = "\t_ \"" + module + "\"\n\t_ \"" + module + "/conversation\"\n\t_ \"" + module + "/events\"\n\t_ \"" + module + "/store\"\n"
	heavy := regexp.MustCompile(`(?m)^(modernc\.org/|github\.com/(jackc|aws|mypurecloud|chromedp|prometheus)/|go\.opentelemetry\.io/otel/(sdk|exporters)|google\.golang\.org/grpc)\S* \S+ h1:.*$`)
	require.Empty(t, heavy.FindAllString(fetched(core), -1))
	require.NotEmpty(t, heavy.FindAllString(fetched(core+"\t_ \""+module+"/store/sqlitestore\"\n"), -1), "the test would not notice it")
}
