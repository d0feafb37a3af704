package notifications

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// wanted are the topics that all processes together are to listen to: those of the
// configuration, and those of the users and queues that Config.Follow selects. It is
// safe for concurrent use.
type wanted struct {
	api   genesys.API
	find  func(context.Context, genesys.API) (directory.Found, error) // nil: nobody is followed
	every time.Duration
	room  int                                          // how many topics the channels take
	set   func(topics []string, since time.Time) error // replaces what is listened to
	log   *slog.Logger

	// upToDate is told when the last lookup was, once what it found is set.
	upToDate func(looked time.Time)

	mu      sync.Mutex
	fixed   []string
	found   []string        // without those for which there is no room
	missing map[string]bool // of the found ones, those that the last lookup did not find
	left    int             // how many were found for which there is no room
	looked  time.Time
	failing time.Time // since when lookups fail; zero: they do not
	reason  error
}

func newWanted(c Config, set func([]string, time.Time) error, upToDate func(time.Time), log *slog.Logger) *wanted {
	w := &wanted{api: c.API, every: c.FollowEvery, room: c.MaxChannels * c.TopicsPerChannel, set: set, upToDate: upToDate, log: log, fixed: c.Topics}
	if c.Follow != nil {
		w.find = c.Follow.Find
	}
	return w
}

// begin makes the first lookup, and tries again until it succeeds, so that listening
// begins with all topics that are wanted. It fails when the credentials are wrong or a
// permission is missing.
func (w *wanted) begin(ctx context.Context) error {
	if w.find == nil {
		return nil
	}
	growing := pause.Growing(time.Second, time.Minute)
	for {
		err := w.look(ctx, w.api)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		case errors.Is(err, genesys.ErrCredentials) || genesys.IsForbidden(err):
			return fmt.Errorf("notifications: whom to follow cannot be listed: %w", err)
		}
		wait := growing.NextBackOff()
		w.log.Warn("whom to follow is not known yet, so nothing is heard", "error", err, "again_in", wait)
		if !pause.Sleep(ctx, wait) {
			return nil
		}
	}
}

// run repeats the lookup regularly until ctx ends. One that fails changes nothing.
func (w *wanted) run(ctx context.Context) {
	for w.find != nil && pause.Sleep(ctx, pause.Jittered(w.every)) {
		if err := w.look(ctx, unhurried{w.api}); err != nil && ctx.Err() == nil {
			w.log.Warn("whom to follow cannot be listed, so it stays as it was", "error", err)
		}
	}
}

// unhurried makes calls that are not urgent.
type unhurried struct{ genesys.API }

func (u unhurried) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	r.Repair = true
	return u.API.Call(ctx, r)
}

// look looks up whom to follow now. A user or queue that is new may have existed
// since the last lookup, so its topics count as missed since then. A list that
// changes while it is read can lack an entry, so only one that is missing twice is
// dropped; and an empty list drops nobody.
func (w *wanted) look(ctx context.Context, api genesys.API) error {
	began := time.Now()
	is, err := w.find(ctx, api)
	w.note(began, err)
	if err != nil {
		return err
	}
	topics := topicsOf(is)

	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.upToDate(began)
	if len(topics) == 0 {
		w.log.Error("nobody is found to follow; do the divisions and names exist, and does the OAuth client's role see these divisions?", "followed", len(w.found))
		w.looked = began
		return nil
	}
	since := w.looked
	if since.IsZero() {
		since = began
	}
	w.looked = began
	here := set(topics)
	before, missing := set(w.found), map[string]bool{}
	var stay []string
	for _, name := range w.found {
		if !here[name] && w.missing[name] {
			continue
		}
		if !here[name] {
			missing[name] = true
		}
		stay = append(stay, name)
	}
	w.missing = missing
	fresh := slices.DeleteFunc(topics, func(name string) bool { return before[name] })
	if len(fresh) == 0 && len(stay) == len(w.found) {
		return nil // as it was
	}
	return w.apply(append(stay, fresh...), since)
}

// note notes whether the lookup succeeded.
func (w *wanted) note(began time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason = err; err == nil {
		w.failing = time.Time{}
	} else if w.failing.IsZero() {
		w.failing = began
	}
}

// trouble returns since when lookups of whom to follow fail, and why; nil: they do
// not.
func (w *wanted) trouble() (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failing, w.reason
}

// topicsOf are the topics of what was found, queues first.
func topicsOf(is directory.Found) []string {
	var names []string
	for _, q := range is.Queues {
		names = append(names, QueueTopics(q.ID)...)
	}
	for _, u := range is.Users {
		names = append(names, UserTopics(u.ID)...)
	}
	return slices.DeleteFunc(names, func(name string) bool { return len(name) > mostName })
}

func set(names []string) map[string]bool {
	is := make(map[string]bool, len(names))
	for _, name := range names {
		is[name] = true
	}
	return is
}

// fix replaces the topics of the configuration.
func (w *wanted) fix(names []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fixed = slices.Clone(names)
	return w.apply(w.found, time.Now())
}

// apply makes the fixed topics the ones to listen to, and as many of the found ones
// as there is room for. The caller holds the lock.
func (w *wanted) apply(found []string, since time.Time) error {
	fixed := set(w.fixed)
	found = slices.DeleteFunc(slices.Clone(found), func(name string) bool { return fixed[name] })
	left := 0
	if room := max(w.room-len(w.fixed), 0); len(found) > room {
		left, found = len(found)-room, found[:room]
	}
	if left != w.left && left > 0 {
		w.log.Error("not all are followed, as the channels have no room; follow queues instead of users, fewer of them, or use EventBridge", "followed", len(found), "not_followed", left)
	}
	if left != w.left || !slices.Equal(found, w.found) {
		w.log.Info("users and queues are followed", "followed", len(found), "before", len(w.found))
	}
	w.found, w.left = found, left
	return w.set(slices.Concat(w.fixed, found), since)
}

// stats returns how many are followed, how many are not for lack of room, and when
// they were last looked up.
func (w *wanted) stats() (followed, left int, looked time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.found), w.left, w.looked
}
