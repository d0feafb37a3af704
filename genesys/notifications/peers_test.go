package notifications

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// common is what processes share: one value of a store, and which of them are alive.
type common struct {
	mu      sync.Mutex
	value   []byte
	version int64
	alive   []string
	owner   func(key string) string // who is responsible for what; nil: the first one that is alive
	moved   chan struct{}
	open    []*conversation.Conversation
	delay   func() time.Duration // of the store; nil: none
	hangs   bool
}

// process is the tracker of one process, with the methods that peers use.
type process struct {
	genesys.Tracked
	*common
	name string
}

// peers returns the peers as seen by the process with that name.
func (c *common) peers(name string) *peers { return &peers{process{common: c, name: name}, "source"} }

// live sets which processes are alive.
func (c *common) live(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive = names
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// is returns the recorded state.
func (c *common) is(t *testing.T) state {
	is, err := c.peers("the test").read(t.Context())
	require.NoError(t, err)
	return is
}

// put changes the recorded state.
func (c *common) put(t *testing.T, do func(*state)) {
	require.NoError(t, c.peers("the test").change(t.Context(), func(s *state) bool { do(s); return true }))
}

func (p process) Instance() string { return p.name }

func (p process) Alive(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.alive, name)
}

func (p process) Mine(_, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owner != nil {
		return p.owner(key) == p.name
	}
	return len(p.alive) > 0 && p.alive[0] == p.name
}

func (p process) Moved() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved == nil {
		p.common.moved = make(chan struct{})
	}
	return p.moved
}

func (p process) Open(context.Context) iter.Seq2[*conversation.Conversation, error] {
	return func(yield func(*conversation.Conversation, error) bool) {
		for _, c := range p.open {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (p process) wait(ctx context.Context) error {
	if p.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if p.delay != nil {
		p.mu.Lock()
		wait := p.delay()
		p.mu.Unlock()
		time.Sleep(wait)
	}
	return nil
}

func (p process) Value(ctx context.Context, _ string) ([]byte, int64, error) {
	if err := p.wait(ctx); err != nil {
		return nil, 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.value, p.version, nil
}

func (p process) SetValue(ctx context.Context, _ string, value []byte, version int64) (int64, error) {
	if err := p.wait(ctx); err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if version != p.version {
		return 0, errors.New("conflict")
	}
	p.value, p.version = slices.Clone(value), version+1
	return p.version, nil
}

// slow is a random delay of up to a few milliseconds.
func slow(t *testing.T) func() time.Duration {
	seed := rand.Uint64()
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	return func() time.Duration { return time.Duration(random.IntN(5)) * time.Millisecond }
}

func TestAProcessThatIsAloneLooksAfterEverythingAndKeepsNothing(t *testing.T) {
	alone := &peers{}
	require.True(t, alone.mine("topics/7"))
	require.False(t, alone.alive("anybody"))
	require.Empty(t, alone.instance())
	for range 2 {
		require.NoError(t, alone.change(t.Context(), func(s *state) bool {
			require.Empty(t, *s)
			s.Creating.Owner = "somebody"
			return true
		}))
	}
}

func TestAProcessIsNoPeerOfItself(t *testing.T) {
	c := &common{alive: []string{"a", "b", ""}}
	a := c.peers("a")
	require.False(t, a.alive("a"))
	require.False(t, a.alive(""), "a channel without an owner is nobody's")
	require.True(t, a.alive("b"))
	require.False(t, a.alive("c"))
	require.False(t, a.other("a"))
	require.True(t, a.other("c"), "whether it is alive or not")
}

func TestWhatPeersRecordAtTheSameTimeIsAllThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &common{delay: slow(t)}
		var putting sync.WaitGroup
		for n := range 5 {
			putting.Go(func() {
				for i := range 5 {
					assert.NoError(t, c.peers(fmt.Sprint(n)).change(t.Context(), func(s *state) bool {
						s.Channels = append(s.Channels, ownedChannel{channel{ID: fmt.Sprintf("%d-%d", n, i)}, ""})
						return true
					}))
				}
			})
		}
		putting.Wait()
		var ids []string
		for _, is := range c.is(t).Channels {
			ids = append(ids, is.ID)
		}
		slices.Sort(ids)
		require.Len(t, slices.Compact(ids), 25)
	})
}

func TestReadingPutsNothingDown(t *testing.T) {
	c := &common{}
	c.put(t, func(s *state) { s.Creating.Owner = "a" })
	before := c.version
	require.Equal(t, "a", c.is(t).Creating.Owner)
	require.Equal(t, before, c.version)
}

func TestWhatAnotherVersionRecordedIsWrittenAnew(t *testing.T) {
	for _, value := range []string{`"text"`, `{`, `{"creating":{"owner":"a"},"signs":7}`} {
		c := &common{value: []byte(value), version: 3}
		require.Empty(t, c.is(t), "nothing is half read")
		c.put(t, func(s *state) { s.Creating.Owner = "b" })
		require.Equal(t, "b", c.is(t).Creating.Owner)
	}
}

func TestAStoreThatHangsIsWaitedForOnlyAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := (&common{hangs: true}).peers("a").read(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, storeTimeout, time.Since(began))
	})
}
