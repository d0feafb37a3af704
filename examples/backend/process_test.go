package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/programtest"
)

// process is a backend that runs.
type process struct {
	t       *testing.T
	command *exec.Cmd
	url     string
	said    *text // on stderr
	out     *text
	ended   chan struct{}
}

// text is what a process has written so far.
type text struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.data.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.data.String()
}

func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), programtest.Build(t, "examples/backend"), args...)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	return c
}

// start starts a backend on a free port, and waits until it serves.
func start(t *testing.T, store string, env ...string) *process {
	t.Helper()
	p := &process{t: t, command: command(t, env, "-listen", "127.0.0.1:0", "-store", store), said: &text{}, out: &text{}, ended: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = p.out, p.said
	require.NoError(t, p.command.Start())
	go func() {
		defer close(p.ended)
		_ = p.command.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("stderr of the backend:\n%s", p.said)
		}
	})
	address := regexp.MustCompile(`on:  HTTP: (http://[\d.:]+)`)
	p.until(func() bool { return address.MatchString(p.said.String()) })
	p.url = address.FindStringSubmatch(p.said.String())[1]
	return p
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// stop ends the process with SIGTERM and returns its exit code.
func (p *process) stop() int {
	p.t.Helper()
	require.NoError(p.t, p.command.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-time.After(5 * time.Minute):
		p.t.Fatal("it does not stop")
	}
	return p.command.ProcessState.ExitCode()
}

// until waits until something holds.
func (p *process) until(holds func() bool) {
	p.t.Helper()
	require.Eventually(p.t, holds, 5*time.Minute, 50*time.Millisecond, "%s", p.said)
}

// do sends a request and returns the status and the body of the answer; 0 when
// there is none.
func (p *process) do(method, path, body string, header ...string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	assert.NoError(p.t, err)
	return answer.StatusCode, string(text)
}

func (p *process) get(path string) (int, string) {
	p.t.Helper()
	return p.do(http.MethodGet, path, "")
}

// post posts envelopes as EventBridge does: again while they are not stored.
func (p *process) post(envelopes [][]byte) {
	p.t.Helper()
	for _, envelope := range envelopes {
		p.until(func() bool {
			status, answer := p.do(http.MethodPost, "/genesys/v1/eventbridge", string(envelope), "Authorization", "Bearer "+token)
			require.Contains(p.t, []int{http.StatusOK, http.StatusServiceUnavailable}, status, answer)
			return status == http.StatusOK
		})
	}
}

// quiet waits until nothing is pending and every delivery is done.
func (p *process) quiet() {
	p.t.Helper()
	p.until(func() bool {
		_, metrics := p.get("/metrics")
		return strings.Contains(metrics, "\nconvtrack_facts_pending 0\n") && strings.Contains(metrics, "\nconvtrack_deliveries_held 0\n")
	})
}

// event is a line of stdout.
type event struct{ ID, Type, Subject string }

// events are those of a conversation that a process has printed so far; all
// lines but one that is being written are whole.
func (p *process) events(conversation string) (printed []event) {
	p.t.Helper()
	whole := p.out.String()
	lines := bufio.NewScanner(strings.NewReader(whole[:strings.LastIndexByte(whole, '\n')+1]))
	for lines.Scan() {
		var e event
		require.NoError(p.t, json.Unmarshal(lines.Bytes(), &e), "%s", lines.Text())
		if e.Subject == conversation {
			printed = append(printed, e)
		}
	}
	return printed
}

func has(printed []event, kind string) bool {
	for _, e := range printed {
		if e.Type == kind {
			return true
		}
	}
	return false
}

func ids(printed []event) (all []string) {
	for _, e := range printed {
		all = append(all, e.ID)
	}
	return all
}
