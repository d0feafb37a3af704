package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// processTime is the CPU time that this process has taken, and those that it
// has started and waited for.
func processTime() (total time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err == nil {
			total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return total
}

// postmaster returns the process that all others of the server come from; 0
// when it is not on this machine or nobody tells.
func (s *server) postmaster(ctx context.Context) int {
	var backend int
	if err := s.admin.QueryRow(ctx, "select pg_backend_pid()").Scan(&backend); err != nil {
		return 0
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", backend)); err != nil || !bytes.HasPrefix(name, []byte("postgres")) {
		return 0
	}
	parent, _, err := processStat(backend)
	if err != nil {
		return 0
	}
	return parent
}

// serverTime is the CPU time that all processes of the server have taken, also
// those that are gone; 0 when that is not known.
func serverTime(postmaster int) time.Duration {
	if postmaster == 0 {
		return 0
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	var total time.Duration
	for _, path := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		parent, times, err := processStat(pid)
		switch {
		case err != nil: // it is gone
		case pid == postmaster:
			total += times[0] + times[1] + times[2] + times[3]
		case parent == postmaster:
			total += times[0] + times[1]
		}
	}
	return total
}

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// processStat returns the parent of a process and its times: user, system,
// and both of the children that it has waited for.
func processStat(pid int) (parent int, times [4]time.Duration, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, times, err
	}
	_, rest, _ := bytes.Cut(data, []byte(") ")) // the name before it can contain anything but that
	fields := bytes.Fields(rest)
	if len(fields) < 15 {
		return 0, times, fmt.Errorf("/proc/%d/stat is not understood", pid)
	}
	if parent, err = strconv.Atoi(string(fields[1])); err != nil {
		return 0, times, err
	}
	for i := range times {
		n, err := strconv.ParseInt(string(fields[11+i]), 10, 64)
		if err != nil {
			return 0, times, err
		}
		times[i] = time.Duration(n) * tick
	}
	return parent, times, nil
}
