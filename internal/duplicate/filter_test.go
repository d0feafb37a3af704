package duplicate

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

// members say that the process "owner" looks after everything.
type members struct{ changed chan struct{} }

func (m members) Owner(string, string) string { return "owner" }

func (m members) Changed() <-chan struct{} { return m.changed }

// store notes what was heard and says at once that it is stored.
func (f *Filter) store(facts []*conversation.Conversation) {
	var n Noted
	for _, c := range facts {
		n = f.Note(n, c)
	}
	f.Stored(n)
}

// pair is the owner of all conversations and another process, both of which hear
// everything, unless somebody is deaf.
type pair struct {
	t            *testing.T
	owner, other *Filter
	members      members
	lost         bool // announcements do not arrive
	n            int
	deposited    int // copies, for the owner
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, members: members{make(chan struct{})}}
	p.owner, p.other = New("owner", p.members), New("other", p.members)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go p.owner.AnnounceLoop(ctx, func(_ context.Context, message []byte) error {
		p.owner.Hear(message)
		if !p.lost {
			p.other.Hear(message)
		}
		return nil
	})
	return p
}

func (p *pair) next() []*conversation.Conversation {
	p.n++
	now := time.Now()
	return []*conversation.Conversation{conversation.State(&conversation.Conversation{ID: fmt.Sprint("c", p.n), ExternalTag: "x"},
		conversation.Statement{By: conversation.SourceTopic, Seen: now})}
}

// otherHears is a message that only the other process hears. It returns what that
// has to deposit.
func (p *pair) otherHears(facts []*conversation.Conversation) []*conversation.Conversation {
	rest := p.other.Without(p.t.Context(), facts)
	if len(rest) > 0 {
		p.deposited++
	}
	return rest
}

// bothHear is a message that both hear. It returns how long the other one waits.
func (p *pair) bothHear() time.Duration {
	facts := p.next()
	go func() {
		require.Equal(p.t, facts, p.owner.Without(p.t.Context(), facts), "it is the owner's")
		noted := p.owner.Note(nil, facts[0])
		time.Sleep(5 * time.Millisecond) // until it is stored
		p.owner.Stored(noted)
	}()
	began := time.Now()
	if len(p.otherHears(facts)) > 0 {
		time.AfterFunc(10*time.Millisecond, p.owner.Copied)
	}
	defer time.Sleep(100 * time.Millisecond)
	return time.Since(began)
}

func (p *pair) learn() {
	for range 20 {
		p.bothHear()
	}
	p.deposited = 0
}

func TestWhatAllHearIsDepositedNowAndThenOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.learn()
		for range 1000 {
			require.LessOrEqual(t, p.bothHear(), gather+5*time.Millisecond)
		}
		require.InDelta(t, 1000*(100*time.Millisecond+gather)/probeEvery, p.deposited, 15)
		require.Positive(t, p.deposited, "else the owner would not know that somebody waits")
	})
}

func TestNobodyWaitsWhereEachMessageReachesOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		for range 100 {
			began := time.Now()
			require.NotEmpty(t, p.otherHears(p.next()))
			require.Zero(t, time.Since(began))
			p.owner.store(p.next()) // what the owner hears
			time.Sleep(100 * time.Millisecond)
		}
		require.Zero(t, p.other.listened.Load(), "nobody announces")
	})
}

func TestWhatTheOwnerHasReadAtAnotherTimeIsNotWaitedFor(t *testing.T) {
	for name, stored := range map[string]func(now time.Time) *conversation.Conversation{
		"the owner was much faster":                    func(now time.Time) *conversation.Conversation { return tag("x", now.Add(-sameMoment-time.Millisecond)) },
		"the owner has stored what is certainly later": func(now time.Time) *conversation.Conversation { return tag("y", now.Add(sameMoment+time.Millisecond)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.learn()
				now := time.Now()
				p.other.owners["owner"].probe = now.Add(time.Hour)
				time.AfterFunc(5*time.Millisecond, func() { p.owner.store([]*conversation.Conversation{stored(now)}) })
				require.NotEmpty(t, p.otherHears([]*conversation.Conversation{tag("x", now)}))
				require.GreaterOrEqual(t, time.Since(now), 5*time.Millisecond, "it did not wait at all: the test shows nothing")
				require.Less(t, time.Since(now), leastPatience)
			})
		})
	}
}

func TestWhatTheOwnerDoesNotStoreIsDepositedAfterAWhile(t *testing.T) {
	for name, fail := range map[string]func(p *pair){
		"the owner has died, or cannot hear": func(*pair) {},
		"announcements are lost":             func(p *pair) { p.lost = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.learn()
				fail(p)
				waited := 0
				for range 100 {
					facts := p.next()
					if p.lost {
						p.owner.store(facts)
					}
					began := time.Now()
					require.Equal(t, facts, p.otherHears(facts))
					if time.Since(began) > 0 {
						waited++
					}
					require.LessOrEqual(t, time.Since(began), mostPatience)
				}
				require.LessOrEqual(t, waited, most/missed, "it has learned")
			})
		})
	}
}

func TestWaitingEndsWhenItIsOfNoUseAnyMore(t *testing.T) {
	for name, end := range map[string]func(p *pair, cancel func()){
		"the owner may be another one": func(p *pair, _ func()) { close(p.members.changed) },
		"the process stops":            func(p *pair, _ func()) { p.other.Close(); p.other.Close() },
		"the source gives up":          func(_ *pair, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.learn()
				p.bothHear() // may be a probe
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				began, facts := time.Now(), p.next()
				time.AfterFunc(10*time.Millisecond, func() { end(p, cancel) })
				require.Equal(t, facts, p.other.Without(ctx, facts))
				require.LessOrEqual(t, time.Since(began), 10*time.Millisecond)
			})
		})
	}
}

func TestNothingIsKeptOfWhatIsLongOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.learn()
		for range 100 {
			p.owner.store(p.next()) // the other one does not hear it
			p.otherHears(p.next())  // nor the owner this
		}
		time.Sleep(keep)
		p.bothHear()
		p.other.mu.Lock()
		defer p.other.mu.Unlock()
		require.LessOrEqual(t, len(p.other.talks), 1)
		require.LessOrEqual(t, len(p.other.old), 2)
	})
}

func TestAnAnnouncementComesSoonAndNotOftenerThanEveryFewMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New("owner", members{make(chan struct{})})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var after []time.Duration
		began, told := time.Now(), 0
		go f.AnnounceLoop(ctx, func(_ context.Context, message []byte) error {
			_, list := readAnnouncement(message)
			after, told = append(after, time.Since(began)), told+len(list)
			return nil
		})
		f.Copied()
		for i := range 1000 {
			f.store([]*conversation.Conversation{conversation.State(&conversation.Conversation{ID: fmt.Sprint(i)},
				conversation.Statement{By: conversation.SourceTopic, Seen: time.Now()})})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(atLeast)
		synctest.Wait()
		require.Equal(t, 1000, told)
		require.Equal(t, gather, after[0])
		for i, at := range after[1:] {
			require.GreaterOrEqual(t, at-after[i], atLeast)
		}
		require.Len(t, after, int(time.Second/atLeast)+1)
	})
}
