package notifications

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// claims know which channel is used by which process. A channel is claimed in
// the store before it is used, so that no two processes use the same one, and
// no two create the last one that the limit allows. It is safe for concurrent use.
type claims struct {
	peers    *peers
	channels channels
	log      *slog.Logger
	getting  chan struct{} // a semaphore: full while a channel is being got

	mu        sync.Mutex
	own       map[string]channel // by id
	abandoned map[string]bool    // ids
}

type ownedChannel struct {
	channel
	Owner string `json:"owner,omitempty"` // empty: its owner has stopped
}

type creating struct {
	Owner string    `json:"owner,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// channelLife is how long a channel lives after its last renewal.
const channelLife = 24 * time.Hour

func newClaims(p *peers, c channels, log *slog.Logger) *claims {
	return &claims{peers: p, channels: c, log: log, getting: make(chan struct{}, 1), own: map[string]channel{}, abandoned: map[string]bool{}}
}

// get returns a channel that nobody else uses: one whose process is gone, else a
// new one.
func (k *claims) get(ctx context.Context) (channel, error) {
	select {
	case k.getting <- struct{}{}: // in this process one at a time
		defer func() { <-k.getting }()
	case <-ctx.Done():
		return channel{}, ctx.Err()
	}
	c, err := k.adopt(ctx)
	if err == nil && c.ID == "" {
		c, err = k.create(ctx)
	}
	if err == nil {
		k.renewed(c)
	}
	return c, err
}

// renewed notes a channel of this process, and until when it lives.
func (k *claims) renewed(c channel) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.own[c.ID] = c
}

// has reports whether a channel is still claimed by this process.
func (k *claims) has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, own := k.own[id]
	return own
}

// abandon gives a channel up for good.
func (k *claims) abandon(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.own, id)
	k.abandoned[id] = true
}

// adopt takes over a channel that nobody uses any more; it returns a zero one when
// there is none.
func (k *claims) adopt(ctx context.Context) (channel, error) {
	var taken channel
	me := k.peers.instance()
	err := k.peers.change(ctx, func(s *state) bool {
		taken = channel{}
		k.forgetAbandoned(s)
		for i := range s.Channels {
			c := &s.Channels[i]
			free := c.Owner == me || !k.peers.alive(c.Owner)
			if free && !k.has(c.ID) && (c.Expires.IsZero() || c.Expires.After(time.Now())) {
				c.Owner, taken = me, c.channel
				return true
			}
		}
		return false
	})
	if err != nil && ctx.Err() == nil {
		k.log.Warn("it is not known which channels can be used again", "error", err)
		return channel{}, nil
	}
	return taken, err
}

// errCreating: another process is creating a channel now; two could exceed the limit.
var errCreating = errors.New("another process is creating a channel")

// creatingFor is how long a process may take to create a channel, and createWithin how
// long the API has for it: then it has to be recorded.
const (
	creatingFor  = 30 * time.Second
	createWithin = creatingFor - storeTimeout
)

// create creates a channel while no other process of ours does: if two created the
// last one that the limit allows, somebody else's channel would end.
func (k *claims) create(ctx context.Context) (channel, error) {
	busy := false
	me := k.peers.instance()
	mine, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	err := k.peers.change(ctx, func(s *state) bool {
		busy = s.Creating.Owner != me && time.Since(s.Creating.At).Abs() < creatingFor && k.peers.alive(s.Creating.Owner)
		if !busy {
			s.Creating = creating{me, time.Now()}
		}
		return !busy
	})
	switch {
	case ctx.Err() != nil:
		return channel{}, ctx.Err()
	case err != nil:
		k.log.Warn("a channel is created although the store does not answer", "error", err)
	case busy:
		return channel{}, errCreating
	}
	c, err := k.channels.create(mine)
	written := k.peers.change(ctx, func(s *state) bool {
		if s.Creating.Owner == me && (err == nil || mine.Err() == nil) { // otherwise it may be created yet
			s.Creating = creating{}
		}
		if err == nil && !slices.ContainsFunc(s.Channels, func(o ownedChannel) bool { return o.ID == c.ID }) {
			s.Channels = append(s.Channels, ownedChannel{c, me})
		}
		return true
	})
	if written != nil && ctx.Err() == nil {
		k.log.Warn("a new channel could not be recorded", "error", written)
	}
	return c, err
}

// record writes the channels of this process into the state, and gives up those
// that another process has claimed because it thought that this one was gone. The state
// may have been read before a channel was taken over from a process that is gone: the
// owner that it names then is not one that has claimed the channel.
func (k *claims) record(s *state) {
	k.forgetAbandoned(s)
	k.mu.Lock()
	defer k.mu.Unlock()
	me, now := k.peers.instance(), time.Now()
	s.Channels = slices.DeleteFunc(s.Channels, func(c ownedChannel) bool {
		_, own := k.own[c.ID]
		return own && c.Owner == me || !c.Expires.IsZero() && c.Expires.Before(now)
	})
	for id, c := range k.own {
		i := slices.IndexFunc(s.Channels, func(o ownedChannel) bool { return o.ID == id })
		switch {
		case i < 0:
			s.Channels = append(s.Channels, ownedChannel{c, me})
		case k.peers.alive(s.Channels[i].Owner):
			delete(k.own, id)
		default:
			s.Channels[i] = ownedChannel{c, me}
		}
	}
	slices.SortFunc(s.Channels, func(a, b ownedChannel) int { return a.Expires.Compare(b.Expires) })
}

// leave writes into the state that the channels of this process are free.
func (k *claims) leave(s *state) {
	k.record(s)
	for i := range s.Channels {
		if s.Channels[i].Owner == k.peers.instance() {
			s.Channels[i].Owner = ""
		}
	}
}

// forgetAbandoned removes abandoned channels from the state.
func (k *claims) forgetAbandoned(s *state) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.Channels = slices.DeleteFunc(s.Channels, func(c ownedChannel) bool { return k.abandoned[c.ID] })
}
