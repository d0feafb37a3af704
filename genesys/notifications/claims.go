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
)

// claims know which channel is used by which process. A channel is claimed in
// the store before it is used, so that no two processes use the same one, and
// no two create the last one that the limit allows. It is safe for concurrent use.
type claims struct {
	peers    *peers
	channels channels
	log      *slog.Logger
	getting  chan struct{} // a semaphore: full while a channel is being got
	earlier  unanswered

	mu        sync.Mutex
	own       map[string]claim // by the channel's id
	doubted   []claim          // given up, though it is not certain that they are gone; to be tried again when there is no room
	abandoned map[string]bool  // ids
	shunned   map[string]bool  // ids of those to take over only when there is no other
	released  map[string]bool  // ids of those that any process may have
	failing   bool             // the last attempt to record did not succeed
}

// claim is a channel of this process.
type claim struct {
	channel
	adopted  bool      // and nothing has been subscribed on it here yet
	recorded time.Time // when the store last noted whose it is; zero: it does not know of it
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

// expired reports whether the platform has ended the channel by now.
func (c channel) expired() bool { return !c.Expires.IsZero() && !c.Expires.After(time.Now()) }

// ownFor is how long a channel that was recorded is certain to be this process's, as far
// as nothing speaks against it.
const ownFor = 4 * recordEvery

func newClaims(p *peers, c channels, log *slog.Logger) *claims {
	return &claims{peers: p, channels: c, log: log, getting: make(chan struct{}, 1), own: map[string]claim{}, abandoned: map[string]bool{}, shunned: map[string]bool{}, released: map[string]bool{}}
}

// get returns a channel that nobody else uses: one whose process is gone, else a
// new one. The connection gives up the one that it had, if there was one: it may be
// another process's by now, and is gone back to when it is not, or there is no room.
func (k *claims) get(ctx context.Context, had string) (channel, error) {
	select {
	case k.getting <- struct{}{}: // in this process one at a time
		defer func() { <-k.getting }()
	case <-ctx.Done():
		return channel{}, ctx.Err()
	}
	c, err := k.adopt(ctx, had)
	if err == nil && c.ID == "" {
		c, err = k.create(ctx)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	old, own := k.own[had]
	switch {
	case err == nil:
		delete(k.own, had)
		k.own[c.ID] = c
	case errors.Is(err, errNoRoom):
		clear(k.shunned) // they may be accepted by now
		if own {
			return old.channel, nil
		}
		if again, some := k.undoubt(); some {
			k.log.Info("a channel that was given up is tried again, as there is no room for another one")
			return again.channel, nil
		}
	}
	return c.channel, err
}

// renewed notes that a channel of this process is subscribed, and until when it lives.
func (k *claims) renewed(c channel) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.own[c.ID] = claim{channel: c, recorded: k.own[c.ID].recorded}
}

// recorded notes whether the store knows of the channels of this process now.
func (k *claims) recorded(failed error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failing = failed != nil; k.failing {
		return
	}
	for id, c := range k.own {
		c.recorded = time.Now()
		k.own[id] = c
	}
}

// has reports whether a channel is still claimed by this process.
func (k *claims) has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, own := k.own[id]
	return own
}

// keeps reports whether a connection that has no socket any more can go on with its
// channel without asking the store: while a process does not reach the store, others take
// it for gone and its channels over. They know nothing of one that was never recorded.
func (k *claims) keeps(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, own := k.own[id]
	sure := k.peers.tracked == nil || c.recorded.IsZero() || !k.failing && time.Since(c.recorded) < ownFor
	return own && sure
}

// knows reports whether a channel is or was claimed by this process.
func (k *claims) knows(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, own := k.own[id]
	return own || k.abandoned[id] || k.doubts(id)
}

// abandon gives a channel up for good.
func (k *claims) abandon(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.own, id)
	k.abandoned[id] = true
}

// doubt gives a channel up that may be gone. It goes on counting as this process's: if it
// is there, it takes up one of the places that the platform has.
func (k *claims) doubt(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.doubted = slices.DeleteFunc(k.doubted, claim.expired)
	if c, own := k.own[id]; own {
		delete(k.own, id)
		k.doubted = append(k.doubted, c)
	}
}

// undoubt makes the channel that has been doubted for longest one of this process again.
// The caller holds the lock.
func (k *claims) undoubt() (c claim, some bool) {
	k.doubted = slices.DeleteFunc(k.doubted, claim.expired)
	if len(k.doubted) == 0 {
		return claim{}, false
	}
	c, k.doubted = k.doubted[0], k.doubted[1:]
	k.own[c.ID] = c
	return c, true
}

