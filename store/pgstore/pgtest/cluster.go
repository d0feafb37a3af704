package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	// ErrNoServer: there is no server, and nothing to start one from.
	ErrNoServer = errors.New("pgtest: there is no PostgreSQL to test with: install the server (Debian: apt-get install postgresql-15; " +
		"macOS: brew install postgresql@17), or set CONVTRACK_TEST_POSTGRES to the connection string of a database that tests may write to")
)

// Cluster is a database that tests may write to. Its methods are safe for
// concurrent use.
type Cluster struct {
	// ConnString connects as somebody who may create schemas and roles.
	ConnString string

	server *server // nil when somebody else's
}

// Start returns the cluster of the connection string; when that is empty it
// starts a private one. It fails with [ErrNoServer] where it cannot.
func Start(connString string, options ...Option) (*Cluster, error) {
	if connString != "" {
		return &Cluster{ConnString: connString}, nil
	}
	s, err := newServer(options)
	if err != nil {
		return nil, err
	}
	c := &Cluster{ConnString: s.connString(), server: s}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Option changes how a private server runs.
type Option func(*server)

// Untuned is for measuring: the server has the settings that initdb gives it,
// but for the number of connections, and is on a loopback port.
func Untuned() Option { return func(s *server) { s.untuned = true } }

// Unsynced is for tests that end processes and never the machine: what the
// server has written survives that without having reached the disk.
func Unsynced() Option { return func(s *server) { s.unsynced = true } }

// Preload loads a library into the processes of the server.
func Preload(path string) Option {
	return func(s *server) { s.environment = append(os.Environ(), "LD_PRELOAD="+path) }
}

// In returns the connection string with a schema as its search_path.
func (c *Cluster) In(schema string) string {
	if !strings.Contains(c.ConnString, "://") {
		return c.ConnString + " search_path=" + schema
	}
	separator := "?"
	if strings.Contains(c.ConnString, "?") {
		separator = "&"
	}
	return c.ConnString + separator + "search_path=" + schema
}

// URL returns the connection string as a URL, with a schema as its search_path.
func (c *Cluster) URL(schema string) string {
	if strings.Contains(c.ConnString, "://") {
		return c.In(schema)
	}
	settings := url.Values{}
	for setting := range strings.FieldsSeq(c.In(schema)) {
		name, value, _ := strings.Cut(setting, "=")
		settings.Set(name, value)
	}
	return "postgres:///?" + settings.Encode()
}

// Close ends a private server and removes what it has written.
func (c *Cluster) Close() error {
	if c.server == nil {
		return nil
	}
	return errors.Join(c.server.stop(), c.server.remove())
}

// Private reports whether the server is the process's own.
func (c *Cluster) Private() bool { return c.server != nil }

// Restart ends the private server as a crash does, and starts it again.
func (c *Cluster) Restart() error {
	if c.server == nil {
		return errors.New("pgtest: the server is not private, so it cannot be restarted")
	}
	if err := c.server.stop(); err != nil {
		return err
	}
	return c.server.start()
}

// startTimeout is how long a server may take to answer.
const startTimeout = 60 * time.Second

// server is a private one. It runs under a shell that ends it, and removes its
// files, as soon as this process is gone: then the shell's input ends.
type server struct {
	binaries string
	dir      string
	account  account

	untuned     bool
	unsynced    bool
	port        string   // of an untuned one
	environment []string // nil: this process's

	mu    sync.Mutex
	shell *exec.Cmd
	input io.Closer
}

func newServer(options []Option) (*server, error) {
	s := &server{}
	for _, o := range options {
		o(s)
	}
	var err error
	if s.binaries, err = findBinaries(places()); err != nil {
		return nil, err
	}
	if s.account, err = unprivileged(); err != nil {
		return nil, err
	}
	// Not t.TempDir: the path of a socket must be short.
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return nil, err
	}
	if err := s.account.own(s.dir); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	initdb := exec.Command(filepath.Join(s.binaries, "initdb"), "--pgdata", s.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	if out, err := s.run(initdb); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: initdb: %w: %s", err, out), s.remove())
	}
	if s.untuned {
		if s.port, err = freePort(); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	return s, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) connString() string {
	if s.untuned {
		return "host=127.0.0.1 port=" + s.port + " user=postgres dbname=postgres sslmode=disable"
	}
	return "host=" + s.dir + " user=postgres dbname=postgres"
}

func (s *server) settings() []string {
	if s.untuned {
		return []string{"listen_addresses=127.0.0.1", "port=" + s.port, "unix_socket_directories=", mostConnections}
	}
	settings := append(slices.Clone(cheap), "unix_socket_directories="+s.dir)
	if s.unsynced {
		settings = append(settings, "fsync=off", "full_page_writes=off")
	}
	return settings
}

func (s *server) run(cmd *exec.Cmd) (string, error) {
	cmd.Dir = s.dir
	s.account.become(cmd)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// supervise runs the server until its input ends: on "stop" the files stay.
const supervise = `
"$1/postgres" "$@" >>"$0/log" 2>&1 &
server=$!
if read -r word; then
  kill -QUIT $server; wait $server
else
  kill -QUIT $server; wait $server; cd / && rm -rf "$0"
fi`

const mostConnections = "max_connections=300"

// cheap settings keep what durability is about: fsync is on.
var cheap = []string{"listen_addresses=", mostConnections, "shared_buffers=128MB", "wal_level=minimal", "max_wal_senders=0",
	"max_locks_per_transaction=256", "logging_collector=off", "restart_after_crash=on"}

func (s *server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	args := []string{"-D", s.data()}
	for _, x := range s.settings() {
		args = append(args, "-c", x)
	}
	script := strings.Replace(supervise, `"$1/postgres" "$@"`, quoted(filepath.Join(s.binaries, "postgres"))+` "$@"`, 1)
	shell := exec.Command("/bin/sh", append([]string{"-c", script, s.dir}, args...)...)
	shell.Dir, shell.Env = s.dir, s.environment
	s.account.become(shell)
	detach(shell)
	input, err := shell.StdinPipe()
	if err != nil {
		return err
	}
	if err := shell.Start(); err != nil {
		return fmt.Errorf("pgtest: start: %w", err)
	}
	s.shell, s.input = shell, input
	return s.await()
}

// await waits until the server answers.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.connString())
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("pgtest: the server does not answer: %w\n%s", err, bytes.TrimSpace(log))
		}
	}
}

// stop ends the server without its saying goodbye, as a crash does.
func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shell == nil {
		return nil
	}
	_, err := io.WriteString(s.input.(io.Writer), "stop\n")
	err = errors.Join(err, s.shell.Wait())
	s.shell = nil
	return err
}

func (s *server) remove() error { return os.RemoveAll(s.dir) }

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// unique is a name that nobody else has.
func unique() string { return "t" + strings.ToLower(rand.Text()) }
