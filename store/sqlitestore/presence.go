package sqlitestore

import (
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
)

// presence watches that the file of a store stays where it was opened. A
// process keeps a file that is deleted, and goes on writing to what nobody will
// find again.
type presence struct {
	path    string
	file    fs.FileInfo                 // as it was opened
	log     atomic.Pointer[fs.FileInfo] // as it was first seen
	size    atomic.Int64                // of the file, when it was last whole
	logSize atomic.Int64                // of the log, after the last commit
}

// observe begins to watch the file.
func observe(path string) (*presence, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &presence{path: path, file: info}, nil
}

// check returns ErrGone when the file or its log is another one than before,
// or when the file has become shorter and is not whole: VACUUM shortens it too.
func (p *presence) check(whole func() error) error {
	file, err := os.Stat(p.path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	if !os.SameFile(p.file, file) {
		return fmt.Errorf("%w: %s is another file than the one that was opened", ErrGone, p.path)
	}
	size, before := file.Size(), p.size.Load()
	if size < before {
		if size == 0 { // who opens it next takes it for new, and deletes the log
			return fmt.Errorf("%w: %s was emptied", ErrGone, p.path)
		}
		if err := whole(); err != nil {
			return fmt.Errorf("%w: %s was cut from %d bytes to %d: %w", ErrGone, p.path, before, size, err)
		}
	}
	if size != before {
		p.size.Store(size)
	}
	log, err := os.Stat(p.path + "-wal")
	if err != nil {
		return fmt.Errorf("%w: its log: %w", ErrGone, err)
	}
	p.logSize.Store(log.Size())
	if first := p.log.Load(); first == nil {
		p.log.Store(&log)
	} else if !os.SameFile(*first, log) {
		return fmt.Errorf("%w: %s-wal is another file than the one that was opened", ErrGone, p.path)
	}
	return nil
}

// logLimit is the size to which SQLite cuts the log when it begins it anew.
const logLimit = 64 << 20

// checkLog returns ErrGone when the log has become shorter and the file is not
// whole: a checkpoint shortens it too. It is for who is about to write, as SQLite
// goes on where the log ended, over the gap.
func (p *presence) checkLog(whole func() error) error {
	before := p.logSize.Load()
	if before == 0 {
		return nil
	}
	log, err := os.Stat(p.path + "-wal")
	if err != nil {
		return fmt.Errorf("%w: its log: %w", ErrGone, err)
	}
	if log.Size() >= min(before, logLimit) {
		return nil
	}
	if err := whole(); err != nil {
		return fmt.Errorf("%w: its log was cut from %d bytes to %d: %w", ErrGone, before, log.Size(), err)
	}
	p.logSize.Store(log.Size())
	return nil
}
