package notifications

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// memory is what the processes that share a store put down, for each other and
// for those that come after them.
type memory struct {
	// Heard is, for each process, when it last heard all its topics; zero for
	// one that has not heard yet.
	Heard map[string]time.Time `json:"heard,omitempty"`
	// Channels are theirs. Those of a process that is gone can be used again
	// instead of taking a further place.
	Channels []ownedChannel `json:"channels,omitempty"`
	// Creating is who is about to create a channel.
	Creating creating `json:"creating,omitzero"`
}

type ownedChannel struct {
	channel
	Owner string `json:"owner"`
}

type creating struct {
	Owner string    `json:"owner,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// channelLife is how long a channel lives after its last renewal.
const channelLife = 24 * time.Hour

// storePatience is how long the store may take: without it there is less to go
// on, but the source hears.
const storePatience = 3 * time.Second

// forgetAfter is how long a process that is gone is remembered: by then its
// topics are heard by others, who have announced the gap.
const forgetAfter = 15 * time.Minute

func (s *Source) instance() string {
	if s.config.Tracked == nil {
		return ""
	}
	return s.config.Tracked.Instance()
}

func (s *Source) alive(instance string) bool {
	return s.config.Tracked != nil && s.config.Tracked.Alive(instance)
}

// change changes what is put down, as often as others forestall it. do reports
// whether there is something to write.
func (s *Source) change(ctx context.Context, do func(*memory) bool) error {
	if s.config.Tracked == nil {
		do(&memory{Heard: map[string]time.Time{}})
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	for {
		value, version, err := s.config.Tracked.Value(ctx, s.config.Name)
		if err != nil {
			return err
		}
		m := memory{}
		if len(value) > 0 {
			if err := json.Unmarshal(value, &m); err != nil {
				m = memory{} // of another version; it is written anew
			}
		}
		if m.Heard == nil {
			m.Heard = map[string]time.Time{}
		}
		if !do(&m) {
			return nil
		}
		if value, err = json.Marshal(m); err != nil {
			return err
		}
		if _, err = s.config.Tracked.SetValue(ctx, s.config.Name, value, version); err == nil {
			return nil
		}
		if _, is, e := s.config.Tracked.Value(ctx, s.config.Name); e != nil || is == version {
			return err // it is no race that was lost
		}
		if !pause.Sleep(ctx, rand.N(20*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

// arrive reads what was put down before, and puts down that this process is
// here but does not hear yet. It returns until when its topics were heard: zero
// when nobody knows.
func (s *Source) arrive(ctx context.Context) time.Time {
	if s.config.Tracked == nil {
		return time.Time{}
	}
	var heard time.Time
	err := s.change(ctx, func(m *memory) bool {
		heard = s.heardBefore(m)
		m.Heard[s.instance()] = time.Time{}
		return true
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not known when the source last heard", "error", err)
	}
	return heard
}

// heardBefore returns until when topics were heard that this process looks
// after now: by those that are gone, or, when none is, by those that are here.
func (s *Source) heardBefore(m *memory) time.Time {
	var earliest time.Time
	others := false
	for owner, heard := range m.Heard {
		switch {
		case owner != s.instance() && s.alive(owner):
			others = true
		case heard.IsZero():
		case earliest.IsZero() || heard.Before(earliest):
			earliest = heard
		}
	}
	if earliest.IsZero() && others {
		return time.Now()
	}
	return earliest
}

// rememberLoop puts down every now and then, and when there is news, that the
// source hears.
func (s *Source) rememberLoop(ctx context.Context) {
	for {
		select {
		case <-s.news:
		case <-time.After(rememberEvery):
		case <-ctx.Done():
			return
		}
		s.remember(ctx)
	}
}

// remember puts down when the source last heard, and its channels.
func (s *Source) remember(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	othersHear := true
	err := s.change(ctx, func(m *memory) bool {
		s.forgetAbandoned(m)
		othersHear = s.addTo(m)
		return true
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not put down when the source last heard", "error", err)
		return
	}
	if othersHear {
		s.handOver()
	}
}

// addTo adds what this process knows to what is put down, and tidies up. It
// reports whether all others that are here hear their topics.
func (s *Source) addTo(m *memory) (othersHear bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, me := time.Now(), s.instance()
	own := map[string]bool{}
	oldest, all := now, s.flooded.IsZero()
	for _, l := range s.lines {
		heard, hears := l.lastHeard()
		if all = all && hears; heard.Before(oldest) {
			oldest = heard
		}
		own[l.currentChannel().ID] = true
	}
	if all { // and what was read by then is stored
		if since, some := s.inbox.oldest(); some && since.Before(oldest) {
			oldest = since
		}
		m.Heard[me] = oldest
	}
	othersHear = true
	for owner, heard := range m.Heard {
		switch {
		case owner == me:
		case s.alive(owner):
			delete(s.gone, owner)
			othersHear = othersHear && now.Sub(heard) < 3*rememberEvery
		case s.gone[owner].IsZero():
			s.gone[owner] = now
		case now.Sub(s.gone[owner]) > forgetAfter && all:
			delete(m.Heard, owner)
		}
	}
	maps.DeleteFunc(s.gone, func(owner string, _ time.Time) bool { _, is := m.Heard[owner]; return !is })
	m.Channels = slices.DeleteFunc(m.Channels, func(c ownedChannel) bool {
		return own[c.ID] && c.Owner == me || !c.Expires.IsZero() && c.Expires.Before(now)
	})
	for _, l := range s.lines {
		c := l.currentChannel()
		switch {
		case c.ID == "":
		case slices.ContainsFunc(m.Channels, func(o ownedChannel) bool { return o.ID == c.ID }):
			l.setChannel(channel{}) // another process has claimed it: it thought that this one was gone
		default:
			m.Channels = append(m.Channels, ownedChannel{c, me})
		}
	}
	slices.SortFunc(m.Channels, func(a, b ownedChannel) int { return a.Expires.Compare(b.Expires) })
	return othersHear
}
