package polling

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// permissions are about the reads that the source can do without. One for which
// the OAuth client lacks the permission is left out for a while, with a warning
// in the log.
type permissions struct {
	log *slog.Logger

	mu    sync.Mutex
	reads map[string]*permission
}

// permission is whether a kind of read is allowed, as far as is known.
type permission struct {
	right    string
	refused  int // times in a row
	until    time.Time
	partlyAt time.Time // when it was last said that it is refused in some divisions
}

// A read is left out for leaveOut after mostRefused refusals in a row. One refusal
// is not enough: it may concern only one conversation.
const (
	mostRefused = 3
	leaveOut    = time.Hour
)

func newPermissions(log *slog.Logger) *permissions {
	return &permissions{log: log, reads: map[string]*permission{}}
}

// try calls do unless its kind of read is left out now. A missing permission is no
// error.
func (p *permissions) try(what, right string, do func() error) error {
	if p.leftOut(what, time.Now()) {
		return nil
	}
	err := do()
	forbidden := genesys.IsForbidden(err)
	if p.note(what, right, forbidden, time.Now()) {
		p.log.Warn("a read is refused and left out for a while; give the OAuth client the right", "read", what, "right", right, "for", leaveOut)
	}
	if forbidden {
		return nil
	}
	return err
}

// tryOne is try for a read of one conversation. When the permission is missing in its
// division, that says nothing of the others.
func (p *permissions) tryOne(what, right string, do func() error) error {
	return p.try(what, right, func() error {
		err := do()
		if !ofDivision(err) {
			return err
		}
		if p.notePartly(what, right, time.Now()) {
			p.log.Warn("conversations of some divisions are refused; give the OAuth client the right in these, too", "read", what, "right", right)
		}
		return nil
	})
}

// ofDivision reports whether a permission is missing in a division.
func ofDivision(err error) bool {
	var e *genesys.APIError
	return genesys.IsForbidden(err) && errors.As(err, &e) && (e.Code == "missing.division.permission" || e.Code == "missing.any.division.permissions")
}

func (p *permissions) leftOut(what string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	is := p.reads[what]
	return is != nil && now.Before(is.until)
}

// note records the result of a read, and reports whether reads of its kind are
// left out from now on.
func (p *permissions) note(what, right string, forbidden bool, now time.Time) (leftOut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	is := p.read(what, right)
	if !forbidden {
		is.refused = 0
		return false
	}
	if is.refused++; is.refused < mostRefused {
		return false
	}
	is.refused, is.until = 0, now.Add(leaveOut)
	return true
}

// notePartly records that a read is refused in a division, and reports whether that is
// to be said.
func (p *permissions) notePartly(what, right string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	is := p.read(what, right)
	if now.Sub(is.partlyAt) < leaveOut {
		return false
	}
	is.partlyAt = now
	return true
}

// read returns what is known of a kind of read. The caller holds the lock.
func (p *permissions) read(what, right string) *permission {
	is := p.reads[what]
	if is == nil {
		is = &permission{right: right}
		p.reads[what] = is
	}
	return is
}

// refusals returns the kinds of reads that are left out now.
func (p *permissions) refusals(now time.Time) (list []conversation.RefusedRead) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, what := range slices.Sorted(maps.Keys(p.reads)) {
		if is := p.reads[what]; now.Before(is.until) {
			list = append(list, conversation.RefusedRead{Read: what, MissingPermissions: []string{is.right}, Until: is.until.UTC()})
		}
	}
	return list
}