// doubts reports whether a channel is doubted. The caller holds the lock.
func (k *claims) doubts(id string) bool {
	return slices.ContainsFunc(k.doubted, func(c claim) bool { return c.ID == id })
}

// shun gives a channel up that was taken over and is refused before anything was
// subscribed on it: somebody else may be the only one who may use it. It reports whether
// it did. Where there is no room for a new one, it is taken over again: everything may have
// been refused for a while.
func (k *claims) shun(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.own[id].adopted {
		return false
	}
	delete(k.own, id)
	k.shunned[id] = true
	return true
}

// release lets any process take over a channel that is not needed here any more.
func (k *claims) release(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.own, id)
	k.released[id] = true
}

// take notes that a channel is not to be had by others, before it is certain that it is
// taken over: what is recorded meanwhile must not give it away.
func (k *claims) take(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.released, id)
}

// free reports whether a connection can take a channel over. It can have had it before.
func (k *claims) free(c ownedChannel, had string) bool {
	if c.Owner != k.peers.instance() && k.peers.alive(c.Owner) {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, own := k.own[c.ID]
	return (!own || c.ID == had) && !k.shunned[c.ID] && !k.doubts(c.ID) && !c.expired()
}

// adopt takes over a channel that nobody uses any more, the one that the connection had
// first of all; it returns a zero one when there is none.
func (k *claims) adopt(ctx context.Context, had string) (claim, error) {
	var taken channel
	me := k.peers.instance()
	err := k.peers.change(ctx, func(s *state) bool {
		taken = channel{}
		k.forgetAbandoned(s)
		free := func(c ownedChannel) bool { return k.free(c, had) }
		i := slices.IndexFunc(s.Channels, func(c ownedChannel) bool { return c.ID == had && free(c) })
		if i < 0 {
			i = slices.IndexFunc(s.Channels, free)
		}
		if i < 0 {
			return false
		}
		s.Channels[i].Owner, taken = me, s.Channels[i].channel
		k.take(taken.ID)
		return true
	})
	if err != nil && ctx.Err() == nil {
		k.log.Warn("it is not known which channels can be used again", "error", err)
		return claim{}, nil
	}
	return claim{taken, taken.ID != had, time.Now()}, err
}

// errNoRight: the platform itself says so, which does not pass.
var errNoRight = errors.New("the OAuth client has no right to a notification channel")

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
func (k *claims) create(ctx context.Context) (claim, error) {
	busy := false
	me := k.peers.instance()
	mine, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	used := map[string]bool{} // by whichever process
	err := k.peers.change(ctx, func(s *state) bool {
		for _, c := range s.Channels {
			used[c.ID] = true
		}
		busy = s.Creating.Owner != me && time.Since(s.Creating.At).Abs() < creatingFor && k.peers.alive(s.Creating.Owner)
		if !busy {
			s.Creating = creating{me, time.Now()}
		}
		return !busy
	})
	switch {
	case ctx.Err() != nil:
		return claim{}, ctx.Err()
	case err != nil:
		k.log.Warn("a channel is created although the store does not answer", "error", err)
	case busy:
		return claim{}, errCreating
	}
	known := err == nil
	c, err := k.channels.create(mine, &k.earlier, func(id string) bool {
		return !known || used[id] || k.knows(id)
	})
	if genesys.IsForbidden(err) {
		err = fmt.Errorf("%w: %w", errNoRight, err)
	}
	written := k.peers.change(ctx, func(s *state) bool {
		if s.Creating.Owner == me && (err == nil || mine.Err() == nil) { // otherwise it may be created yet
			s.Creating = creating{}
		}
		if err == nil && !slices.ContainsFunc(s.Channels, func(o ownedChannel) bool { return o.ID == c.ID }) {
			s.Channels = append(s.Channels, ownedChannel{c, me})
		}
		return true
	})
	is := claim{channel: c}
	if written == nil {
		is.recorded = time.Now()
	} else if ctx.Err() == nil {
		k.log.Warn("a new channel could not be recorded", "error", written)
	}
	return is, err
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
	for i, c := range s.Channels {
		if c.Owner == me && k.released[c.ID] {
			s.Channels[i].Owner = ""
		}
	}
	for id, c := range k.own {
		i := slices.IndexFunc(s.Channels, func(o ownedChannel) bool { return o.ID == id })
		switch {
		case i < 0:
			s.Channels = append(s.Channels, ownedChannel{c.channel, me})
		case k.peers.alive(s.Channels[i].Owner):
			delete(k.own, id)
		default:
			s.Channels[i] = ownedChannel{c.channel, me}
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
