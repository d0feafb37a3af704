package genesystest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Load describes a stream of conversations.
type Load struct {
	// Conversations is how many are played; zero: until it is stopped.
	Conversations int
	// PerSecond is how many begin in a second on average, at random moments;
	// zero: all at once, which Conversations must limit then.
	PerSecond float64
	// Seed chooses the stories, their ids and their moments.
	Seed uint64
	// Speed plays the stories so many times as fast; zero: once.
	Speed float64
	// Longest leaves out scenarios that take longer, before Speed; zero: none.
	Longest time.Duration
	// Users and Queues are how many people and queues take part; zero: 20 and 5.
	Users, Queues int
	// Quality is the share of the conversations with an agent that get a survey
	// and an evaluation.
	Quality float64
	// Scenarios are the stories to choose from; nil: those of [Scenarios].
	Scenarios []Scenario
}

// Loading is a stream of conversations that is being played.
type Loading struct {
	cancel context.CancelFunc
	begun  chan struct{} // closed when no further conversation begins

	mu      sync.Mutex
	playing []*Playing // those that were not over when last looked at
	count   int
}

// Load plays random stories that are made from the scenarios, each with new
// ids, other people, another pace and some attributes. Its people and queues
// are in the directory at once.
func (s *Server) Load(l Load) *Loading {
	ctx, cancel := context.WithCancel(s.ctx)
	loading := &Loading{cancel: cancel, begun: make(chan struct{})}
	c := newCasting(l)
	s.directory.hire(c.users, c.queues)
	if !s.goes(func() {
		defer close(loading.begun)
		defer cancel()
		next := time.Now()
		for n := 0; n < l.Conversations || l.Conversations == 0 && l.PerSecond > 0; n++ {
			if l.PerSecond > 0 {
				next = next.Add(time.Duration(c.rnd.ExpFloat64() / l.PerSecond * float64(time.Second)))
			}
			if wait(ctx, time.Until(next)) != nil {
				return
			}
			p, err := s.play(c.story(), Speed(l.Speed))
			for err != nil { // another load has the same seed
				p, err = s.play(c.story(), Speed(l.Speed))
			}
			loading.add(p)
		}
	}) {
		close(loading.begun)
	}
	return loading
}

func (l *Loading) add(p *Playing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	l.playing = append(l.playing, p)
	if len(l.playing)%1024 == 0 {
		l.forgetOver()
	}
}

// forgetOver needs the lock.
func (l *Loading) forgetOver() {
	kept := l.playing[:0]
	for _, p := range l.playing {
		select {
		case <-p.over:
		default:
			kept = append(kept, p)
		}
	}
	clear(l.playing[len(kept):])
	l.playing = kept
}

// Begun is how many conversations have begun.
func (l *Loading) Begun() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Stop lets no further conversation begin. Those that have begun go on.
func (l *Loading) Stop() {
	l.cancel()
	<-l.begun
}

// Wait waits until all conversations have begun and are over.
func (l *Loading) Wait(ctx context.Context) error {
	select {
	case <-l.begun:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	playing := append([]*Playing{}, l.playing...)
	l.mu.Unlock()
	for _, p := range playing {
		if err := p.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// casting makes random stories.
type casting struct {
	load          Load
	rnd           *rand.Rand
	scenarios     []Scenario
	users, queues []string
}

func newCasting(l Load) *casting {
	c := &casting{load: l, rnd: rand.New(rand.NewPCG(l.Seed, 0x10ad))}
	all := l.Scenarios
	if all == nil {
		all = slices.DeleteFunc(Scenarios(), func(s Scenario) bool { return s.Judged != nil }) // that is Load.Quality's
	}
	for _, s := range all {
		if over := s.Story().lastMoment(); l.Longest <= 0 || over <= l.Longest {
			c.scenarios = append(c.scenarios, s)
		}
	}
	if len(c.scenarios) == 0 {
		c.scenarios = all
	}
	users, queues := l.Users, l.Queues
	if users <= 0 {
		users = 20
	}
	if queues <= 0 {
		queues = 5
	}
	for range users {
		c.users = append(c.users, uuid(c.rnd))
	}
	for range queues {
		c.queues = append(c.queues, uuid(c.rnd))
	}
	return c
}

// story makes the next story.
func (c *casting) story() *Story {
	s := c.scenarios[c.rnd.IntN(len(c.scenarios))].Story().Fresh(c.rnd)
	s.faster(0.6 + c.rnd.Float64())
	if c.rnd.Float64() < c.load.Quality {
		c.judge(s)
	}
	s.recast(c.cast(c.users), c.cast(c.queues))
	if c.rnd.Float64() < 0.5 {
		l := s.Legs[0]
		s.setAttributes(l.Start+time.Second, l.Participant, map[string]string{"simulated": "true", "crm.case": uuid(c.rnd)[:8]})
	}
	return s
}

// judge adds a survey and an evaluation of an agent who was connected.
func (c *casting) judge(s *Story) {
	for _, l := range s.Legs {
		if l.agentSide() && l.Connected != Never && l.End != Never {
			end := s.lastMoment()
			s.Survey(uuid(c.rnd), l.User, l.Queue, end+10*time.Second).Complete(end+time.Minute, float64(60+c.rnd.IntN(41)), c.rnd.IntN(11))
			e := s.Evaluation(uuid(c.rnd), l.User, "evaluator", l.Queue, end+20*time.Second)
			e.Started = end + 40*time.Second
			e.Finish(end+2*time.Minute, float64(50+c.rnd.IntN(51)), 100)
			return
		}
	}
}

// cast gives different parts to different members of the pool, as far as there
// are enough of them.
func (c *casting) cast(pool []string) func(string) string {
	order := c.rnd.Perm(len(pool))
	parts := map[string]string{}
	return func(part string) string {
		if parts[part] == "" {
			parts[part] = pool[order[len(parts)%len(pool)]]
		}
		return parts[part]
	}
}

// lastMoment is when the last thing in the conversation happens or is told.
func (s *Story) lastMoment() time.Duration {
	last := time.Duration(0)
	for _, t := range slices.Concat(s.Moments(), s.detailTimes()) {
		last = max(last, t)
	}
	return last
}
