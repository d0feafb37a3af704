package setup_test

import (
	"bufio"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// velocity is Apache Velocity, which Genesys renders templates with.
type velocity struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// renderer starts Velocity. The argument chooses how the escape macro, which is
// not public, is imitated: "ascii" escapes all that may be escaped, "" only what
// must be.
func renderer(t *testing.T, escape string) *velocity {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "java", "-XX:TieredStopAtLevel=1", "-cp", classpath(t), filepath.Join("testdata", "velocity", "Render.java"), escape)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start(), "the test needs a JDK: run make velocity")
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &velocity{in: in, out: bufio.NewReader(out)}
}

// classpath is where Velocity and what it needs are.
func classpath(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("CONVTRACK_TEST_VELOCITY"); named != "" {
		return named
	}
	jars := []string{"/usr/share/java/velocity.jar", "/usr/share/java/commons-collections3.jar", "/usr/share/java/commons-lang.jar"}
	for _, jar := range jars {
		if _, err := os.Stat(jar); err != nil {
			t.Fatal("the test needs Apache Velocity: run make velocity")
		}
	}
	return strings.Join(jars, string(os.PathListSeparator))
}

// value is what a template can name: $object.member, or $object.
type value struct {
	object, member string
	text           *string // nil: null
}

func (v *velocity) render(t *testing.T, template string, values ...value) string {
	t.Helper()
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	words := []string{encode(template)}
	for _, val := range values {
		text := "-"
		if val.text != nil {
			text = encode(*val.text)
		}
		words = append(words, encode(val.object), encode(val.member), text)
	}
	_, err := io.WriteString(v.in, strings.Join(words, " ")+"\n")
	require.NoError(t, err)
	line, err := v.out.ReadString('\n')
	require.NoError(t, err)
	rendered, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	require.NoError(t, err)
	return string(rendered)
}
