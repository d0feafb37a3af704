package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

var errNoServer = errors.New("there is no PostgreSQL to measure on: install the server (Debian: apt-get install postgresql-15; " +
	"macOS: brew install postgresql@17), or name a database with -database")

// cluster is a private server on a loopback port, with the settings that
// initdb gives it but for the number of connections. It ends, and
// its files go, as soon as this process is gone.
type cluster struct {
	connString string

	dir   string
	shell *exec.Cmd
	input io.Closer // the shell ends the server when it is closed
}

// supervise runs the server until the shell's input ends.
const supervise = `
dir=$1; shift
"$@" >>"$dir/log" 2>&1 &
server=$!
read -r line
kill -INT $server; wait $server
cd / && rm -rf "$dir"`

// startCluster starts a server, with a library loaded into it unless that is
// empty.
func startCluster(ctx context.Context, preload string) (_ *cluster, err error) {
	binaries := findBinaries()
	if binaries == "" {
		return nil, errNoServer
	}
	run, own, err := unprivileged()
	if err != nil {
		return nil, err
	}
	c := &cluster{}
	if c.dir, err = os.MkdirTemp("", "bench-postgres"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := own(c.dir); err != nil {
		return nil, err
	}
	data := filepath.Join(c.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(binaries, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = c.dir
	run(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	// It outlives a context that ends, so that what was made can be dropped.
	c.shell = exec.Command("/bin/sh", "-c", supervise, "sh", c.dir, filepath.Join(binaries, "postgres"), "-D", data, "-p", port, //nolint:noctx // see above
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300") // all variants stay connected
	c.shell.Dir = c.dir
	if preload != "" {
		c.shell.Env = append(os.Environ(), "LD_PRELOAD="+preload)
	}
	run(c.shell)
	detach(c.shell)
	if c.input, err = c.shell.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.shell.Start(); err != nil {
		c.shell = nil
		return nil, err
	}
	c.connString = "host=127.0.0.1 port=" + port + " user=postgres dbname=postgres sslmode=disable"
	return c, c.await(ctx)
}

// await waits until the server answers.
func (c *cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.connString)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.dir, "log")) // there may be none yet
			return fmt.Errorf("the private server does not answer: %w\n%s", err, log)
		}
	}
}

func (c *cluster) close() error {
	if c.shell == nil {
		return os.RemoveAll(c.dir)
	}
	err := c.input.Close()
	_ = c.shell.Wait() // the server's own code
	return errors.Join(err, os.RemoveAll(c.dir))
}

// findBinaries returns the directory of the newest server that is installed;
// empty when there is none.
func findBinaries() string {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern) // it is well formed
		slices.SortFunc(found, func(a, b string) int { return strings.Compare(b, a) })
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			return dir
		}
	}
	return ""
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
