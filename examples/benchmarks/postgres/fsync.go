package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed slowfsync/delay.c
var delaySource []byte

// fsyncDelay is what the library adds to each fsync.
const fsyncDelay = 1500 * time.Microsecond

// slowFsync compares a server with one whose disk takes 1.5 ms longer to
// answer. It leaves itself out where it cannot have such a server.
func slowFsync(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	fmt.Fprintln(w, "\n## With 1.5 ms more for each fsync")
	if !s.cluster.Private() {
		fmt.Fprintln(w, "\nLeft out: it needs a private server, and -database names another one.")
		return 0, nil
	}
	dir, err := os.MkdirTemp("", "slowfsync")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	library, err := compileDelay(ctx, dir)
	if err != nil {
		fmt.Fprintln(w, "\nLeft out:", err)
		return 0, nil
	}
	slow, err := openServer(ctx, "", library)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, slow.close(ctx)) }()
	if err := slow.useIn(ctx, o); err != nil {
		return 0, err
	}
	normal, err := s.commitTime(ctx)
	if err != nil {
		return 0, err
	}
	delayed, err := slow.commitTime(ctx)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(w, "\nA commit alone takes %.2f ms here, %.2f ms there.\n", normal.Seconds()*1000, delayed.Seconds()*1000)
	if delayed < fsyncDelay {
		return 0, fmt.Errorf("a commit takes %v on the server whose fsync takes %v more: its binaries do not load the library", delayed, fsyncDelay)
	}
	entries, err := enterBoth(ctx, o, s, slow)
	if err != nil {
		return 0, err
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	writeRates(w, entries, "")
	of := func(name string) score { return best(entries, name) }
	missed = writeComparisons(w, []comparison{
		{say: "tracker, slow ÷ not", over: of("tracker, slow"), under: of("tracker"), least: 0.7},
		{say: "store, slow ÷ not", over: of("store, slow"), under: of("store"), least: 0.7},
		{say: "gorm, slow ÷ not", over: of("gorm, slow"), under: of("gorm")},
		{say: "naive, slow ÷ not", over: of("naive, slow"), under: of("naive")},
		{say: "pgbench, slow ÷ not", over: of("pgbench, slow"), under: of("pgbench")},
		{say: "tracker ÷ gorm, both slow", over: of("tracker, slow"), under: of("gorm, slow")},
		{say: "store ÷ naive pgx, both slow", over: of("store, slow"), under: of("naive, slow")},
		{say: "store ÷ pgbench -N, both slow", over: of("store, slow"), under: of("pgbench, slow")},
	})
	return missed, s.clear(ctx)
}

// commitTime is how long a small transaction takes, one after the other.
func (s *server) commitTime(ctx context.Context) (time.Duration, error) {
	x, err := s.newSite(ctx)
	if err != nil {
		return 0, err
	}
	pool, err := x.pool(ctx, 1)
	if err != nil {
		return 0, err
	}
	if _, err := pool.Exec(ctx, "create table small (n int)"); err != nil {
		return 0, err
	}
	const times = 50
	began := time.Now()
	for n := range times {
		if _, err := pool.Exec(ctx, "insert into small values ($1)", n); err != nil {
			return 0, err
		}
	}
	return time.Since(began) / times, nil
}

func enterBoth(ctx context.Context, o *options, s, slow *server) (entries []*entry, err error) {
	for _, v := range []variant{tracked(), committed("store", 4, 100), byGORM("gorm", true), byHand("naive", 32, naive), pgbenchN(32)} {
		late := v
		late.name += ", slow"
		list, err := enter(ctx, s, o, []variant{v})
		if err != nil {
			return nil, err
		}
		slowList, err := enter(ctx, slow, o, []variant{late})
		if err != nil {
			return nil, err
		}
		entries = append(append(entries, list...), slowList...)
	}
	return entries, nil
}

// compileDelay compiles the library that delays, where there is a compiler.
func compileDelay(ctx context.Context, dir string) (string, error) {
	compiler := ""
	for _, name := range []string{"cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			compiler = path
			break
		}
	}
	if compiler == "" {
		return "", errors.New("there is no C compiler (cc, gcc or clang) for the library that delays fsync")
	}
	source, library := filepath.Join(dir, "delay.c"), filepath.Join(dir, "delay.so")
	if err := os.WriteFile(source, delaySource, 0o644); err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		return "", fmt.Errorf("the library that delays fsync does not compile: %w: %s", err, out)
	}
	// The server runs as somebody else, when this process is root's.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	return library, os.Chmod(library, 0o755)
}
